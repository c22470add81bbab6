/* SPDX-License-Identifier: MIT */
#include "handlers/arm/http/origin.h"

#include <string.h>
#include <strings.h>

#include "core/attr.h"
#include "core/str.h"
#include "server/route.h"

/* A web page can make a browser send some requests to any address, including this one. It must not change
 * anything here, nor occupy what is limited: long polls, streams, and sessions of PostgreSQL servers.
 * Malachite's own portal has the same origin; other clients do not send the header. */
int origin_check_site(const struct request *request, struct err *err)
{
    bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
    bool occupies = (request->route->flags & (ROUTE_WAITS | ROUTE_STREAM | ROUTE_SLOW)) != 0;
    if (!request->from_other_site || (reads && !occupies)) {
        return 0;
    }
    return err_set(err, ERR_OTHER_SITE, "Cross-site browser requests are not allowed to %s.",
                   reads ? "wait or to ask servers" : "make changes");
}

/* "application/json; charset=utf-8", "application/merge-patch+json", "text/json" */
static bool is_json_type(const char *type)
{
    size_t len = strcspn(type, "; \t");
    static const char *const known[] = {"application/json", "text/json"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strlen(known[i]) == len && strncasecmp(type, known[i], len) == 0) {
            return true;
        }
    }
    static const char suffix[] = "+json";
    size_t suffix_len = sizeof(suffix) - 1;
    return len > suffix_len && strncasecmp(type + len - suffix_len, suffix, suffix_len) == 0;
}

/* Browsers send forms, plain text and bodies without a type to any site without a preflight. Other
 * programs that omit the type mean JSON. */
int origin_check_media_type(const struct request *request, struct err *err)
{
    const char *type = request->content_type;
    bool is_form = (request->route->flags & ROUTE_FORM) != 0;
    bool given = type != NULL && type[0] != '\0';
    if (request->raw_body.len == 0 || is_form || request->method == METHOD_GET ||
        request->method == METHOD_HEAD || (given ? is_json_type(type) : !request->from_browser)) {
        return 0;
    }
    return err_set(err, ERR_MEDIA_TYPE,
                   "The content media type '%.100s' is not supported. Only 'application/json' is supported: "
                   "send the header 'Content-Type: application/json'.",
                   given ? type : "<null>");
}
