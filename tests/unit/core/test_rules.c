/* SPDX-License-Identifier: MIT */
/* The store of testers' rules: matching, counting, and holding with several threads. */
#include <pthread.h>

#include "core/clock.h"
#include "core/points/rules.h"
#include "tests/unit/test.h"

enum { VISITORS = 8, VISITS = 2000 };

static void put(const char *name, enum point at, struct rule_request request)
{
    struct err err = {0};
    bool created = false;
    request.name = name;
    request.document = name;
    request.at = at;
    request.ttl_seconds = 60;
    assert_int_equal(rules_put(&request, &err, &created), 0);
    assert_true(created);
}

static struct rule_request act(enum point_action action, int64_t skip, int64_t times)
{
    return (struct rule_request){.effect = {.action = action}, .skip = skip, .times = times};
}

static bool fires(const struct point_subject *subject)
{
    struct point_effect effect;
    return point_take(POINT_COPY_ROWS, subject, &effect);
}

static void skips_are_counted_before_times(void **state)
{
    const struct point_subject nobody = {0};
    (void)state;
    put("a", POINT_COPY_ROWS, act(ACTION_FAIL, 3, 2));
    for (int i = 1; i <= 8; i++) {
        assert_int_equal(fires(&nobody), i == 4 || i == 5);
    }
    assert_int_equal(rules_delete("A", NULL, NULL), 1);
    assert_false(point_is_armed(POINT_COPY_ROWS));
}

static void names_match_as_their_owners_compare_them(void **state)
{
    struct rule_request request = act(ACTION_FAIL, 0, 0);
    (void)state;
    request.match[ATTRIBUTE_MIGRATION] = "M1";
    request.match[ATTRIBUTE_TABLE] = "Sales.\"Big \"\"Orders\"\"\"";
    put("a", POINT_COPY_ROWS, request);
    assert_true(
        fires(&(struct point_subject){.migration = "m1", .schema = "sales", .table = "Big \"Orders\""}));
    assert_true(fires(&(struct point_subject){
        .migration = "x", .migration_id = "m1", .schema = "sales", .table = "Big \"Orders\""}));
    assert_false(
        fires(&(struct point_subject){.migration = "m1", .schema = "Sales", .table = "Big \"Orders\""}));
    assert_false(
        fires(&(struct point_subject){.migration = "m1", .schema = "sales", .table = "big \"orders\""}));
    assert_false(fires(&(struct point_subject){.schema = "sales", .table = "Big \"Orders\""}));
    rules_delete(NULL, NULL, NULL);
}

static void names_of_tables_are_refused_if_they_are_none(void **state)
{
    static const char *const bad[] = {"", ".", "a.", ".b", "a.b.c", "\"a", "\"\"", "a\"b", "\"a\"b"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = {0};
        char *schema = NULL;
        char *table = NULL;
        assert_int_equal(rule_split_table(bad[i], &err, &schema, &table), -1);
    }
}

static void the_newest_rule_wins(void **state)
{
    const struct point_subject nobody = {0};
    struct point_effect effect;
    (void)state;
    put("older", POINT_COPY_ROWS, act(ACTION_CUT, 0, 1));
    put("newer", POINT_COPY_ROWS, act(ACTION_FAIL, 0, 1));
    assert_true(point_take(POINT_COPY_ROWS, &nobody, &effect));
    assert_int_equal(effect.action, ACTION_FAIL);
    assert_true(point_take(POINT_COPY_ROWS, &nobody, &effect));
    assert_int_equal(effect.action, ACTION_CUT);
    assert_false(point_take(POINT_COPY_ROWS, &nobody, &effect));
    rules_delete(NULL, NULL, NULL);
}

static void *visit_often(void *fired)
{
    const struct point_subject nobody = {0};
    for (int i = 0; i < VISITS; i++) {
        struct point_effect effect;
        *(int *)fired += point_visit(POINT_COPY_ROWS, &nobody, &effect) == POINT_ACTS;
    }
    return NULL;
}

static void threads_count_exactly(void **state)
{
    pthread_t threads[VISITORS];
    int fired[VISITORS] = {0};
    int sum = 0;
    (void)state;
    put("a", POINT_COPY_ROWS, act(ACTION_FAIL, 1000, 77));
    for (int i = 0; i < VISITORS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, visit_often, &fired[i]), 0);
    }
    for (int i = 0; i < VISITORS; i++) {
        pthread_join(threads[i], NULL);
        sum += fired[i];
    }
    assert_int_equal(sum, 77);
    rules_delete(NULL, NULL, NULL);
}

static void note_held(void *context, const struct rule_status *status)
{
    *(size_t *)context = status->held_count;
}

static void *be_held(void *end)
{
    const struct point_subject nobody = {0};
    struct point_effect effect;
    *(enum point_end *)end = point_visit(POINT_TABLE_BEGIN, &nobody, &effect);
    return NULL;
}

