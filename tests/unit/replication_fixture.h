/* SPDX-License-Identifier: MIT */
/*
 * The source of an online migration for a unit test: the database "shop", created before each test and
 * dropped afterwards, on every installed major.
 */
#ifndef TESTS_UNIT_REPLICATION_FIXTURE_H
#define TESTS_UNIT_REPLICATION_FIXTURE_H

#include <string.h>

#include "engine/admin/databases.h"
#include "engine/replication/replication.h"
#include "tests/unit/postgres.h"

static struct postgres server;
static bool running;
static int version;
static bool patient; /* slow tests run on the default server only */

#define NEEDS_SERVER                                                                                         \
    if (!running) {                                                                                          \
        skip();                                                                                              \
    }

#define NAME  "malachite_00000000000000000000000000000001_0"
#define OTHER "malachite_00000000000000000000000000000002_0"

static const char *user = "postgres";

static inline int publish_as(const char *name, const struct stop *stop, struct err *err,
                             struct str_list *notes)
{
    struct endpoint endpoint = postgres_endpoint(&server, user);
    const struct replication replication = {
        .source = &endpoint, .database = "shop", .name = name, .stop = stop};
    *err = (struct err){0};
    return replication_publish(&replication, err, notes);
}

static inline void publish(const char *name, struct str_list *notes)
{
    struct err err = {0};
    if (publish_as(name, NULL, &err, notes) != 0) {
        fail_msg("%s", err.message);
    }
}

static inline int drop_from(const char *database, const char *name, struct err *err)
{
    struct endpoint endpoint = postgres_endpoint(&server, user);
    const struct replication replication = {.source = &endpoint, .database = database, .name = name};
    *err = (struct err){0};
    return replication_drop(&replication, err);
}

static inline void drop(const char *name)
{
    struct err err = {0};
    if (drop_from("shop", name, &err) != 0) {
        fail_msg("%s", err.message);
    }
}

static inline void sql(const char *text)
{
    auto_free char *both = str_format("SET search_path = public; %s", text);
    assert_true(postgres_sql(&server, "shop", both));
}

static inline void expect(const char *query, const char *wanted)
{
    auto_free char *value = postgres_value(&server, "shop", query);
    assert_non_null(value);
    assert_string_equal(value, wanted);
}

static inline bool has_note(const struct str_list *notes, const char *table, const char *words)
{
    for (size_t i = 0; i < notes->count; i++) {
        if (strstr(notes->items[i], table) != NULL && strstr(notes->items[i], words) != NULL) {
            return true;
        }
    }
    return false;
}

#define PUBLISHED                                                                                            \
    "SELECT coalesce(string_agg(t.name, ',' ORDER BY t.name COLLATE \"C\"), '') FROM (SELECT schemaname"     \
    " || '.' || tablename AS name FROM pg_publication_tables WHERE pubname = '" NAME "') t"
#define IDENTITIES                                                                                           \
    "SELECT string_agg(relname || '=' || relreplident::text, ',' ORDER BY relname::text COLLATE \"C\")"      \
    " FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
#define TRACES "SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_replication_slots)"

static inline int make_database(void **state)
{
    (void)state;
    return running && !postgres_sql(&server, "postgres", "CREATE DATABASE shop") ? -1 : 0;
}

static inline int drop_database(void **state)
{
    (void)state;
    user = "postgres";
    struct endpoint endpoint = postgres_endpoint(&server, user);
    struct err err = {0};
    return running ? database_drop(&endpoint, "shop", NULL, &err) : 0;
}

#define IN_SHOP(test) cmocka_unit_test_setup_teardown(test, make_database, drop_database)

static int run(const char *title);

static inline int run_on(const char *module)
{
    char title[80];
    auto_free char *number = running ? postgres_value(&server, "postgres", "SHOW server_version_num") : NULL;
    version = number == NULL ? 0 : (int)strtol(number, NULL, 10);
    snprintf(title, sizeof(title), "%s, PostgreSQL %d", module, version / 10000);
    int failures = run(title);
    postgres_stop(&server);
    return failures;
}

/* Runs the tests on the default server, and on all majors that "make postgres" has fetched. */
static inline int run_on_all(const char *module)
{
    patient = true;
    running = postgres_start(&server, NULL);
    int failures = run_on(module);
    int first = version / 10000;
    patient = false;
    for (int major = 10; major <= 30 && getenv("MALACHITE_TEST_POSTGRES") == NULL; major++) {
        running = major != first && postgres_start_major(&server, major, NULL);
        failures += running ? run_on(module) : 0;
    }
    return failures;
}

#endif
