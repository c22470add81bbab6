/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "core/attr.h"
#include "core/parse/server_address.h"

static void names_and_addresses_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        int port;
        const char *user;
    } rows[] = {
        {"db.example.org:5432@admin", "db.example.org", 5432, "admin"},
        {"127.0.0.1:1@a@b", "127.0.0.1", 1, "a@b"},
        {"[::1]:65535@x", "::1", 65535, "x"},
        {"[fe80::1%eth0]:5432@x", "fe80::1%eth0", 5432, "x"},
        {"my_host-2:5432@x:y", "my_host-2", 5432, "x:y"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_server_address struct server_address got = {0};
        assert_true(server_address_parse(rows[i].text, &got));
        assert_string_equal(got.host, rows[i].host);
        assert_int_equal(got.port, rows[i].port);
        assert_string_equal(got.user, rows[i].user);
    }
}

static void what_libpq_would_take_for_more_than_one_host_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          "host",          "host:5432",     "host:5432@",  ":5432@u",      "[]:5432@u",
        "a,b:1@u",   "/tmp:5432@u",   "@abstract:1@u", "host:0@u",    "host:65536@u", "host:5432x@u",
        "::1:543@u", "[host]:5432@u", "[::1:5432@u",   "ho st:1@u",   "host\n:1@u",   "host:+1@u",
        "a/b:1@u",   "a%b:1@u",       "[::1%]:1@u",    "[1.2.3]:1@u",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        auto_server_address struct server_address got = {0};
        if (server_address_parse(texts[i], &got)) {
            fail_msg("'%s' is read as host '%s', port %d, user '%s'", texts[i], got.host, got.port, got.user);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_addresses_are_read),
        cmocka_unit_test(what_libpq_would_take_for_more_than_one_host_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
