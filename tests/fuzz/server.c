/* SPDX-License-Identifier: MIT */
/* The body of a PUT of a server, for both kinds. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_mutator.h"

#include <stdlib.h>

#include "handlers/servers/server_read_private.h"

static void read_as(enum server_kind kind, json_t *body)
{
    auto_server_request struct server_request request = {0};
    struct err err = {0};
    int result = server_request_read(kind, body, &err, &request);
    fuzz_check(result, &err);
    if (result == 0) {
        fuzz_check(server_request_check_new(&request, &err), &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *body = json_loadb((const char *)data, size, 0, NULL);
    if (!json_is_object(body)) {
        return 0;
    }
    fuzz_begin();
    read_as(SERVER_FLEXIBLE, body);
    read_as(SERVER_SINGLE, body);
    fuzz_end();
    return 0;
}