static void holds_end_by_release_delete_and_stop(void **state)
{
    enum { HELD = 3 };
    pthread_t threads[HELD];
    enum point_end ends[HELD];
    const struct point_failure failure = {.sqlstate = "53100"};
    size_t held = 0;
    size_t released = 0;
    (void)state;
    put("a", POINT_TABLE_BEGIN, act(ACTION_HOLD, 0, 0));
    for (int i = 0; i < HELD; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, be_held, &ends[i]), 0);
        while (held != (size_t)i + 1) {
            clock_sleep_ms(1);
            rules_see("a", NULL, note_held, &held);
        }
    }
    assert_int_equal(rules_release("a", NULL, 1, &failure, &released), 0);
    assert_int_equal(released, 1);
    pthread_join(threads[0], NULL);
    assert_int_equal(ends[0], POINT_ACTS);
    assert_int_equal(rules_delete("a", NULL, NULL), 1);
    pthread_join(threads[1], NULL);
    pthread_join(threads[2], NULL);
    assert_int_equal(ends[1], POINT_PASSED);
    assert_int_equal(ends[2], POINT_PASSED);
    struct stop stop = {0};
    stop_request(&stop, STOP_CANCEL);
    put("b", POINT_TABLE_BEGIN, act(ACTION_HOLD, 0, 0));
    const struct point_subject stopped = {.stop = &stop};
    struct point_effect effect;
    assert_int_equal(point_visit(POINT_TABLE_BEGIN, &stopped, &effect), POINT_STOPPED);
    rules_see("b", NULL, note_held, &held);
    assert_int_equal(held, 0);
    rules_delete(NULL, NULL, NULL);
}

static enum point_end leave(const char *substate, int64_t entered_ago_us)
{
    const _Atomic int64_t entered_us = clock_steady_us() - entered_ago_us;
    const struct point_subject subject = {
        .migration_id = "m", .substate = substate, .entered_us = &entered_us};
    struct point_effect effect;
    return point_visit(POINT_SUBSTATE_LEAVE, &subject, &effect);
}

static struct rule_request pace(struct point_pace pace)
{
    struct rule_request request = act(ACTION_HOLD, 0, 0);
    request.match[ATTRIBUTE_MIGRATION] = "m";
    request.effect.pace = pace;
    return request;
}

static void a_pace_stretches_a_substate_and_adds_nothing(void **state)
{
    (void)state;
    put("a", POINT_SUBSTATE_LEAVE, pace((struct point_pace){.dwell_us = 200000}));
    int64_t began_us = clock_steady_us();
    assert_int_equal(leave("A", 0), POINT_PASSED);
    assert_true(clock_steady_us() - began_us >= 200000);
    rules_delete(NULL, NULL, NULL);
    put("b", POINT_SUBSTATE_LEAVE, pace((struct point_pace){.dwell_us = INT64_C(60) * 1000000}));
    began_us = clock_steady_us();
    assert_int_equal(leave("A", INT64_C(60) * 1000000), POINT_PASSED);
    assert_true(clock_steady_us() - began_us < INT64_C(30) * 1000000);
    rules_delete(NULL, NULL, NULL);
}

static void polls_count_in_their_substate_and_a_forgotten_hold_ends(void **state)
{
    const int64_t hour_us = INT64_C(3600) * 1000000;
    (void)state;
    put("a", POINT_SUBSTATE_LEAVE, pace((struct point_pace){.polls = 2, .patience_us = hour_us}));
    rules_note_poll("m", "A");
    rules_note_poll("other", "A");
    rules_note_poll("M", "A");
    assert_int_equal(leave("A", 0), POINT_PASSED);
    rules_delete(NULL, NULL, NULL);
    put("b", POINT_SUBSTATE_LEAVE, pace((struct point_pace){.polls = 2, .patience_us = 150000}));
    rules_note_poll("m", "A");
    rules_note_poll("m", "A");
    rules_note_poll("m", "B");
    int64_t began_us = clock_steady_us();
    assert_int_equal(leave("B", 0), POINT_PASSED); /* nobody polls it for the second time */
    assert_true(clock_steady_us() - began_us >= 149000);
    rules_delete(NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skips_are_counted_before_times),
        cmocka_unit_test(names_match_as_their_owners_compare_them),
        cmocka_unit_test(names_of_tables_are_refused_if_they_are_none),
        cmocka_unit_test(the_newest_rule_wins),
        cmocka_unit_test(threads_count_exactly),
        cmocka_unit_test(holds_end_by_release_delete_and_stop),
        cmocka_unit_test(a_pace_stretches_a_substate_and_adds_nothing),
        cmocka_unit_test(polls_count_in_their_substate_and_a_forgotten_hold_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
