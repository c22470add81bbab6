/* SPDX-License-Identifier: MIT */
/* A request's URI, matched against the real routes, and a form: "URI\nform". */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "server/route.h"

static struct route_table *table_of_routes(void)
{
    static struct route_table *table;
    struct err err = {0};
    if (table == NULL) {
        fuzz_check(route_table_new(routes, route_count, &err, &table), &err);
    }
    return table;
}

static void match(struct request *request, const char *uri)
{
    struct err err = {0};
    int result = request_set_uri(request, uri, &err);
    fuzz_check(result, &err);
    if (result < 0) {
        return;
    }
    for (size_t i = 0; i < request->segment_count; i++) {
        json_auto_t *text = json_string(request->segments[i]);
        fuzz_require(text != NULL, "a segment is UTF-8");
        fuzz_require(strchr(request->segments[i], '/') == NULL, "a segment has no slash");
    }
    char allow[ROUTE_ALLOW_SIZE] = "";
    fuzz_check(route_match(table_of_routes(), request, allow, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct route_table *table = table_of_routes();
    fuzz_require(table != NULL, "the routes fit together");
    auto_free char *uri = fuzz_text(data, size);
    const char *form = fuzz_cut_line(uri);
    fuzz_begin();
    struct request *request = request_new(NULL);
    fuzz_require(request != NULL, "memory for a request");
    request->method = METHOD_GET;
    match(request, uri);
    struct err err = {0};
    buf_adds(&request->raw_body, form);
    fuzz_check(request_parse_form(request, &err), &err);
    request_free(request);
    fuzz_end();
    return 0;
}
