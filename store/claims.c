/* SPDX-License-Identifier: MIT */
/*
 * Migrations, as the executor reads and writes them. A lease is an owner, a generation and an end; every
 * statement compares it, so a worker that has lost it writes nothing. These functions write no column that
 * the user writes, except window_end_us, and that only if the user has not written since the claim
 * (user_generation = claimed_generation).
 */
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/migration_cleanup_private.h"
#include "store/migration_row_private.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"
#include "store/store.h"

#define UNDER_LEASE " WHERE id = ? AND lease_generation = ? AND lease_owner IS ?"

static void bind_lease(struct stmt *stmt, const struct migration *migration)
{
    bind_int(stmt, migration->id);
    bind_int(stmt, migration->lease_generation);
    bind_text(stmt, migration->lease_owner);
}

int store_migration_claim(struct store *store, const char *owner, int64_t now_us, int64_t lease_until_us,
                          struct err *err, struct migration *ret_migration)
{
    /* A claim whose row cannot be read would be renewed for ever without a worker. */
    auto_db_tx struct db_tx tx = {0};
    auto_stmt struct stmt stmt = {0};
    if (db_begin(store, err, &tx) < 0 ||
        stmt_open(store, STMT_MIGRATION_CLAIM,
                  "UPDATE migration SET lease_owner = ?1, lease_until_us = ?3,"
                  " lease_generation = lease_generation + 1, claimed_generation = user_generation,"
                  " asked = 0"
                  " WHERE id = (SELECT id FROM migration WHERE attention = 1 AND not_before_us <= ?2"
                  " AND lease_until_us <= ?2 AND lease_owner IS NOT ?1 ORDER BY not_before_us, id LIMIT 1)"
                  " RETURNING " MIGRATION_COLUMNS,
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, owner);
    bind_int(&stmt, now_us);
    bind_int(&stmt, lease_until_us);
    int found = stmt_get_row(&stmt, &migration_type, err, ret_migration);
    if (found == 1 && db_commit(&tx, err) < 0) {
        migration_done(ret_migration);
        return -1;
    }
    return found;
}

static int renew(struct store *store, enum stmt_id id, const char *sql, const char *owner,
                 int64_t lease_until_us, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, id, sql, err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, lease_until_us);
    bind_text(&stmt, owner);
    return stmt_run(&stmt, err);
}

int store_migration_renew(struct store *store, const char *owner, int64_t lease_until_us, struct err *err)
{
    if (renew(store, STMT_MIGRATION_RENEW, "UPDATE migration SET lease_until_us = ? WHERE lease_owner = ?",
              owner, lease_until_us, err) < 0) {
        return -1;
    }
    return renew(store, STMT_OPERATION_RENEW,
                 "UPDATE operation SET lease_until_us = ? WHERE ended_us = 0 AND lease_owner = ?", owner,
                 lease_until_us, err);
}

int store_migration_release(struct store *store, const struct migration *migration, bool attention,
                            int64_t not_before_us, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_MIGRATION_RELEASE,
            "UPDATE migration SET lease_owner = NULL, lease_until_us = 0,"
            " attention = ((ended_us = 0 OR " HAS_PENDING_CLEANUP
            ") AND (? OR asked OR user_generation <> claimed_generation)),"
            " not_before_us = CASE WHEN asked OR user_generation <> claimed_generation THEN 0 ELSE ? END,"
            " asked = 0" UNDER_LEASE,
            err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, attention);
    bind_int(&stmt, not_before_us);
    bind_lease(&stmt, migration);
    return stmt_run(&stmt, err);
}

static int free_leases(struct store *store, const char *owner, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_MIGRATION_FREE_LEASES,
            "UPDATE migration SET lease_owner = NULL, lease_until_us = 0, not_before_us = 0"
            " WHERE (lease_owner IS NOT NULL AND lease_owner <> ?) OR (lease_owner IS NULL AND ended_us = 0)",
            err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, owner);
    return stmt_run(&stmt, err);
}

int store_migration_free_leases(struct store *store, const char *owner, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0 || free_leases(store, owner, err) < 0 ||
        migration_cleanup_resume(store, err) < 0) {
        return -1;
    }
    return db_commit(&tx, err);
}

static void bind_error(struct stmt *stmt, const struct migration_error *error)
{
    bind_text(stmt, error->text);
    bind_text(stmt, error->code);
    bind_text(stmt, error->facts);
}

