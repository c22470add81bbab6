/* SPDX-License-Identifier: MIT */
#include "handlers/deployments/inner_request_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/memory.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/arm/dispatch/dispatch.h"
#include "server/request_log.h"

void inner_answer_done(struct inner_answer *answer)
{
    json_decref(answer->body);
    free(answer->poll);
    *answer = (struct inner_answer){0};
}

/* "http://host/path?query" -> "/path?query" */
static char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');
    return path == NULL ? NULL : str_dup(path);
}

static void read_answer(const struct request *request, struct inner_answer *ret_answer)
{
    const struct reply *reply = &request->reply;
    ret_answer->status = reply->status;
    ret_answer->body =
        reply->body == NULL ? NULL : memory_parse_json(reply->body, reply->body_len, JSON_DECODE_ANY, NULL);
    for (size_t i = 0; i < reply->header_count; i++) {
        if (str_iequals(reply->headers[i].name, "Azure-AsyncOperation")) {
            free(ret_answer->poll);
            ret_answer->poll = path_of(reply->headers[i].value);
        }
    }
}

void inner_request_send(const struct inner_client *client, enum method method, const char *uri, json_t *body,
                        struct inner_answer *ret_answer)
{
    struct err err = {0};
    struct request *request = request_new(client->app);
    ret_answer->status = 500;
    if (request == NULL) {
        return;
    }
    request->method = method;
    request->nesting = client->nesting;
    request->https = client->https;
    request->host = str_dup(client->host);
    request->authorization = str_dup(client->authorization);
    snprintf(request->correlation_id, sizeof(request->correlation_id), "%s", client->correlation_id);
    auto_free char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    buf_adds(&request->raw_body, text == NULL ? "" : text);
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
    }
    if (request->host != NULL && request_set_uri(request, uri, &err) == 0) {
        if (dispatch_prepare(request)) {
            dispatch_run(request);
        }
        read_answer(request, ret_answer);
        if (method != METHOD_GET) {
            request_log_add(client->app->request_log, request, true);
        }
    }
    request_free(request);
}

char *inner_request_uri(const char *id, const char *api_version)
{
    auto_buf struct buf uri = BUF_MAX(REQUEST_URI_MAX);
    buf_add_encoded(&uri, id, "/");
    buf_adds(&uri, "?api-version=");
    buf_add_encoded(&uri, api_version, "");
    return buf_failed(&uri) ? NULL : buf_take(&uri);
}

json_t *inner_request_get(const struct inner_client *client, const char *id, const char *api_version)
{
    auto_inner_answer struct inner_answer answer = {0};
    auto_free char *uri = inner_request_uri(id, api_version);
    if (uri != NULL) {
        inner_request_send(client, METHOD_GET, uri, NULL, &answer);
    }
    return answer.status == 200 ? json_incref(answer.body) : NULL;
}

json_t *inner_request_list(const struct inner_client *client, const char *id, const char *api_version)
{
    auto_free char *uri = inner_request_uri(id, api_version);
    json_auto_t *all = json_array();
    while (uri != NULL) {
        auto_inner_answer struct inner_answer answer = {0};
        auto_free char *current = TAKE(uri);
        inner_request_send(client, METHOD_GET, current, NULL, &answer);
        json_t *value = answer.status == 200 ? json_object_get(answer.body, "value") : NULL;
        if (value == NULL || json_array_extend(all, value) < 0) {
            return NULL;
        }
        const char *next = json_string_value(json_object_get(answer.body, "nextLink"));
        uri = next == NULL ? NULL : path_of(next);
    }
    return TAKE(all);
}
