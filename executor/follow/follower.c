/* SPDX-License-Identifier: MIT */
/* One follower's turn. */
#include "executor/follow/follower_private.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/pg/pg_point.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/tables/position.h"
#include "executor/follow/follower_figures_private.h"
#include "executor/follow/follower_join_private.h"
#include "executor/follow/follower_missing_private.h"
#include "executor/retry.h"

enum {
    SLICE_MS = 200,
    IDLE_MS = 500,
    WANTED_MS = 5, /* while a cutover waits for the follower */
    BACKOFF_LEAST_MS = 100,
    BACKOFF_MOST_MS = 3000,
    BACKOFF_WAITING_MS = 1000, /* while the user has to do something */
    INTERNAL_ERRORS_MOST = 8,  /* about ten seconds */
    HELD_MS = 20,              /* while a rule holds it */
};

enum { FOLLOWER_HELD = 2 };

/* ---- trouble ---------------------------------------------------------------------------------------------
 */

static void log_state(struct follower *follower, const char *what, const char *reason)
{
    struct err ignored = {0};
    auto_free char *text = str_format("Database '%s': %s%s", follower->database, what, reason);
    if (text != NULL) {
        (void)store_event_add(follower->executor->store, follower->migration_id, text, &ignored);
        log_event(LOG_WARNING, "follower", "migration", follower->migration_uuid, "database",
                  follower->database, "what", what, "reason", reason, NULL);
    }
}

/* Errors that the user must resolve on the target have no deadline. */
static bool waits_for_user(const struct err *err)
{
    return err->waiting && !err->lasting;
}

static bool is_hopeless(const struct follower *follower, const struct err *err)
{
    bool late = retry_is_late(&follower->retry, follower->executor);
    return !failure_is_transient(err) || (late && !waits_for_user(err));
}

/*
 * An internal error of PostgreSQL (XX000) may be caused by concurrent DDL: the source cannot map a file to
 * its table while it decodes, or the target's catalog changes during a statement. An error that recurs at
 * the same position is not transient.
 */
static void classify_internal_error(struct follower *follower, struct err *err)
{
    if (!sqlstate_is(err->sqlstate, SQLSTATE_INTERNAL_ERROR)) {
        return;
    }
    if (++follower->internal_errors < INTERNAL_ERRORS_MOST) {
        err->lasting = false;
        return;
    }
    char position[POSITION_TEXT_SIZE];
    err_prefix(
        err,
        "PostgreSQL failed %d times in a row behind WAL position %s of the source: replication of database "
        "'%s' cannot pass it. Keep using the source, and create a new migration. The last error: ",
        follower->internal_errors, position_format(follower->trouble_position, position), follower->database);
}

/* Closes everything that was open. Returns when to retry; the view says that the follower has failed if a
 * retry is useless. */
static int abort_turn(struct follower *follower, struct err *err, struct follower_view *view)
{
    bool first = follower->retry.failing_since_ms == 0;
    follower->has_visited = false;
    uint64_t begun = follower->follow == NULL ? 0 : follow_begun(follower->follow);
    follow_close(follower->follow);
    follower->follow = NULL;
    sides_done(&follower->sides);
    follower->sides = (struct sides){0};
    if (stop_requested(&follower->stop)) {
        return IDLE_MS;
    }
    follower->retry.least_ms = BACKOFF_LEAST_MS;
    follower->retry.most_ms = waits_for_user(err) ? BACKOFF_WAITING_MS : BACKOFF_MOST_MS;
    if (first || (waits_for_user(&follower->trouble) && !waits_for_user(err))) {
        retry_begin(&follower->retry);
    }
    figures_find_end(follower, 0); /* an older end of the WAL would hide the failed change */
    if (view->position != 0) {
        figures_store(follower, view); /* waiting changes are pending */
    }
    follower->trouble_position = view->position;
    if (waits_for_user(err) && begun > view->position) {
        follower->trouble_position = begun;
    }
    classify_internal_error(follower, err);
    view->failure = *err;
    if (is_hopeless(follower, err)) {
        view->state = FOLLOWER_FAILED;
        return IDLE_MS;
    }
    if (first || !str_equals(follower->trouble.message, err->message)) {
        log_state(follower, "changes wait, and Malachite retries: ", err->message);
    }
    follower->trouble = *err;
    return retry_next_pause_ms(&follower->retry);
}

/* A new session does not prove recovery, because the same change may be rejected again. Nor do
 * transactions before the rejected one. */
static void recover(struct follower *follower, struct follower_view *view)
{
    bool advances =
        view->position > follower->trouble_position || figures_pending_bytes(follower, view->position) == 0;
    if (follower->retry.failing_since_ms == 0 || !advances) {
        return;
    }
    log_state(follower, "applying changes again.", "");
    follower->retry.failing_since_ms = 0;
    follower->internal_errors = 0;
    follower->trouble = (struct err){0};
    view->failure = (struct err){0};
}

/* ---- turns -----------------------------------------------------------------------------------------------
 */

