/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "server/answer_cache.h"
#include "server/reply.h"

static struct answer_cache *cache;

static int set_up(void **state)
{
    (void)state;
    cache = answer_cache_new();
    return cache == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    answer_cache_free(cache);
    return 0;
}

static struct request *get(const char *uri)
{
    struct request *request = request_new(NULL);
    assert_non_null(request);
    request->method = METHOD_GET;
    assert_true(str_replace(&request->raw_uri, uri));
    assert_true(str_replace(&request->host, "localhost:8080"));
    return request;
}

static void keep(struct request *request, const char *text, uint64_t generation)
{
    reply_header(request, "ETag", "\"1\"");
    reply_text(request, 200, "text/plain", text, strlen(text));
    answer_cache_keep(cache, request, generation);
    request_free(request);
}

/* expected NULL: nothing is kept for it. */
static void assert_answer(struct request *request, uint64_t generation, const char *expected)
{
    assert_int_equal(answer_cache_reply(cache, request, generation), expected != NULL);
    if (expected != NULL) {
        assert_int_equal(request->reply.status, 200);
        assert_string_equal(request->reply.body, expected);
        assert_string_equal(request->reply.content_type, "text/plain");
        assert_int_equal(request->reply.header_count, 1);
        assert_string_equal(request->reply.headers[0].value, "\"1\"");
    } else {
        assert_int_equal(request->reply.status, 0);
    }
    request_free(request);
}

static void an_answer_is_kept_until_the_store_changes(void **state)
{
    (void)state;
    assert_answer(get("/a?b=1"), 1, NULL);
    keep(get("/a?b=1"), "one", 1);
    assert_answer(get("/a?b=1"), 1, "one");
    assert_answer(get("/a?b=1"), 2, NULL);
    keep(get("/a?b=1"), "two", 2);
    assert_answer(get("/a?b=1"), 2, "two");
}

static void an_answer_belongs_to_one_url(void **state)
{
    (void)state;
    keep(get("/a?b=1"), "one", 1);
    assert_answer(get("/a?b=2"), 1, NULL);
    struct request *other_host = get("/a?b=1");
    assert_true(str_replace(&other_host->host, "127.0.0.1:8080"));
    assert_answer(other_host, 1, NULL);
    struct request *over_tls = get("/a?b=1");
    over_tls->https = true;
    assert_answer(over_tls, 1, NULL);
}

static void only_plain_reads_that_succeeded_are_kept(void **state)
{
    (void)state;
    struct request *head = get("/a");
    head->method = METHOD_HEAD;
    keep(head, "head", 1);
    struct request *conditional = get("/a");
    assert_true(str_replace(&conditional->if_none_match, "\"1\""));
    keep(conditional, "conditional", 1);
    struct request *failed = get("/a");
    reply_fail(failed, ERR_RESOURCE_NOT_FOUND, "Not there.");
    answer_cache_keep(cache, failed, 1);
    request_free(failed);
    assert_answer(get("/a"), 1, NULL);
}

static void memory_is_bounded_and_old_answers_make_room(void **state)
{
    (void)state;
    enum { LONG = 60 * 1024, MANY = 400 };
    static char text[LONG + 1];
    memset(text, 'x', LONG);
    size_t kept[2] = {0, 0};
    for (uint64_t generation = 1; generation <= 2; generation++) {
        for (int i = 0; i < MANY; i++) {
            char uri[32];
            snprintf(uri, sizeof(uri), "/%d", i);
            keep(get(uri), text, generation);
        }
        for (int i = 0; i < MANY; i++) {
            char uri[32];
            snprintf(uri, sizeof(uri), "/%d", i);
            struct request *request = get(uri);
            kept[generation - 1] += answer_cache_reply(cache, request, generation);
            request_free(request);
        }
    }
    assert_in_range(kept[0], 40, 4 * 1024 * 1024 / LONG);
    assert_in_range(kept[1], 40, 4 * 1024 * 1024 / LONG);
    static char too_long[64 * 1024 + 2];
    memset(too_long, 'x', sizeof(too_long) - 1);
    keep(get("/long"), too_long, 3);
    assert_answer(get("/long"), 3, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_kept_until_the_store_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_belongs_to_one_url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_plain_reads_that_succeeded_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_bounded_and_old_answers_make_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
