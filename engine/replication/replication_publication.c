/* SPDX-License-Identifier: MIT */
/*
 * Publishes tables. The publication is created first, without effect: its comment durably records which
 * tables get another replica identity and their original one, so that replication_drop() can restore it
 * whatever happens. Then the tables are changed and added, a few at a time, locked ones later. Because it
 * publishes nothing until all are in, it never makes a statement of the application fail.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/replication/replication_publication_private.h"

enum {
    LOCK_MS = 60000,    /* for all tables together */
    FIRST_LOCK_MS = 50, /* applications with short transactions hardly notice */
    LOCK_TRY_MS = 2000, /* longer than deadlock_timeout, after which autovacuum yields */
    ROUND_PAUSE_MS = 1000,
    BATCH = 200,
    TRUNCATE_SINCE = 110000,
    SQL_MAX_BYTES = 64 * 1024 * 1024,
};

void publication_done(struct publication *publication)
{
    pg_close(&publication->control);
    PQclear(publication->tables);
    free(publication->states);
}

static const char *get(const struct publication *publication, int row, enum publication_column column)
{
    return PQgetvalue(publication->tables, row, (int)column);
}

static bool is_true(const struct publication *publication, int row, enum publication_column column)
{
    return pg_value_is_true(get(publication, row, column));
}

static bool is_ended(const struct publication *publication, int row)
{
    return publication->states[row] == TABLE_ENDED || publication->states[row] == TABLE_LEFT_OUT;
}

static bool has(const struct publication *publication, int row, enum publication_column column)
{
    return !PQgetisnull(publication->tables, row, (int)column);
}

static void add_table(struct publication *publication, struct buf *sql, int row)
{
    pg_add_qualified(&publication->control, sql, get(publication, row, TABLE_SCHEMA),
                     get(publication, row, TABLE_NAME));
}

/* ---- notes -----------------------------------------------------------------------------------------------
 */

/* Takes ownership of text; NULL: memory was out. */
static int add_note(struct publication *publication, char *text, struct err *err)
{
    auto_free char *note = text;
    bool added = note != NULL && str_list_add(publication->notes, str_make_utf8(note));
    return added ? 0 : err_no_memory(err);
}

static int note_left_out(struct publication *publication, int row, const char *why, struct err *err)
{
    publication->states[row] = TABLE_LEFT_OUT;
    return add_note(publication,
                    str_format("Changes to the table %s.%s are not replicated, because %s. Malachite "
                               "recopies the table at the cutover.",
                               get(publication, row, TABLE_SCHEMA), get(publication, row, TABLE_NAME), why),
                    err);
}

static int note_changed(struct publication *publication, int row, struct err *err)
{
    char identity = get(publication, row, TABLE_IDENTITY)[0];
    const char *why = identity == 'n'   ? "had the replica identity NOTHING"
                      : identity == 'i' ? "lacked the index of its replica identity"
                                        : "has no primary key that could be its replica identity";
    return add_note(publication,
                    str_format("The table %s.%s %s: Malachite sets it to FULL until the end of the "
                               "migration, so that its rows can be updated and deleted.",
                               get(publication, row, TABLE_SCHEMA), get(publication, row, TABLE_NAME), why),
                    err);
}

/* ---- the beginning: a publication without effect ----------------------------------------------------------
 */

static int check_rights(struct publication *publication, struct err *err)
{
    struct pg *control = &publication->control;
    auto_free char *may = NULL;
    if (pg_value(control, err, &may,
                 "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')", 0,
                 NULL) != 0) {
        return -1;
    }
    if (pg_value_is_true(may)) {
        return 0;
    }
    err_set(err, ERR_OPERATION_NOT_ALLOWED,
            "The user '%s' may not create a publication in the database '%s' on the %s. Run there: GRANT "
            "CREATE ON DATABASE \"%s\" TO \"%s\"",
            control->endpoint->user, control->database, control->endpoint->label, control->database,
            control->endpoint->user);
    err->lasting = true;
    return err_target(err, "%s", control->database);
}

bool publication_add_identities(const struct publication *publication, struct buf *sql)
{
    const char *separator = "";
    buf_adds(sql, "{");
    for (int row = 0; row < PQntuples(publication->tables); row++) {
        bool left = publication->states != NULL && is_ended(publication, row) &&
                    get(publication, row, TABLE_IDENTITY)[0] != 'f';
        if (has(publication, row, TABLE_OWN) && !left) {
            buf_addf(sql, "%s\"%s\": \"%s\"", separator, get(publication, row, TABLE_OID),
                     get(publication, row, TABLE_OWN));
            separator = ", ";
        }
    }
    buf_adds(sql, "}");
    return separator[0] != '\0';
}

