/* SPDX-License-Identifier: MIT */
#include "server/request.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/parse/json_memory.h"
#include "core/points/points.h"
#include "core/str.h"
#include "core/wipe.h"
#include "server/reply.h"
#include "server/route.h"

static const char *const method_names[] = {
    [METHOD_GET] = "GET",         [METHOD_HEAD] = "HEAD",   [METHOD_PUT] = "PUT",
    [METHOD_POST] = "POST",       [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE",
    [METHOD_OPTIONS] = "OPTIONS", [METHOD_OTHER] = "OTHER",
};

enum method method_from_name(const char *name)
{
    for (size_t i = 0; i < METHOD_OTHER; i++) {
        if (strcmp(method_names[i], name) == 0) {
            return (enum method)i;
        }
    }
    return METHOD_OTHER;
}

void request_set_method(struct request *request, const char *name)
{
    request->method = method_from_name(name);
    snprintf(request->method_text, sizeof(request->method_text), "%s", name);
    for (char *at = request->method_text; *at != '\0'; at++) {
        *at = isgraph((unsigned char)*at) ? *at : '?';
    }
}

const char *method_name(enum method method)
{
    return method_names[method];
}

bool request_keep_waiting(struct request *request, int64_t timeout_ms)
{
    if (request->wait_until_ms == 0) {
        request->wait_until_ms = clock_monotonic_ms() + timeout_ms;
    }
    request->waits = !request->wait_is_over && clock_ms_left(request->wait_until_ms) > 0;
    return request->waits;
}

void request_init(struct request *request, struct app *app)
{
    *request = (struct request){
        .magic = REQUEST_MAGIC, .app = app, .started_us = clock_now_us(), .arrived_us = clock_steady_us()};
    buf_init(&request->raw_body, REQUEST_BODY_MAX);
    id_new(request->request_id);
    memcpy(request->correlation_id, request->request_id, ID_TEXT_SIZE);
}

void request_done(struct request *request)
{
    wipe_free(request->raw_uri);
    free(request->host);
    wipe_free(request->authorization);
    json_decref(request->claims);
    free(request->content_type);
    free(request->if_match);
    free(request->if_none_match);
    free(request->last_event_id);
    if (request->stream != NULL) {
        request->stream_discard(request->stream);
    }
    free(request->client_request_id);
    free(request->path_text);
    wipe_free(request->query_text);
    free(request->form);
    wipe_free(request->form_text);
    buf_done(&request->raw_body);
    json_decref(request->body);
    json_decref(request->notes);
    if (request->visit.effect != NULL) {
        point_leave(request->visit.effect);
        free(request->visit.effect);
    }
    wipe_free(request->reply.body);
    for (size_t i = 0; i < request->reply.header_count; i++) {
        free(request->reply.headers[i].name);
        free(request->reply.headers[i].value);
    }
    request->magic = 0;
}

struct request *request_new(struct app *app)
{
    struct request *request = memory_checked(malloc(sizeof(*request)));
    if (request != NULL) {
        request_init(request, app);
    }
    return request;
}

void request_free(struct request *request)
{
    if (request != NULL) {
        request_done(request);
        free(request);
    }
}

const char *request_param(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, name) == 0) {
            return request->params[i].value;
        }
    }
    return NULL;
}

const char *request_query(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++) {
        if (strcasecmp(request->query[i].name, name) == 0) {
            return request->query[i].value;
        }
    }
    return NULL;
}

const char *request_form(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->form_count; i++) {
        if (strcmp(request->form[i].name, name) == 0) {
            return request->form[i].value[0] == '\0' ? NULL : request->form[i].value;
        }
    }
    return NULL;
}

/* Windows tools put a byte order mark before their JSON. */
static const char *skip_byte_order_mark(const char *text, size_t *len)
{
    if (*len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        *len -= 3;
        return text + 3;
    }
    return text;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0') {
            return false;
        }
    }
    return true;
}

/* The parser quotes the text it rejects, which may be a password: report only the position. */
static void answer_bad_json(struct request *request, json_error_t *error)
{
    char *near = strstr(error->text, " near '");
    if (near != NULL) {
        *near = '\0';
    }
    reply_fail(request, ERR_BAD_CONTENT,
               "The request content was invalid and could not be deserialized: '%s, line %d, position %d'.",
               error->text, error->line, error->column);
}

void request_note(struct request *request, const char *path, const char *belongs)
{
    if (request->notes == NULL) {
        request->notes = json_array();
    }
    if (json_array_size(request->notes) < REQUEST_NOTES_MAX) {
        json_array_append_new(request->notes,
                              json_pack("{s:s, s:s, s:s*}", "path", path, "reason",
                                        belongs == NULL ? "unknown" : "misplaced", "belongs", belongs));
    }
}

json_t *request_body(struct request *request)
{
    if (request->body != NULL) {
        return request->body;
    }
    size_t len = request->raw_body.len;
    const char *text = skip_byte_order_mark(buf_text(&request->raw_body), &len);
    bool optional = request->route != NULL && (request->route->flags & ROUTE_BODY_OPTIONAL) != 0;
    if (is_blank(text, len)) {
        if (!optional) {
            reply_fail(request, ERR_BAD_CONTENT,
                       "The request content was invalid and could not be deserialized: 'a JSON object is "
                       "required'.");
            return NULL;
        }
        request->body = json_object();
        if (request->body == NULL) {
            reply_json(request, 500, NULL);
        }
        return request->body;
    }
    if (json_memory_of_text(text, len) > REQUEST_TREE_MAX) {
        reply_fail(
            request, ERR_TOO_LARGE,
            "The request content has too many values: they may take %d MB of memory. Split the request.",
            REQUEST_TREE_MAX / 1024 / 1024);
        return NULL;
    }
    json_error_t error;
    json_t *body = memory_parse_json(text, len, JSON_DECODE_ANY, &error);
    if (body == NULL) {
        answer_bad_json(request, &error);
        return NULL;
    }
    if (!json_is_object(body)) {
        json_decref(body);
        reply_fail(
            request, ERR_BAD_CONTENT,
            "The request content was invalid and could not be deserialized: 'a JSON object is expected'.");
        return NULL;
    }
    request->body = body;
    return body;
}