/* The user may have provided new ones during the pause. */
static int refresh_logins(struct follower *follower, struct err *err)
{
    struct migration now = {0};
    int found = store_migration_get_by_id(follower->executor->store, follower->migration_id, err, &now);
    if (found <= 0) {
        return found < 0 ? -1 : err_set(err, ERR_RESOURCE_NOT_FOUND, "The migration was deleted.");
    }
    migration_done(&follower->migration);
    follower->migration = now;
    return 0;
}

/* The strings are the follower's; those of its sides are unknown until they were found. */
static void set_scope(struct follower *follower)
{
    const struct server *target = &follower->sides.target.server;
    follower->subject = (struct point_subject){
        .subscription = target->subscription_id,
        .migration = follower->migration.name,
        .migration_id = follower->migration_uuid,
        .server = follower->sides.source.server.name,
        .other_server = target->name,
        .database = follower->database,
        .substate = word_of(WORDS_SUBSTATE, (int)follower->migration.substate),
        .stop = &follower->stop,
    };
    point_scope_set(&follower->subject);
}

/* Never blocks, because a thread serves many followers. 1: a rule holds the begin, 0: go on. */
static int visit_begin(struct follower *follower, struct err *err)
{
    const struct pg_point visit = {.point = POINT_FOLLOW_BEGIN, .database = follower->database};
    if (follower->has_visited) {
        return 0;
    }
    if (follower->begin.action == ACTION_NONE &&
        !point_take(POINT_FOLLOW_BEGIN, &follower->subject, &follower->begin)) {
        follower->has_visited = true;
        return 0;
    }
    if (point_is_waiting(&follower->begin)) {
        return 1;
    }
    struct point_effect effect = follower->begin;
    follower->begin.action = ACTION_NONE;
    if (pg_point_finish(&visit, &follower->subject, &effect, err) != 0) {
        return -1;
    }
    follower->has_visited = true;
    return 0;
}

static int connect_both(struct follower *follower, struct err *err)
{
    struct executor *executor = follower->executor;
    if (follower->follow != NULL) {
        return 0;
    }
    if (refresh_logins(follower, err) < 0) {
        return -1;
    }
    sides_done(&follower->sides); /* of a session that was closed for tables that join */
    follower->sides = (struct sides){0};
    if (sides_find(executor, &follower->migration, err, &follower->sides) < 0) {
        return -1;
    }
    set_scope(follower);
    int held = visit_begin(follower, err);
    if (held != 0) {
        sides_done(&follower->sides);
        follower->sides = (struct sides){0};
        set_scope(follower);
        return held;
    }
    if (follower_group_set_source(follower->group, &follower->sides.source.work, err) != 0) {
        return -1;
    }
    const struct follow_request request = {.source = &follower->sides.source.work,
                                           .target = &follower->sides.target.work,
                                           .database = follower->database,
                                           .name = follower->name,
                                           .stop = &follower->stop,
                                           .waits = figures_store_while_waiting,
                                           .context = follower};
    return follow_open(&request, err, &follower->follow);
}

static void note_progress(struct follower *follower, struct follower_view *view)
{
    view->position = follow_position(follower->follow);
    view->progress = *follow_progress(follower->follow);
    follower->arrived = view->position;
    follower->commit_us = follow_commit_us(follower->follow);
}

static int work(struct follower *follower, uint64_t wanted, struct follower_view *view, struct err *err)
{
    int held = connect_both(follower, err);
    if (held != 0) {
        return held < 0 ? -1 : FOLLOWER_HELD;
    }
    if (view->position == 0) {
        note_progress(follower, view); /* the first turn may fail, and pending bytes are counted from here */
    }
    int more = follow_run(follower->follow, SLICE_MS, err);
    if (more < 0) {
        return -1;
    }
    note_progress(follower, view);
    if (figures_check_end(follower, view, err) != 0) {
        return -1;
    }
    if (more == 0 && wanted > view->position && follow_ask(follower->follow, err) != 0) {
        return -1;
    }
    return more;
}

int follower_turn(struct follower *follower, uint64_t wanted, struct follower_view *ret_view)
{
    struct err err = {0};
    set_scope(follower);
    int more = work(follower, wanted, ret_view, &err);
    point_scope_set(NULL); /* its strings may be freed now */
    if (more < 0) {
        return abort_turn(follower, &err, ret_view);
    }
    if (more == FOLLOWER_HELD || follow_is_paused(follower->follow)) {
        return HELD_MS;
    }
    recover(follower, ret_view);
    follower_compare_catalogs(follower, ret_view);
    follower_join(follower, wanted, ret_view);
    if (more > 0 || follower->follow == NULL) {
        return 0;
    }
    return wanted > ret_view->position ? WANTED_MS : IDLE_MS;
}

void follower_free(struct follower *follower)
{
    point_leave(&follower->begin);
    follow_close(follower->follow);
    follower_join_done(follower);
    sides_done(&follower->sides);
    migration_done(&follower->migration);
    free(follower->migration_uuid);
    free(follower->database);
    free(follower->name);
    free(follower);
}