int publication_remember(struct publication *publication, struct err *err)
{
    const struct replication *replication = publication->replication;
    auto_buf struct buf identities = BUF_MAX(SQL_MAX_BYTES);
    if (!publication_add_identities(publication, &identities) || replication->remember == NULL) {
        return 0;
    }
    return buf_failed(&identities) ? err_no_memory(err)
                                   : replication->remember(replication->context, buf_text(&identities), err);
}

/* Replaces the publication of an earlier attempt, and keeps the identities that it recorded. */
static int create(struct publication *publication, struct err *err)
{
    struct pg *control = &publication->control;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "DROP PUBLICATION IF EXISTS ");
    pg_add_identifier(control, &sql, publication->name);
    buf_adds(&sql, "; CREATE PUBLICATION ");
    pg_add_identifier(control, &sql, publication->name);
    buf_adds(&sql, " WITH (publish = ''); COMMENT ON PUBLICATION ");
    pg_add_identifier(control, &sql, publication->name);
    buf_adds(&sql, " IS '");
    publication_add_identities(publication, &sql);
    buf_adds(&sql, "'");
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(control, err, buf_text(&sql));
}

int publication_classify(struct publication *publication, struct err *err)
{
    int count = PQntuples(publication->tables);
    publication->states = calloc((size_t)count + 1, sizeof(*publication->states));
    if (publication->states == NULL) {
        return err_no_memory(err);
    }
    for (int row = 0; row < count; row++) {
        if (has(publication, row, TABLE_OBSTACLE)) {
            if (note_left_out(publication, row, get(publication, row, TABLE_OBSTACLE), err) != 0) {
                return -1;
            }
        } else if (is_true(publication, row, TABLE_CHANGE)) {
            publication->states[row] = TABLE_KEYLESS;
        } else if (!is_true(publication, row, TABLE_COVERED)) {
            publication->states[row] = TABLE_READY;
        }
    }
    return 0;
}

/* Locked, so that no other migration of this database restores an identity before it can see that this one
 * needs it. */
static int begin(struct publication *publication, struct err *err)
{
    struct pg *control = &publication->control;
    if (check_rights(publication, err) != 0 ||
        replication_lock_identities(control, publication->deadline_ms, err) != 0 ||
        replication_read_tables(control, publication->replication, err, &publication->tables) != 0 ||
        publication_remember(publication, err) != 0 || create(publication, err) != 0 ||
        replication_unlock_identities(control, err) != 0) {
        return -1;
    }
    return publication_classify(publication, err);
}

/* ---- tables ----------------------------------------------------------------------------------------------
 */

/* Handles the outcome of a statement about one table. "next": its state after success. */
static int handle_outcome(struct publication *publication, int row, enum ddl_outcome outcome,
                          enum table_state next, struct err *err)
{
    switch (outcome) {
    case DDL_DONE:
        publication->states[row] = next;
        break;
    case DDL_LATER:
        break;
    case DDL_GONE: /* dropped concurrently */
        publication->states[row] = TABLE_ENDED;
        break;
    case DDL_REFUSED: {
        auto_free char *why = str_format("that was refused (%s)", err->message);
        return why == NULL ? err_no_memory(err) : note_left_out(publication, row, why, err);
    }
    case DDL_FAILED:
        return err_prefix(err, "Cannot publish the table %s.%s. ", get(publication, row, TABLE_SCHEMA),
                          get(publication, row, TABLE_NAME));
    }
    return 0;
}

static int make_full(struct publication *publication, int row, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "ALTER TABLE ONLY ");
    add_table(publication, &sql, row);
    buf_adds(&sql, " REPLICA IDENTITY FULL");
    enum ddl_outcome outcome = replication_ddl(&publication->control, &sql, err);
    if (handle_outcome(publication, row, outcome, TABLE_READY, err) != 0) {
        return -1;
    }
    return outcome == DDL_DONE ? note_changed(publication, row, err) : 0;
}

