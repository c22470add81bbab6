/* SPDX-License-Identifier: MIT */
#include "server/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/str.h"
#include "core/wipe.h"

static const char json_content_type[] = "application/json; charset=utf-8";

const char reply_out_of_memory[] =
    "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"Malachite has run out of memory.\"}}";

/* Claims the single reply. A second one is a bug that handlers/arm/dispatch/dispatch.c reports; the first
 * stays. */
static bool begin_reply(struct request *request, int status)
{
    if (request->reply.status != 0) {
        request->reply.repeated = true;
        return false;
    }
    request->reply.status = status;
    return true;
}

static void set_body(struct request *request, const char *content_type, char *body, size_t len)
{
    if (body == NULL) {
        request->reply.status = err_http_status(ERR_INTERNAL);
        request->reply.out_of_memory = true;
        return;
    }
    request->reply.content_type = content_type;
    request->reply.body = body;
    request->reply.body_len = len;
}

void reply_json(struct request *request, int status, json_t *json)
{
    if (begin_reply(request, status)) {
        char *body =
            json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        set_body(request, json_content_type, body, body == NULL ? 0 : strlen(body));
    }
    json_decref(json);
}

void reply_empty(struct request *request, int status)
{
    begin_reply(request, status);
}

void reply_later(struct request *request, int ms)
{
    request->again_ms = clock_monotonic_ms() + ms;
}

void reply_cut(struct request *request, bool reset)
{
    begin_reply(request, 200);
    request->reply.cut = true;
    request->reply.cut_with_reset = reset;
}

void reply_text(struct request *request, int status, const char *content_type, const char *text, size_t len)
{
    if (!begin_reply(request, status)) {
        return;
    }
    char *body = memory_checked(malloc(len + 1));
    if (body != NULL) {
        memcpy(body, text, len);
        body[len] = '\0';
    }
    set_body(request, content_type, body, len);
}

/* An error that nobody has set: a piece of the answer, or the answer itself, could not be allocated. */
static const struct err *known_error(const struct err *err, struct err *no_memory)
{
    if (err->message[0] != '\0') {
        return err;
    }
    err_no_memory(no_memory);
    return no_memory;
}

void reply_error(struct request *request, const struct err *err)
{
    struct err no_memory = {0};
    const struct err *known = known_error(err, &no_memory);
    request->reply.error_code = err_wire_code(known->code);
    json_t *error = json_pack("{s:s, s:s}", "code", err_wire_code(known->code), "message", known->message);
    if (error != NULL && known->target[0] != '\0') {
        json_object_set_new(error, "target", json_string(known->target));
    }
    reply_json(request, err_http_status(known->code),
               error == NULL ? NULL : json_pack("{s:o}", "error", error));
}

void reply_fail(struct request *request, enum err_code code, const char *format, ...)
{
    auto_buf struct buf message = BUF_MAX((size_t)2 * REQUEST_BODY_MAX); /* err_set() truncates it */
    va_list args;
    va_start(args, format);
    buf_vaddf(&message, format, args);
    va_end(args);
    struct err err = {0};
    err_set(&err, code, "%s", buf_text(&message));
    reply_error(request, &err);
}

static bool is_header_value(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7F) {
            return false;
        }
    }
    return true;
}

void reply_header(struct request *request, const char *name, const char *value)
{
    struct reply *reply = &request->reply;
    if (!is_header_value(value) || reply->header_count == REPLY_HEADERS_MAX) {
        log_event(LOG_WARNING, "header omitted from an answer", "header", name, "request",
                  request->request_id, NULL);
        return;
    }
    auto_free char *name_copy = memory_checked(strdup(name));
    auto_free char *value_copy = memory_checked(strdup(value));
    if (name_copy == NULL || value_copy == NULL) {
        reply->out_of_memory = true;
        return;
    }
    reply->headers[reply->header_count++] = (struct reply_header){TAKE(name_copy), TAKE(value_copy)};
}

void reply_warning(struct request *request, const char *text)
{
    auto_free char *value = str_format("299 malachite \"%s\"", text);
    if (value == NULL) {
        request->reply.out_of_memory = true;
        return;
    }
    reply_header(request, "Warning", value);
}

char *reply_absolute_url(const struct request *request, const char *path_and_query)
{
    return str_format("%s://%s%s", request->https ? "https" : "http", request->host, path_and_query);
}

void reply_discard(struct request *request)
{
    struct reply *reply = &request->reply;
    wipe_free(reply->body);
    for (size_t i = 0; i < reply->header_count; i++) {
        free(reply->headers[i].name);
        free(reply->headers[i].value);
    }
    *reply = (struct reply){0};
}

static void add_common(struct reply_common *common, const char *name, const char *value)
{
    common->headers[common->count].name = name;
    common->headers[common->count].value = value;
    common->count++;
}

static bool has_header(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void reply_common_headers(const struct request *request, struct reply_common *ret_common)
{
    ret_common->count = 0;
    time_t seconds = (time_t)(request->started_us / 1000000);
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    char stamp[20] = "";
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
    snprintf(ret_common->routing_id, sizeof(ret_common->routing_id), "MALACHITE:%s:%s", stamp,
             request->request_id);
    add_common(ret_common, "x-ms-request-id", request->request_id);
    add_common(ret_common, "x-ms-correlation-request-id", request->correlation_id);
    add_common(ret_common, "x-ms-routing-request-id", ret_common->routing_id);
    if (request->client_request_id != NULL) {
        add_common(ret_common, "x-ms-client-request-id", request->client_request_id);
    }
    if (!has_header(&request->reply, "Cache-Control")) {
        add_common(ret_common, "Cache-Control", "no-cache");
        add_common(ret_common, "Pragma", "no-cache");
        add_common(ret_common, "Expires", "-1");
    }
    add_common(ret_common, "X-Content-Type-Options", "nosniff");
}
