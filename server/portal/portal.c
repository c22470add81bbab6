/* SPDX-License-Identifier: MIT */
/* Files of the portal never change under their name, so browsers cache them; browsers revalidate the page
 * itself. */
#include "server/portal/portal.h"

#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "server/reply.h"

static const char policy[] =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

static const char absent_page[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Malachite</title>\n"
    "<h1>Malachite is running</h1>\n"
    "<p>This program was built without its web portal. The reason is in <code>build/portal/missing</code> in "
    "Malachite's source tree.</p>\n"
    "<p>To get the portal, run <code>scripts/setup.sh portal</code> and <code>make</code> there, then "
    "restart "
    "<code>malachite serve</code>.</p>\n"
    "<p>Everything else works: the REST calls are listed at "
    "<a href=\"/_malachite/routes\">/_malachite/routes</a> and described at "
    "<a href=\"/_malachite/openapi\">/_malachite/openapi</a>.</p>\n</html>\n";

/* No Cross-Origin-Opener-Policy: it makes browsers start another process before the first page, which
 * doubles the time to the first paint. A page of another origin that opens the portal sees nothing of it. */
static void add_safety(struct request *request)
{
    reply_header(request, "Content-Security-Policy", policy);
    reply_header(request, "Referrer-Policy", "no-referrer");
    reply_header(request, "X-Frame-Options", "DENY");
}

static enum portal_coding choose_coding(const struct request *request)
{
    return request->takes_brotli ? PORTAL_BROTLI : request->takes_gzip ? PORTAL_GZIP : PORTAL_PLAIN;
}

/* The tag is in the list, possibly with W/ before it, or the list is "*". */
static bool client_has(const struct request *request, const char *tag)
{
    const char *known = request->if_none_match;
    return known != NULL && (str_equals(known, "*") || strstr(known, tag) != NULL);
}

static void send_file(struct request *request, int status, const struct portal_file *file,
                      const char *caching)
{
    static const char *const names[] = {
        [PORTAL_PLAIN] = "plain", [PORTAL_GZIP] = "gzip", [PORTAL_BROTLI] = "br"};
    enum portal_coding coding = choose_coding(request);
    auto_free char *tag = str_format("\"%s-%s\"", file->hash, names[coding]);
    add_safety(request);
    reply_header(request, "Cache-Control", caching);
    reply_header(request, "Vary", "Accept-Encoding");
    if (tag != NULL && status == 200) {
        reply_header(request, "ETag", tag);
    }
    if (tag != NULL && status == 200 && client_has(request, tag)) {
        reply_empty(request, 304);
        return;
    }
    if (coding != PORTAL_PLAIN) {
        reply_header(request, "Content-Encoding", names[coding]);
    }
    reply_text(request, status, file->content_type, file->bodies[coding].data, file->bodies[coding].len);
}

/* Whether the portal has a page there, by the first part of the path below /portal and the number of parts
 * (portal/src/app.jsx). Otherwise the portal itself says that there is none. */
static bool is_page(const struct request *request)
{
    static const struct {
        const char *first;
        size_t least;
        size_t most;
    } pages[] = {
        {"subscription", 1, 2},  {"test-bench", 1, 2}, {"api", 1, 1},
        {"create-server", 1, 1}, {"flexible", 3, 5},   {"single", 3, 4},
    };
    size_t parts = request->segment_count > 0 ? request->segment_count - 1 : 0;
    for (size_t i = 0; i < ARRAY_LEN(pages) && parts > 0; i++) {
        if (str_equals(request->segments[1], pages[i].first)) {
            return parts >= pages[i].least && parts <= pages[i].most;
        }
    }
    return parts == 0;
}

void portal_page(struct request *request)
{
    if (portal_file_count == 0) {
        add_safety(request);
        reply_text(request, 200, "text/html; charset=utf-8", absent_page, strlen(absent_page));
        return;
    }
    send_file(request, is_page(request) ? 200 : 404, &portal_files[0], "no-cache");
}

void portal_asset(struct request *request)
{
    const char *name = request_param(request, "asset");
    for (size_t i = 1; i < portal_file_count; i++) {
        if (str_equals(portal_files[i].name, name)) {
            send_file(request, 200, &portal_files[i], "public, max-age=31536000, immutable");
            return;
        }
    }
    reply_fail(request, ERR_NOT_FOUND, "There is nothing at this path.");
}
