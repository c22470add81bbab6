/* SPDX-License-Identifier: MIT */
/* `malachite request`: sends the requests of a JSON file, one after the other, as the init folder of the
 * image does. */
#include <stdio.h>

#include "client/client.h"
#include "client/existing_server_private.h"
#include "client/options_private.h"

/* {"method": "PUT", "path": "/subscriptions/...?api-version=...", "body": {...}}. Waits for what it starts.
 */
static int send_one(struct rest *rest, json_t *request, struct err *err)
{
    json_auto_t *answer = NULL;
    const char *path = json_string_value(json_object_get(request, "path"));
    const char *method = json_string_value(json_object_get(request, "method"));
    method = method == NULL ? "PUT" : method;
    if (path == NULL || path[0] != '/') {
        return err_set(err, ERR_BAD_INPUT, "a request needs a \"path\" that begins with '/'");
    }
    if (rest_call(rest, method, path, json_object_get(request, "body"), err, &answer) < 0 ||
        rest_wait(rest, err) < 0) {
        return err_prefix(err, "%s %.200s: ", method, path);
    }
    fprintf(stderr, "%s %s: %ld\n", method, path, rest_status(rest));
    return 0;
}

static int send_all(struct rest *rest, const char *file, struct err *err)
{
    json_error_t error;
    json_auto_t *requests = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    json_t *request = NULL;
    size_t i = 0;
    if (json_is_object(requests)) {
        return send_one(rest, requests, err);
    }
    if (!json_is_array(requests)) {
        return err_set(err, ERR_BAD_INPUT, "%s is not a JSON list of requests: line %d: %s", file, error.line,
                       requests == NULL ? error.text : "neither a list nor an object");
    }
    json_array_foreach (requests, i, request) {
        if (send_one(rest, request, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int client_request(int argc, char **argv)
{
    auto_client_options struct client_options options = {0};
    struct err err = {0};
    struct rest *rest = NULL;
    if (argc == 0 || argv[0][0] == '-') {
        fputs("malachite: no file given: malachite request FILE, with a JSON list of requests\n", stderr);
        return CLIENT_USAGE;
    }
    if (client_options_parse(&options, argc - 1, argv + 1, &err) < 0) {
        fprintf(stderr, "malachite: %s\n", err.message);
        return CLIENT_USAGE;
    }
    int result = existing_server_open(&options, &err, &rest) < 0 ? -1 : send_all(rest, argv[0], &err);
    rest_close(rest);
    if (result < 0) {
        fprintf(stderr, "malachite: %s\n", err.message);
        return err.code == ERR_UNAVAILABLE ? CLIENT_UNAVAILABLE : CLIENT_NOT_SUCCEEDED;
    }
    return CLIENT_SUCCEEDED;
}
