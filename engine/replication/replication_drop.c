/* SPDX-License-Identifier: MIT */
/*
 * Cleans up the source. Each part may be missing, and each is tried although another fails: the slot
 * first, because it keeps WAL. The publication, whose comment records what to restore, goes last; before
 * that it is changed to publish nothing, so that a table with its original identity can be updated.
 */
#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/replication_private.h"

enum {
    DROP_MS = 10000,
    LOCK_TRY_MS = 2000,
    FIRST_LOCK_MS = 50,
    PAUSE_MS = 100,
    EMPTY_MS = 30,
    SQL_MAX_BYTES = 65536
};

/* ---- identities ------------------------------------------------------------------------------------------
 */

enum kept_column { KEPT_SCHEMA, KEPT_TABLE, KEPT_IDENTITY, KEPT_INDEX };

static enum ddl_outcome set_identity(struct pg *control, const PGresult *kept, int row, bool with_index,
                                     struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "ALTER TABLE ONLY ");
    pg_add_qualified(control, &sql, PQgetvalue(kept, row, KEPT_SCHEMA), PQgetvalue(kept, row, KEPT_TABLE));
    buf_adds(&sql, " REPLICA IDENTITY ");
    if (with_index) {
        buf_adds(&sql, "USING INDEX ");
        pg_add_identifier(control, &sql, PQgetvalue(kept, row, KEPT_INDEX));
    } else {
        buf_adds(&sql, PQgetvalue(kept, row, KEPT_IDENTITY)[0] == 'd' ? "DEFAULT" : "NOTHING");
    }
    return replication_ddl(control, &sql, err);
}

/* If the index of an identity is missing or unsuitable by now, the table had no usable identity: like
 * NOTHING. */
static enum ddl_outcome restore_one(struct pg *control, const PGresult *kept, int row, struct err *err)
{
    bool indexed = PQgetvalue(kept, row, KEPT_IDENTITY)[0] == 'i' && !PQgetisnull(kept, row, KEPT_INDEX);
    if (indexed) {
        enum ddl_outcome outcome = set_identity(control, kept, row, true, err);
        if (outcome != DDL_REFUSED && outcome != DDL_GONE) {
            return outcome;
        }
    }
    return set_identity(control, kept, row, false, err);
}

static int fail_on(const PGresult *kept, int row, struct err *err)
{
    return err_prefix(err, "Cannot restore the replica identity of the table %s.%s. ",
                      PQgetvalue(kept, row, KEPT_SCHEMA), PQgetvalue(kept, row, KEPT_TABLE));
}

/* Restores the identities of all tables that are not locked. 1: some are locked (err says which), 0: none
 * is left, -1: one identity cannot be restored at all; the others are nevertheless. */
static int restore_round(struct pg *control, const struct replication *replication, int64_t deadline_ms,
                         struct err *err)
{
    auto_result PGresult *kept = NULL;
    int result = 0;
    if (replication_read_kept(control, replication, err, &kept) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(kept); row++) {
        struct err reason = {0};
        if (clock_ms_left(deadline_ms) == 0 && row > 0 && result > 0) {
            break;
        }
        switch (restore_one(control, kept, row, &reason)) {
        case DDL_DONE:
        case DDL_GONE:
            break;
        case DDL_LATER:
            if (result == 0) {
                *err = reason;
                fail_on(kept, row, err);
                result = 1;
            }
            break;
        case DDL_REFUSED:
            *err = reason;
            result = fail_on(kept, row, err);
            break;
        case DDL_FAILED:
            *err = reason;
            return fail_on(kept, row, err);
        }
    }
    return result;
}

static int restore_identities(struct pg *control, const struct replication *replication, int64_t deadline_ms,
                              struct err *err)
{
    int left = replication_lock_timeout(control, FIRST_LOCK_MS, err) != 0
                   ? -1
                   : restore_round(control, replication, deadline_ms, err);
    while (left > 0) {
        int left_ms = clock_ms_left(deadline_ms);
        if (left_ms <= PAUSE_MS) {
            return -1;
        }
        clock_sleep_ms(PAUSE_MS);
        left_ms -= PAUSE_MS;
        if (replication_lock_timeout(control, left_ms < LOCK_TRY_MS ? left_ms : LOCK_TRY_MS, err) != 0) {
            return -1;
        }
        left = restore_round(control, replication, deadline_ms, err);
    }
    return left;
}

/* ---- publication -----------------------------------------------------------------------------------------
 */

static enum ddl_outcome change_publication(struct pg *control, const char *before, const char *name,
                                           const char *after, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, before);
    pg_add_identifier(control, &sql, name);
    buf_adds(&sql, after);
    return replication_ddl(control, &sql, err);
}