/* Adds the ready ones among "count" rows. */
static enum ddl_outcome add_to_publication(struct publication *publication, int first, int count,
                                           struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *separator = " ADD TABLE ONLY ";
    buf_adds(&sql, "ALTER PUBLICATION ");
    pg_add_identifier(&publication->control, &sql, publication->name);
    for (int row = first; row < first + count; row++) {
        if (publication->states[row] == TABLE_READY) {
            buf_adds(&sql, separator);
            add_table(publication, &sql, row);
            separator = ", ONLY ";
        }
    }
    return separator[0] == ',' ? replication_ddl(&publication->control, &sql, err) : DDL_DONE;
}

/* Adds all at once, or one by one if a table prevents that. */
static int add_batch(struct publication *publication, int first, int count, struct err *err)
{
    enum ddl_outcome outcome = add_to_publication(publication, first, count, err);
    if (outcome == DDL_FAILED) {
        return err_prefix(err, "Cannot publish the tables. ");
    }
    for (int row = first; row < first + count; row++) {
        if (publication->states[row] != TABLE_READY) {
            continue;
        }
        enum ddl_outcome own = outcome == DDL_DONE ? DDL_DONE : add_to_publication(publication, row, 1, err);
        if (handle_outcome(publication, row, own, TABLE_ENDED, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_late(const struct publication *publication)
{
    return clock_ms_left(publication->deadline_ms) == 0;
}

/* Tries all tables that are not published yet. *ret_left: how many remain. */
static int take_round(struct publication *publication, bool first_round, struct err *err, int *ret_left)
{
    int count = PQntuples(publication->tables);
    *ret_left = 0;
    for (int row = 0; row < count && (first_round || !is_late(publication)); row++) {
        if (publication->states[row] == TABLE_KEYLESS && make_full(publication, row, err) != 0) {
            return -1;
        }
    }
    for (int first = 0; first < count; first += BATCH) {
        int size = count - first < BATCH ? count - first : BATCH;
        if (add_batch(publication, first, size, err) != 0) {
            return -1;
        }
    }
    for (int row = 0; row < count; row++) {
        *ret_left += is_ended(publication, row) ? 0 : 1;
    }
    return 0;
}

static int leave_out_locked(struct publication *publication, struct err *err)
{
    for (int row = 0; row < PQntuples(publication->tables); row++) {
        if (!is_ended(publication, row) &&
            note_left_out(publication, row, "other sessions have kept it locked", err) != 0) {
            return -1;
        }
    }
    return 0;
}

int publication_take_tables(struct publication *publication, struct err *err)
{
    struct pg *control = &publication->control;
    int left = 0;
    if (replication_lock_timeout(control, FIRST_LOCK_MS, err) != 0 ||
        take_round(publication, true, err, &left) != 0 ||
        replication_lock_timeout(control, LOCK_TRY_MS, err) != 0) {
        return -1;
    }
    while (left > 0 && !is_late(publication)) {
        if (replication_pause(control->stop, clock_monotonic_ms() + LOCK_MS, ROUND_PAUSE_MS, err,
                              "waiting for tables that are locked") != 0 ||
            take_round(publication, false, err, &left) != 0) {
            return -1;
        }
    }
    return leave_out_locked(publication, err);
}

/* ---- the end: it takes effect ----------------------------------------------------------------------------
 */

static int activate(struct publication *publication, struct err *err)
{
    struct pg *control = &publication->control;
    bool truncates = control->version >= TRUNCATE_SINCE;
    auto_buf struct buf sql = BUF_MAX(1024);
    buf_adds(&sql, "ALTER PUBLICATION ");
    pg_add_identifier(control, &sql, publication->name);
    buf_addf(&sql, " SET (publish = 'insert, update, delete%s')", truncates ? ", truncate" : "");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(control, err, buf_text(&sql)) != 0) {
        return -1;
    }
    return truncates ? 0
                     : add_note(publication,
                                str_dup("PostgreSQL 10 does not replicate TRUNCATE. Truncated tables are "
                                        "recopied at the cutover."),
                                err);
}

int replication_publish(const struct replication *replication, struct err *err, struct str_list *ret_notes)
{
    auto_publication struct publication publication = {.replication = replication,
                                                       .name = replication->name,
                                                       .deadline_ms = clock_monotonic_ms() + LOCK_MS,
                                                       .notes = ret_notes};
    if (replication_control(replication, replication->stop, err, &publication.control) != 0 ||
        replication_use_names(&publication.control, err) != 0 || begin(&publication, err) != 0 ||
        publication_take_tables(&publication, err) != 0 || activate(&publication, err) != 0) {
        err_prefix(err, "Cannot create the publication '%s'. ", replication->name);
        str_make_utf8(err->message);
        return -1;
    }
    return 0;
}
