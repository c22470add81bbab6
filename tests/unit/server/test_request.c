/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/attr.h"
#include "server/request.h"
#include "server/route.h"

static void query_is_decoded_and_the_first_of_a_name_counts(void **state)
{
    (void)state;
    struct request *request = request_new(NULL);
    struct err err = {0};
    assert_int_equal(request_set_uri(request, "/x?API-Version=2024-08-01&a=1%2B+b%2Fc&a=2&flag&&e=", &err),
                     0);
    assert_string_equal(request->api_version, "2024-08-01");
    assert_string_equal(request_query(request, "A"), "1+ b/c");
    assert_string_equal(request_query(request, "flag"), "");
    assert_string_equal(request_query(request, "e"), "");
    assert_null(request_query(request, "none"));
    request_free(request);
}

static void an_empty_api_version_is_none(void **state)
{
    (void)state;
    struct request *request = request_new(NULL);
    struct err err = {0};
    assert_int_equal(request_set_uri(request, "/x?api-version=", &err), 0);
    assert_null(request->api_version);
    request_free(request);
}

static void broken_or_huge_uris_are_refused(void **state)
{
    (void)state;
    struct err err = {0};
    static const char *const bad[] = {"/x?a=%", "/x?%00=1", "/x?a=%C3"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct request *request = request_new(NULL);
        assert_int_equal(request_set_uri(request, bad[i], &err), -1);
        assert_int_equal(err.code, ERR_BAD_REQUEST);
        request_free(request);
    }
    static char uri[REQUEST_URI_MAX + 2];
    memset(uri, 'a', sizeof(uri) - 1);
    uri[0] = '/';
    struct request *request = request_new(NULL);
    assert_int_equal(request_set_uri(request, uri, &err), -1);
    assert_int_equal(err.code, ERR_URI_TOO_LONG);
    request_free(request);
}

static void expect_host(const struct request_head *head, bool https, const char *host, bool is_https)
{
    struct request *request = request_new(NULL);
    assert_true(request_set_head(request, head, "127.0.0.1:8080", https));
    assert_string_equal(request->host, host);
    assert_int_equal(request->https, is_https);
    request_free(request);
}

static void host_is_the_one_the_client_used(void **state)
{
    (void)state;
    expect_host(&(struct request_head){.host = "example.test:99"}, false, "example.test:99", false);
    expect_host(&(struct request_head){.host = "[::1]:8080"}, true, "[::1]:8080", true);
    expect_host(
        &(struct request_head){.host = "a", .forwarded_host = "b:1, c", .forwarded_proto = "HTTPS, http"},
        false, "b:1", true);
    expect_host(&(struct request_head){.host = "a", .forwarded_proto = "http"}, true, "a", false);
    expect_host(&(struct request_head){.host = "a", .forwarded_proto = "odd"}, true, "a", true);
}

static void hosts_that_could_not_stand_in_a_url_are_replaced(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "a b", "a\r\nX: y", "a/b",   "a@b", "a:",    ":80",      "a:1x",
                                      "[::1", "[]",  "\"",        "a?b=1", "a#",  "a:1:2", "a:123456", "[x]"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        expect_host(&(struct request_head){.host = bad[i]}, false, "127.0.0.1:8080", false);
        expect_host(&(struct request_head){.host = "good", .forwarded_host = bad[i]}, false, "good", false);
    }
    expect_host(&(struct request_head){0}, false, "127.0.0.1:8080", false);
}

static void codings_are_read_from_the_list(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool gzip;
        bool brotli;
    } cases[] = {{NULL, false, false},
                 {"", false, false},
                 {"gzip", true, false},
                 {"deflate , BR , gzip", true, true},
                 {"br;q=0, gzip;q=0.5", true, false},
                 {"br; q=1.0", false, true},
                 {"gzip;q=0", false, false},
                 {"xgzip, gzipx, brr", false, false},
                 {",,,", false, false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request *request = request_new(NULL);
        const struct request_head head = {.accept_encoding = cases[i].accept};
        assert_true(request_set_head(request, &head, "h", false));
        assert_int_equal(request->takes_gzip, cases[i].gzip);
        assert_int_equal(request->takes_brotli, cases[i].brotli);
        request_free(request);
    }
}

static void ids_of_the_client_are_echoed_when_safe(void **state)
{
    (void)state;
    struct request *request = request_new(NULL);
    const struct request_head good = {.correlation_id = "0a-B_9.x", .client_request_id = "{any:thing}"};
    assert_true(request_set_head(request, &good, "h", false));
    assert_string_equal(request->correlation_id, "0a-B_9.x");
    assert_string_equal(request->client_request_id, "{any:thing}");
    request_free(request);
    static char long_id[200];
    memset(long_id, 'a', sizeof(long_id) - 1);
    const struct request_head bad[] = {{.correlation_id = "a b", .client_request_id = "a b"},
                                       {.correlation_id = "a\r\nb", .client_request_id = "a\r\nb"},
                                       {.correlation_id = "", .client_request_id = ""},
                                       {.correlation_id = long_id, .client_request_id = long_id}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        request = request_new(NULL);
        assert_true(request_set_head(request, &bad[i], "h", false));
        assert_string_equal(request->correlation_id, request->request_id);
        assert_null(request->client_request_id);
        request_free(request);
    }
}

static int body_status(const char *text, unsigned flags, json_t **ret_body)
{
    static struct route route;
    route.flags = flags;
    struct request *request = request_new(NULL);
    request->route = &route;
    buf_adds(&request->raw_body, text);
    json_t *body = request_body(request);
    assert_ptr_equal(body == NULL ? NULL : request_body(request), body);
    *ret_body = json_incref(body);
    int status = request->reply.status;
    if (request->reply.body != NULL) {
        assert_null(strstr(request->reply.body, "hush"));
    }
    request_free(request);
    return status;
}

static void body_must_be_a_json_object(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned flags;
        int status;
    } cases[] = {
        {"{\"a\":1}", ROUTE_BODY, 0},
        {"\xEF\xBB\xBF {}", ROUTE_BODY, 0},
        {"", ROUTE_BODY, 400},
        {"  \r\n", ROUTE_BODY, 400},
        {"", ROUTE_BODY_OPTIONAL, 0},
        {"[]", ROUTE_BODY, 400},
        {"null", ROUTE_BODY_OPTIONAL, 400},
        {"{\"password\":\"hush\" \"hush\"}", ROUTE_BODY, 400},
        {"{\"a\":hush}", ROUTE_BODY, 400},
        {"{} hush", ROUTE_BODY, 400},
        {"{\"a\":\"\xFF\"}", ROUTE_BODY, 400},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_auto_t *body = NULL;
        assert_int_equal(body_status(cases[i].text, cases[i].flags, &body), cases[i].status);
        assert_int_equal(json_is_object(body), cases[i].status == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_is_decoded_and_the_first_of_a_name_counts),
        cmocka_unit_test(an_empty_api_version_is_none),
        cmocka_unit_test(broken_or_huge_uris_are_refused),
        cmocka_unit_test(host_is_the_one_the_client_used),
        cmocka_unit_test(hosts_that_could_not_stand_in_a_url_are_replaced),
        cmocka_unit_test(codings_are_read_from_the_list),
        cmocka_unit_test(ids_of_the_client_are_echoed_when_safe),
        cmocka_unit_test(body_must_be_a_json_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
