/* SPDX-License-Identifier: MIT */
/*
 * A whole request, "METHOD URI
 * body", through the real routes, checks and handlers and a real store. The executor exists but does not
 * run, and no server is reachable. Deployments are parsed, validated and predicted, not executed.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_mutator.h"
#include "tests/fuzz/request_world.h"

#include "server/reply.h"

enum { INPUTS_PER_STORE = 2000 };

static void prepare(void)
{
    static int inputs;
    if (inputs == 0) {
        world_begin();
        atexit(world_end);
    }
    if (inputs++ % INPUTS_PER_STORE == 0) {
        world_open_store();
    }
}

static bool is_json(const struct reply *reply)
{
    return reply->content_type != NULL && strstr(reply->content_type, "json") != NULL;
}

static void check_answer(const struct request *request)
{
    const struct reply *reply = &request->reply;
    fuzz_require(reply->status >= 200 && (reply->status < 500 || reply->status == 501),
                 "the status is not a 5xx");
    fuzz_require(!reply->repeated && !reply->out_of_memory, "a request is answered once");
    if (reply->body == NULL || reply->body_len == 0 || !is_json(reply)) {
        return;
    }
    json_auto_t *body = json_loadb(reply->body, reply->body_len, JSON_DECODE_ANY, NULL);
    fuzz_require(body != NULL, "a JSON answer is JSON");
    json_t *error = json_object_get(body, "error");
    if (reply->status >= 400 && json_is_object(error)) {
        const char *message = json_string_value(json_object_get(error, "message"));
        fuzz_require(message != NULL && message[0] != '\0', "an error says why");
    }
}

static void send_request(const char *method, const char *uri, const char *body)
{
    struct err err = {0};
    struct request *request = request_new(&app);
    fuzz_require(request != NULL, "memory for a request");
    request->method = method_from_name(method);
    request->host = str_dup("localhost:8080");
    buf_adds(&request->raw_body, body);
    if (request_set_uri(request, uri, &err) < 0) {
        reply_error(request, &err);
    } else if (dispatch_prepare(request)) {
        if (str_equals(request->route->operation_id, "Deployments_CreateOrUpdate")) {
            request_free(request);
            return;
        }
        dispatch_run(request);
    }
    check_answer(request);
    request_log_add(app.request_log, request, true);
    request_free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    auto_free char *line = fuzz_text(data, size);
    const char *body = fuzz_cut_line(line);
    char *uri = strchr(line, ' ');
    if (uri == NULL) {
        return 0;
    }
    *uri = '\0';
    fuzz_begin();
    send_request(line, uri + 1, body);
    fuzz_require(!store_in_transaction(app.store), "a handler ends its transaction");
    fuzz_end();
    return 0;
}
