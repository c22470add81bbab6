/* SPDX-License-Identifier: MIT */
#include "handlers/arm/page.h"

#include <ctype.h>
#include <string.h>

#include "core/buf.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/app.h"
#include "server/reply.h"
#include "server/route.h"

enum { PAGE_MOST = 1000, FIRST_MOST = 1000000000 };
static const char token_prefix[] = "p1-";

static int read_token(const char *token, struct err *err, int64_t *ret_first)
{
    if (!str_istarts(token, token_prefix) ||
        !str_to_int(token + strlen(token_prefix), 0, FIRST_MOST, ret_first)) {
        err_set(err, ERR_BAD_PARAMETER, "The $skipToken is not valid. Start again from the first page.");
        return err_target(err, "$skipToken");
    }
    return 0;
}

/* Clients of single servers follow no nextLink: their lists come whole. */
static int64_t usual_size(const struct request *request)
{
    static const char single[] = POSTGRESQL_NAMESPACE "/servers";
    const char *type = request->route == NULL ? NULL : request->route->resource_type;
    bool whole = type != NULL && str_istarts(type, single) && strchr("/", type[strlen(single)]) != NULL;
    return whole ? FIRST_MOST : PAGE_MOST;
}

int page_read(const struct request *request, struct err *err, struct page *ret_page)
{
    struct page page = {.size = usual_size(request)};
    const char *top = request_query(request, "$top");
    const char *token = request_query(request, "$skipToken");
    if (top != NULL && !str_to_int(top, 0, INT64_MAX, &page.size)) {
        err_set(err, ERR_BAD_PARAMETER, "The query parameter $top is '%.40s'; it must be a number.", top);
        return err_target(err, "$top");
    }
    if (top != NULL && page.size > PAGE_MOST) {
        page.size = PAGE_MOST;
    }
    if (token != NULL && read_token(token, err, &page.first) < 0) {
        return -1;
    }
    *ret_page = page;
    return 0;
}

bool page_takes(struct page *page)
{
    int64_t number = page->offered++;
    return number >= page->first && number - page->first < page->size;
}

/* As a value of a query. */
static void add_encoded(struct buf *url, const char *text)
{
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL) {
            buf_addc(url, *text);
        } else {
            buf_addf(url, "%%%02X", (unsigned char)*text);
        }
    }
}

/* The same request with another $skipToken. NULL when memory is out. */
static char *next_link(const struct request *request, const struct page *page)
{
    auto_buf struct buf url = BUF_MAX(REQUEST_URI_MAX * 4);
    const char *uri = request->raw_uri;
    buf_add(&url, uri, strcspn(uri, "?"));
    buf_addc(&url, '?');
    for (size_t i = 0; i < request->query_count; i++) {
        const struct request_pair *pair = &request->query[i];
        if (!str_iequals(pair->name, "$skipToken")) {
            add_encoded(&url, pair->name);
            buf_addc(&url, '=');
            add_encoded(&url, pair->value);
            buf_addc(&url, '&');
        }
    }
    const long long next = page->first + page->size;
    buf_addf(&url, "%%24skipToken=%s%lld", token_prefix, next);
    return buf_failed(&url) ? NULL : reply_absolute_url(request, buf_text(&url));
}

/* A caller with a role on a part of what is listed sees that part, and pages with fewer items. */
static void keep_visible(struct request *request, json_t *value)
{
    if (request->app == NULL || request->app->authorize_item == NULL) {
        return;
    }
    for (size_t i = json_array_size(value); i-- > 0;) {
        const char *id = json_string_value(json_object_get(json_array_get(value, i), "id"));
        if (id != NULL && id[0] == '/' && !request->app->authorize_item(request, id)) {
            json_array_remove(value, i);
        }
    }
}

/* NULL when memory is out. */
static json_t *write_page(struct request *request, const struct page *page, json_t *value)
{
    keep_visible(request, value);
    json_t *body = json_pack("{s:o}", "value", value);
    if (page->size > 0 && page->offered > page->first + page->size) {
        auto_free char *link = next_link(request, page);
        if (link == NULL || json_set_text(body, "nextLink", link) < 0) {
            json_decref(body);
            return NULL;
        }
    }
    return body;
}

/* The page of a list whose items are all in value; takes the reference. NULL: an error was replied. */
static json_t *cut_page(struct request *request, json_t *value)
{
    struct err err = {0};
    struct page page = {0};
    if (value == NULL || page_read(request, &err, &page) < 0) {
        if (value == NULL) {
            err_no_memory(&err);
        }
        json_decref(value);
        reply_error(request, &err);
        return NULL;
    }
    json_t *taken = json_array();
    size_t index;
    json_t *item;
    json_array_foreach (value, index, item) {
        if (page_takes(&page)) {
            json_array_append(taken, item);
        }
    }
    json_decref(value);
    json_t *body = write_page(request, &page, taken);
    if (body == NULL) {
        reply_json(request, 200, NULL);
    }
    return body;
}

void page_reply_whole(struct request *request, json_t *value)
{
    json_t *body = cut_page(request, value);
    if (body != NULL) {
        reply_json(request, 200, body);
    }
}

void page_reply_counted(struct request *request, json_t *value)
{
    json_int_t count = (json_int_t)json_array_size(value);
    json_t *body = cut_page(request, value);
    if (body != NULL) {
        json_object_set_new(body, "count", json_pack("{s:s, s:I}", "type", "Total", "value", count));
        reply_json(request, 200, body);
    }
}

void page_reply(struct request *request, const struct page *page, json_t *value)
{
    reply_json(request, 200, write_page(request, page, value));
}