/* 1 if the row was found under the lease and in the substate to leave. */
static int swap_state(struct store *store, const struct migration *migration,
                      const struct migration_move *move, int64_t now_us, struct err *err,
                      bool *ret_secrets_kept)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_MOVE,
                  "UPDATE migration SET state = ?, substate = ?2, ended_us = ?3,"
                  " entered_us = CASE WHEN substate = ?2 THEN entered_us ELSE ?4 END,"
                  " error = CASE WHEN ?5 THEN ?6 ELSE error END,"
                  " error_code = CASE WHEN ?5 THEN ?7 ELSE error_code END,"
                  " error_facts = CASE WHEN ?5 THEN ?8 ELSE error_facts END,"
                  " secrets = CASE WHEN ?3 = 0 OR " HAS_PENDING_CLEANUP " THEN secrets END,"
                  " attention = (attention AND (?3 = 0 OR " HAS_PENDING_CLEANUP "))" UNDER_LEASE
                  " AND substate = ? RETURNING secrets IS NOT NULL",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_word(&stmt, WORDS_MIGRATION_STATE, (int)move->state);
    bind_word(&stmt, WORDS_SUBSTATE, (int)move->substate);
    bind_int(&stmt, migration_state_is_terminal(move->state) ? now_us : 0);
    bind_int(&stmt, clock_steady_us());
    bind_int(&stmt, move->error != NULL);
    bind_error(&stmt, move->error == NULL ? &(struct migration_error){0} : move->error);
    bind_lease(&stmt, migration);
    bind_word(&stmt, WORDS_SUBSTATE, (int)move->from);
    int moved = stmt_next(&stmt, err);
    if (moved > 0) {
        *ret_secrets_kept = column_bool(&stmt);
    }
    /* Run it to its end, so that its success is known. */
    return moved > 0 && stmt_next(&stmt, err) < 0 ? -1 : moved;
}

/* Takes the text over. */
static void replace_text(char **member, char *text)
{
    free(*member);
    *member = text;
}

int store_migration_move(struct store *store, struct migration *migration, const struct migration_move *move,
                         struct err *err)
{
    const struct migration_error *error = move->error;
    auto_free char *text = error == NULL ? NULL : str_dup(error->text);
    auto_free char *code = error == NULL ? NULL : str_dup(error->code);
    auto_free char *facts = error == NULL ? NULL : str_dup(error->facts);
    if (error != NULL && ((text == NULL && error->text != NULL) || (code == NULL && error->code != NULL) ||
                          (facts == NULL && error->facts != NULL))) {
        return memory_error(err);
    }
    const bool terminal = migration_state_is_terminal(move->state);
    const int64_t now_us = clock_now_us();
    const int64_t steady_us = clock_steady_us();
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0) {
        return -1;
    }
    bool secrets_kept = false;
    int moved = swap_state(store, migration, move, now_us, err, &secrets_kept);
    if (moved <= 0) {
        return moved;
    }
    if (store_event_add(store, migration->id, move->event, err) < 0 || db_commit(&tx, err) < 0) {
        return -1;
    }
    migration->state = move->state;
    migration->entered_us = move->substate == move->from ? migration->entered_us : steady_us;
    migration->substate = move->substate;
    migration->ended_us = terminal ? now_us : 0;
    if (error != NULL) {
        replace_text(&migration->error, TAKE(text));
        replace_text(&migration->error_code, TAKE(code));
        replace_text(&migration->error_facts, TAKE(facts));
    }
    if (terminal && !secrets_kept) {
        migration->attention = false;
        migration_spec_forget_secrets(&migration->spec);
    }
    return 1;
}

int store_migration_set_facts(struct store *store, const struct migration *migration, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_MIGRATION_SET_FACTS,
            "UPDATE migration SET source_metadata = ?, target_metadata = ?, validation = ?, window_end_us ="
            " CASE WHEN user_generation = claimed_generation THEN ? ELSE window_end_us END" UNDER_LEASE,
            err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, migration->source_metadata);
    bind_text(&stmt, migration->target_metadata);
    bind_text(&stmt, migration->validation);
    bind_int(&stmt, migration->spec.window_end_us);
    bind_lease(&stmt, migration);
    if (stmt_run(&stmt, err) < 0) {
        return -1;
    }
    return stmt_changes(&stmt) > 0
               ? 0
               : err_set(err, ERR_CONFLICT, "The migration was taken over by another worker, or deleted.");
}

int store_migration_set_error(struct store *store, const struct migration *migration,
                              const struct migration_error *error, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_SET_ERROR,
                  "UPDATE migration SET error = ?, error_code = ?, error_facts = ?" UNDER_LEASE, err,
                  &stmt) < 0) {
        return -1;
    }
    bind_error(&stmt, error);
    bind_lease(&stmt, migration);
    if (stmt_run(&stmt, err) < 0) {
        return -1;
    }
    return stmt_changes(&stmt) > 0
               ? 0
               : err_set(err, ERR_CONFLICT, "The migration was taken over by another worker, or deleted.");
}

int store_migration_cancel_requested(struct store *store, int64_t id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_CANCEL_REQUESTED, "SELECT cancel FROM migration WHERE id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    int found = stmt_next(&stmt, err);
    if (found < 0) {
        return -1;
    }
    return found == 0 || column_flag(&stmt) == FLAG_TRUE;
}

int store_migration_next_due(struct store *store, const char *owner, struct err *err, int64_t *ret_at_us)
{
    auto_stmt struct stmt stmt = {0};
    /* max(1, ...): a migration that is due now must not look like "none". The aggregate returns NULL, read
     * as 0, if there is none. */
    if (stmt_open(store, STMT_MIGRATION_NEXT_DUE,
                  "SELECT max(1, min(max(not_before_us, lease_until_us))) FROM migration"
                  " WHERE attention = 1 AND lease_owner IS NOT ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, owner);
    if (stmt_next(&stmt, err) < 0) {
        return -1;
    }
    *ret_at_us = column_int64(&stmt);
    return 0;
}
