/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "handlers/arm/accepted_private.h"
#include "handlers/arm/app.h"
#include "server/reply.h"

static struct request *new_request(const char *uri, const char *host)
{
    static struct options options = {.retry_after = 7};
    static struct app app = {.options = &options};
    struct request *request = request_new(&app);
    struct err err = {0};
    assert_int_equal(request_set_uri(request, uri, &err), 0);
    assert_true(request_set_head(request, &(struct request_head){.host = host}, "127.0.0.1:1", true));
    return request;
}

static const char *header_of(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->reply.header_count; i++) {
        if (str_iequals(request->reply.headers[i].name, name)) {
            return request->reply.headers[i].value;
        }
    }
    return NULL;
}

static const char *common_header(const struct request *request, const char *name)
{
    static struct reply_common common;
    reply_common_headers(request, &common);
    for (size_t i = 0; i < common.count; i++) {
        if (str_iequals(common.headers[i].name, name)) {
            return common.headers[i].value;
        }
    }
    return NULL;
}

static void errors_have_the_envelope_and_status_of_their_code(void **state)
{
    (void)state;
    struct request *request = new_request("/", "h");
    struct err err = {0};
    err_set(&err, ERR_MIGRATION_EXISTS, "say \"%s\"", "no");
    err_target(&err, "properties.x");
    reply_error(request, &err);
    assert_int_equal(request->reply.status, 409);
    assert_string_equal(request->reply.body, "{\"error\":{\"code\":\"MigrationAlreadyExists\",\"message\":"
                                             "\"say \\\"no\\\"\",\"target\":\"properties.x\"}}");
    request_free(request);
    request = new_request("/", "h");
    reply_fail(request, ERR_NOT_FOUND, "no %d", 5);
    assert_string_equal(request->reply.body, "{\"error\":{\"code\":\"NotFound\",\"message\":\"no 5\"}}");
    request_free(request);
}

static void the_first_of_two_answers_stays_and_is_noted(void **state)
{
    (void)state;
    struct request *request = new_request("/", "h");
    reply_json(request, 201, json_string("first"));
    reply_fail(request, ERR_CONFLICT, "second");
    assert_int_equal(request->reply.status, 201);
    assert_string_equal(request->reply.body, "\"first\"");
    assert_true(request->reply.repeated);
    reply_discard(request);
    assert_int_equal(request->reply.status, 0);
    request_free(request);
}

static void no_json_means_out_of_memory(void **state)
{
    (void)state;
    struct request *request = new_request("/", "h");
    reply_json(request, 200, NULL);
    assert_int_equal(request->reply.status, 500);
    assert_true(request->reply.out_of_memory);
    request_free(request);
}

static void accepted_operations_tell_where_to_ask(void **state)
{
    (void)state;
    struct request *request = new_request("/x?api-version=2024-08-01", "example.test:8443");
    reply_accepted(request, "sub", "Canada Central", "op", "CreateServer", 0);
    assert_int_equal(request->reply.status, 202);
    assert_string_equal(header_of(request, "Retry-After"), "7");
    assert_string_equal(
        header_of(request, "Azure-AsyncOperation"),
        "https://example.test:8443/subscriptions/sub/providers/Microsoft.DBforPostgreSQL/locations/"
        "Canada%20Central/azureAsyncOperation/op?api-version=2024-08-01");
    assert_string_equal(
        header_of(request, "Location"),
        "https://example.test:8443/subscriptions/sub/providers/Microsoft.DBforPostgreSQL/locations/"
        "Canada%20Central/operationResults/op?api-version=2024-08-01");
    assert_string_equal(request->reply.body,
                        "{\"operation\":\"CreateServer\",\"startTime\":\"1970-01-01T00:00:00.0000000Z\"}");
    request_free(request);
}

static void operations_of_resource_manager_have_only_a_location(void **state)
{
    (void)state;
    struct request *request = new_request("/x?api-version=2021-04-01", "h");
    reply_accepted(request, "sub", NULL, "op", "DeleteGroup", 0);
    assert_int_equal(request->reply.status, 202);
    assert_string_equal(header_of(request, "Location"),
                        "https://h/subscriptions/sub/operationresults/op?api-version=2021-04-01");
    assert_null(header_of(request, "Azure-AsyncOperation"));
    assert_null(request->reply.body);
    request_free(request);
}

static void header_values_cannot_start_a_new_line(void **state)
{
    (void)state;
    struct request *request = new_request("/", "h");
    reply_header(request, "X-Bad", "a\r\nX-Evil: 1");
    reply_header(request, "X-Good", "a b");
    assert_null(header_of(request, "X-Bad"));
    assert_string_equal(header_of(request, "X-Good"), "a b");
    request_free(request);
}

static void every_answer_has_the_ids(void **state)
{
    (void)state;
    struct request *request = new_request("/", "management.azure.com");
    request->started_us = INT64_C(1791394642000000);
    assert_string_equal(common_header(request, "x-ms-request-id"), request->request_id);
    assert_string_equal(common_header(request, "x-ms-correlation-request-id"), request->request_id);
    assert_non_null(strstr(common_header(request, "x-ms-routing-request-id"), "MALACHITE:20261007T173722Z:"));
    assert_null(common_header(request, "x-ms-client-request-id"));
    assert_string_equal(common_header(request, "Expires"), "-1");
    assert_null(common_header(request, "Strict-Transport-Security"));
    request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_the_envelope_and_status_of_their_code),
        cmocka_unit_test(the_first_of_two_answers_stays_and_is_noted),
        cmocka_unit_test(no_json_means_out_of_memory),
        cmocka_unit_test(accepted_operations_tell_where_to_ask),
        cmocka_unit_test(operations_of_resource_manager_have_only_a_location),
        cmocka_unit_test(header_values_cannot_start_a_new_line),
        cmocka_unit_test(every_answer_has_the_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
