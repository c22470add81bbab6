/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <pthread.h>

#include "core/str.h"
#include "server/request_log.h"
#include "server/route.h"

static const struct route create = {
    .method = METHOD_PUT, .pattern = "/a", .operation_id = "Migrations_Create"};

static struct request_log *new_log(size_t capacity)
{
    struct err err = {0};
    struct request_log *log = NULL;
    assert_int_equal(request_log_new(capacity, &err, &log), 0);
    return log;
}

static void add(struct request_log *log, enum method method, const char *uri, int status, const char *unknown)
{
    struct err err = {0};
    struct request *request = request_new(NULL);
    assert_int_equal(request_set_uri(request, uri, &err), 0);
    request->method = method;
    request->reply.status = status;
    request->route = method == METHOD_PUT ? &create : NULL;
    if (unknown != NULL) {
        request_note(request, unknown, NULL);
    }
    request_log_add(log, request, true);
    request_free(request);
}

static json_int_t count(struct request_log *log, struct request_log_filter filter)
{
    json_auto_t *list = request_log_list(log, &filter);
    return json_integer_value(json_object_get(list, "count"));
}

static void the_oldest_entry_gives_way(void **state)
{
    (void)state;
    struct request_log *log = new_log(3);
    for (int i = 0; i < 5; i++) {
        auto_free char *uri = str_format("/n%d?secret=hunter2", i);
        add(log, METHOD_GET, uri, 200, NULL);
    }
    const struct request_log_filter all = {.method = METHOD_OTHER};
    json_auto_t *list = request_log_list(log, &all);
    json_t *value = json_object_get(list, "value");
    assert_int_equal(json_array_size(value), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(value, 0), "path")), "/n4");
    assert_string_equal(json_string_value(json_object_get(json_array_get(value, 2), "path")), "/n2");
    assert_int_equal(json_integer_value(json_object_get(list, "evicted")), 2);
    assert_int_equal(json_integer_value(json_object_get(list, "total")), 5);
    request_log_clear_subscription(log, "00000000-0000-0000-0000-000000000000");
    assert_int_equal(count(log, all), 3);
    request_log_clear(log);
    assert_int_equal(count(log, all), 0);
    request_log_free(log);
}

static void a_young_log_shows_each_entry_once(void **state)
{
    (void)state;
    struct request_log *log = new_log(1000);
    add(log, METHOD_GET, "/a", 200, NULL);
    add(log, METHOD_GET, "/b", 200, NULL);
    assert_int_equal(count(log, (struct request_log_filter){.method = METHOD_OTHER}), 2);
    request_log_free(log);
}

static void filters_restrict_what_is_shown(void **state)
{
    (void)state;
    struct request_log *log = new_log(10);
    add(log, METHOD_PUT, "/Servers/a", 201, "properties.foo");
    add(log, METHOD_GET, "/servers/b", 404, NULL);
    add(log, METHOD_GET, "/c", 400, NULL);
    assert_int_equal(count(log, (struct request_log_filter){.method = METHOD_GET}), 2);
    assert_int_equal(count(log, (struct request_log_filter){.method = METHOD_OTHER, .path = "servers"}), 2);
    assert_int_equal(
        count(log, (struct request_log_filter){.method = METHOD_OTHER, .status_from = 400, .status_to = 499}),
        2);
    assert_int_equal(
        count(log, (struct request_log_filter){.method = METHOD_OTHER, .operation_id = "migrations_create"}),
        1);
    assert_int_equal(count(log, (struct request_log_filter){.method = METHOD_OTHER, .only_noted = true}), 1);
    assert_int_equal(count(log, (struct request_log_filter){.method = METHOD_OTHER, .since_us = INT64_MAX}),
                     0);
    request_log_free(log);
}

static void a_log_of_no_entries_counts_only(void **state)
{
    (void)state;
    struct request_log *log = new_log(0);
    add(log, METHOD_GET, "/a", 200, NULL);
    const struct request_log_filter all = {.method = METHOD_OTHER};
    json_auto_t *list = request_log_list(log, &all);
    assert_int_equal(json_integer_value(json_object_get(list, "total")), 1);
    assert_int_equal(json_integer_value(json_object_get(list, "evicted")), 1);
    request_log_clear(log);
    request_log_free(log);
}

static void *add_many(void *log)
{
    for (int i = 0; i < 2000; i++) {
        add(log, METHOD_GET, "/a", 200, i % 3 == 0 ? "x" : NULL);
    }
    return NULL;
}

static void threads_may_add_read_and_clear_at_the_same_time(void **state)
{
    (void)state;
    struct request_log *log = new_log(50);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, log), 0);
    }
    for (int i = 0; i < 100; i++) {
        assert_in_range(count(log, (struct request_log_filter){.method = METHOD_OTHER}), 0, 50);
        if (i % 30 == 29) {
            request_log_clear(log);
        }
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    request_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_entry_gives_way),
        cmocka_unit_test(a_young_log_shows_each_entry_once),
        cmocka_unit_test(filters_restrict_what_is_shown),
        cmocka_unit_test(a_log_of_no_entries_counts_only),
        cmocka_unit_test(threads_may_add_read_and_clear_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
