/* SPDX-License-Identifier: MIT */
/*
 * A source and a target server with equal databases, as between base copy and cutover: publication and
 * slot by SQL, the helper by replica_begin(). MALACHITE_TEST_POSTGRES_TARGET selects another major for the
 * target.
 */
#ifndef TESTS_UNIT_CUTOVER_FIXTURE_H
#define TESTS_UNIT_CUTOVER_FIXTURE_H

#include <string.h>

#include "engine/cutover/cutover.h"
#include "engine/replica/replica.h"
#include "engine/replication/tables/position.h"
#include "tests/unit/postgres.h"
#include "tests/unit/test.h"

#define SLOT "malachite_0123456789abcdef0123456789abcdef_0"

static struct postgres source_server;
static struct postgres target_server;
static bool running;

#define NEEDS_SERVERS                                                                                        \
    if (!running) {                                                                                          \
        skip();                                                                                              \
    }

/* A superuser's session with search_path public. */
static inline void open_public(struct postgres *server, const char *database, struct pg *ret_pg)
{
    static struct endpoint endpoints[2]; /* outlive the sessions */
    struct endpoint *endpoint = &endpoints[server == &target_server];
    struct err err = {0};
    *endpoint = postgres_endpoint(server, "postgres");
    if (pg_open(endpoint, database, PG_ADMIN, NULL, &err, ret_pg) != 0 ||
        pg_run(ret_pg, &err, "SET search_path = public; SET client_encoding = 'UTF8'") != 0) {
        fail_msg("%s", err.message);
    }
}

static inline void run_on(struct postgres *server, const char *database, const char *sql)
{
    auto_pg struct pg pg = {0};
    struct err err = {0};
    open_public(server, database, &pg);
    if (pg_run(&pg, &err, sql) != 0) {
        fail_msg("%s: %s", sql, err.message);
    }
}

/* New text, or NULL. */
static inline char *value_of(struct postgres *server, const char *database, const char *sql)
{
    auto_pg struct pg pg = {0};
    struct err err = {0};
    char *value = NULL;
    open_public(server, database, &pg);
    if (pg_value(&pg, &err, &value, sql, 0, NULL) != 0) {
        fail_msg("%s: %s", sql, err.message);
    }
    return value;
}

static inline void assert_value(struct postgres *server, const char *database, const char *sql,
                                const char *expected)
{
    auto_free char *value = value_of(server, database, sql);
    if (!str_equals(value, expected)) {
        fail_msg("%s: %s, not %s", sql, value == NULL ? "NULL" : value, expected == NULL ? "NULL" : expected);
    }
}

static inline bool is_source_since(int version)
{
    auto_free char *text = value_of(&source_server, "postgres", "SHOW server_version_num");
    int64_t number = 0;
    return str_to_int(text, 0, INT32_MAX, &number) && number >= version;
}

static inline void make_both(const char *database, const char *sql)
{
    auto_free char *create = str_format("CREATE DATABASE %s", database);
    assert_non_null(create);
    struct postgres *const servers[] = {&source_server, &target_server};
    for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
        run_on(servers[i], "postgres", create);
        run_on(servers[i], database, sql);
    }
}

/* "publication": the text after CREATE PUBLICATION name. The slot starts at the helper's position. */
static inline void begin_following(const char *database, const char *publication, const char *target_user)
{
    auto_free char *publish = str_format("CREATE PUBLICATION " SLOT " %s", publication);
    run_on(&source_server, database, publish);
    auto_free char *text =
        value_of(&source_server, database,
                 "SELECT lsn FROM pg_create_logical_replication_slot('" SLOT "', 'pgoutput')");
    uint64_t position = 0;
    assert_true(text != NULL && position_parse(text, &position));
    struct endpoint endpoint = postgres_endpoint(&target_server, target_user);
    auto_pg struct pg target = {0};
    struct err err = {0};
    if (pg_open(&endpoint, database, PG_WRITE, NULL, &err, &target) != 0 ||
        replica_begin(&target, SLOT, position, &err) != 0) {
        fail_msg("%s", err.message);
    }
}

static inline int try_to_finish(const char *database, const char *source_user, const char *target_user,
                                int count_ms, struct err *err, struct evidence *ret_evidence)
{
    struct endpoint source = postgres_endpoint(&source_server, source_user);
    struct endpoint target = postgres_endpoint(&target_server, target_user);
    const struct cutover cutover = {.source = &source,
                                    .target = &target,
                                    .database = database,
                                    .name = SLOT,
                                    .fallback_owner = target_user,
                                    .jobs = 2,
                                    .changed = true,
                                    .count_ms = count_ms};
    return cutover_finish(&cutover, err, ret_evidence);
}

static inline void finish_as(const char *database, const char *source_user, const char *target_user,
                             struct evidence *ret_evidence)
{
    struct err err = {0};
    if (try_to_finish(database, source_user, target_user, 5000, &err, ret_evidence) != 0) {
        fail_msg("%s (%s)", err.message, err.sqlstate);
    }
}

static inline void finish(const char *database, struct evidence *ret_evidence)
{
    finish_as(database, "postgres", "postgres", ret_evidence);
}

/* The executor's cleanup after a cutover; the next database can then reuse the slot's name. */
static inline void end_following(const char *database)
{
    run_on(&source_server, database, "SELECT pg_drop_replication_slot('" SLOT "'); DROP PUBLICATION " SLOT);
    run_on(&target_server, database, "DROP SCHEMA " SLOT " CASCADE");
}

static inline bool list_has(const struct str_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strstr(list->items[i], text) != NULL) {
            return true;
        }
    }
    return false;
}

static inline bool notes_have(const struct evidence *evidence, const char *text)
{
    return list_has(&evidence->notes, text);
}

static inline void assert_rows(const struct evidence *evidence, const char *name, int64_t source,
                               int64_t target)
{
    for (size_t i = 0; i < evidence->table_count; i++) {
        if (strcmp(evidence->tables[i].name, name) == 0) {
            assert_int_equal(evidence->tables[i].source_rows, source);
            assert_int_equal(evidence->tables[i].target_rows, target);
            return;
        }
    }
    fail_msg("no table %s in the evidence", name);
}

static inline int start_servers(void **state)
{
    (void)state;
    const char *other = getenv("MALACHITE_TEST_POSTGRES_TARGET");
    running = postgres_start(&source_server, NULL);
    if (running && other != NULL) {
        setenv("MALACHITE_TEST_POSTGRES", other, 1);
    }
    running = running && postgres_start(&target_server, NULL);
    return 0;
}

static inline int stop_servers(void **state)
{
    (void)state;
    postgres_stop(&source_server);
    postgres_stop(&target_server);
    return 0;
}

#define auto_evidence __attribute__((cleanup(evidence_done)))

#endif