/* The next tables of the publication, as a list for DROP TABLE; NULL: none. */
static int next_tables(struct pg *control, const char *name, struct err *err, char **ret_tables)
{
    return pg_value(
        control, err, ret_tables,
        "SELECT pg_catalog.string_agg('ONLY ' || t.name, ', ') FROM (SELECT"
        "  pg_catalog.format('%I.%I', n.nspname, c.relname) AS name"
        "  FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid"
        "  JOIN pg_catalog.pg_class c ON c.oid = r.prrelid"
        "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        "  WHERE p.pubname = $1 ORDER BY r.prrelid LIMIT 200) t",
        1, &name);
}

/*
 * An UPDATE of the application looks up its table's publications one by one, and fails if one is dropped
 * in between ("cache lookup failed for publication"). So all tables leave the publication a moment before
 * it is dropped. Locked tables do not delay the drop.
 */
static int empty_publication(struct pg *control, const char *name, struct err *err)
{
    bool any = false;
    for (enum ddl_outcome outcome = DDL_DONE; outcome == DDL_DONE;) {
        auto_free char *tables = NULL;
        auto_free char *after = NULL;
        if (next_tables(control, name, err, &tables) != 0) {
            return -1;
        }
        if (tables == NULL) {
            break;
        }
        after = str_format(" DROP TABLE %s", tables);
        if (after == NULL) {
            return err_no_memory(err);
        }
        outcome = change_publication(control, "ALTER PUBLICATION ", name, after, err);
        any = any || outcome == DDL_DONE;
        if (outcome == DDL_FAILED) {
            return -1;
        }
    }
    if (any) {
        clock_sleep_ms(EMPTY_MS);
    }
    return 0;
}

static int restore_without_publication(struct pg *control, const struct replication *replication,
                                       int64_t deadline_ms, struct err *err)
{
    return replication_lock_identities(control, deadline_ms, err) != 0
               ? -1
               : restore_identities(control, replication, deadline_ms, err);
}

static int drop_publication(struct pg *control, const struct replication *replication, int64_t deadline_ms,
                            struct err *err)
{
    const char *name = replication->name;
    if (replication_use_names(control, err) != 0 ||
        replication_lock_timeout(control, LOCK_TRY_MS, err) != 0) {
        return -1;
    }
    enum ddl_outcome outcome =
        change_publication(control, "ALTER PUBLICATION ", name, " SET (publish = '')", err);
    if (outcome == DDL_GONE) {
        /* It was never created, or somebody has dropped it. */
        return restore_without_publication(control, replication, deadline_ms, err);
    }
    if (outcome != DDL_DONE || restore_without_publication(control, replication, deadline_ms, err) != 0 ||
        replication_lock_timeout(control, LOCK_TRY_MS, err) != 0 ||
        empty_publication(control, name, err) != 0) {
        return -1;
    }
    outcome = change_publication(control, "DROP PUBLICATION IF EXISTS ", name, "", err);
    return outcome == DDL_DONE ? 0 : -1;
}

/* ---- all -------------------------------------------------------------------------------------------------
 */

/* The slot keeps WAL although its database cannot be connected to. */
static int drop_slot_from_elsewhere(const struct replication *replication, int64_t deadline_ms,
                                    struct err *err)
{
    auto_pg struct pg control = {0};
    if (pg_open_any(replication->source, replication->database, PG_ADMIN, replication->stop, err, &control) !=
        0) {
        return -1;
    }
    control.statement_timeout_ms = DROP_MS;
    return replication_drop_slot(&control, replication->name, deadline_ms, err);
}

static int drop_all(const struct replication *replication, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + DROP_MS;
    auto_pg struct pg control = {0};
    struct err reason = {0};
    if (replication_control(replication, replication->stop, &reason, &control) != 0) {
        bool gone = sqlstate_is(reason.sqlstate, SQLSTATE_UNDEFINED_DATABASE);
        bool dropped =
            reason.sqlstate[0] != '\0' && drop_slot_from_elsewhere(replication, deadline_ms, err) == 0;
        if (gone) {
            return dropped ? 0 : -1;
        }
        *err = reason;
        return -1;
    }
    control.statement_timeout_ms = DROP_MS;
    int slot = replication_drop_slot(&control, replication->name, deadline_ms, err);
    int publication = drop_publication(&control, replication, deadline_ms, slot == 0 ? err : &reason);
    return slot == 0 && publication == 0 ? 0 : -1;
}

int replication_drop(const struct replication *replication, struct err *err)
{
    if (drop_all(replication, err) != 0) {
        err_prefix(err, "Cannot remove the replication '%s' from the source. ", replication->name);
        str_make_utf8(err->message);
        return -1;
    }
    return 0;
}
