/* SPDX-License-Identifier: MIT */
/*
 * Sets up logical replication on the source. The parameters take effect at a restart: Malachite restarts
 * the servers it runs; the owner of an attached server restarts it, which the wait notices. In the
 * meantime properties.currentStatus.error says what is missing.
 */
#include "executor/steps/replication_source_private.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "engine/replication/replication_setup.h"
#include "executor/follow/online.h"
#include "executor/fsm/database_row.h"
#include "executor/power_operation.h"
#include "executor/wake.h"

enum { OPERATION_LOOK_MS = 200, RECHECK_MS = 1000, TEXT_MAX_BYTES = 1200 };

static bool failed(const struct work *work, enum step_outcome *ret_outcome)
{
    *ret_outcome = outcome_of_failure(work);
    return false;
}

/* ---- what is missing -------------------------------------------------------------------------------------
 */

/* Slots that may still have to be created; one, as long as the databases are unknown. */
static int count_needed(struct work *work, int *ret_needed)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    int needed = work->migration.spec.databases.count == 0 ? 1 : 0;
    if (store_database_list(work->store, work->migration.id, &work->err, &rows, &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        needed += database_is_to_move(&rows[i]) ? 1 : 0;
    }
    migration_databases_free(rows, count);
    *ret_needed = needed;
    return 0;
}

struct missing {
    char *text;  /* the missing settings as one line; NULL: none */
    char *facts; /* what the source says about them, for comparisons */
    int code;    /* the service's */
};

static void missing_done(struct missing *missing)
{
    free(missing->text);
    free(missing->facts);
}
#define auto_missing __attribute__((cleanup(missing_done)))

/* NULL: no item, or no memory. */
static char *join(const struct str_list *list)
{
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    for (size_t i = 0; i < list->count; i++) {
        buf_addf(&text, "%s%s", i == 0 ? "" : "; ", list->items[i]);
    }
    return list->count == 0 ? NULL : buf_take(&text);
}

static int find_missing(struct work *work, const struct sides *sides, int *ret_needed,
                        struct missing *ret_missing)
{
    auto_replication_missing struct replication_missing found = {0};
    if (count_needed(work, ret_needed) < 0 ||
        (*ret_needed > 0 && replication_setup_missing(&sides->source.work, *ret_needed, &work->worker->stop,
                                                      &work->err, &found) != 0)) {
        return -1;
    }
    *ret_missing =
        (struct missing){.text = join(&found.lines), .facts = join(&found.readings), .code = found.code};
    return found.code != 0 && (ret_missing->text == NULL || ret_missing->facts == NULL)
               ? err_no_memory(&work->err)
               : 0;
}

static enum step_outcome show_wait(struct work *work, const char *text, int service_code, const char *facts)
{
    const struct err failure = {.service_code = service_code};
    char cause[ERR_CAUSE_SIZE];
    const struct migration_error error = {.text = text, .code = err_cause(&failure, cause), .facts = facts};
    return fsm_move_with_error(work, SUB_WAITING_FOR_LOGICAL_REPLICATION, &error);
}

/* ---- a server that Malachite runs ------------------------------------------------------------------------
 */

/* Copies that a restart of the server would abort; followers reconnect. */
static int find_copying(struct work *work, const struct server *server, char **ret_name)
{
    const struct migration_filter filter = {.active_only = true};
    struct migration *rows = NULL;
    size_t count = 0;
    if (store_migration_list(work->store, &filter, &work->err, &rows, &count) < 0) {
        return -1;
    }
    const char *name = NULL;
    for (size_t i = 0; i < count; i++) {
        bool uses = rows[i].source_id == server->id || rows[i].target_id == server->id;
        bool other = rows[i].id != work->migration.id;
        name = uses && other && rows[i].substate == SUB_MIGRATING_DATA ? rows[i].name : name;
    }
    *ret_name = str_dup(name);
    migrations_free(rows, count);
    return name != NULL && *ret_name == NULL ? err_no_memory(&work->err) : 0;
}

/* As POST restart does. */
static int order_restart(struct work *work, const struct server *seen, struct operation *ret_operation)
{
    auto_server struct server server = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(work->store, &work->err, &tx) < 0) {
        return -1;
    }
    int found = store_server_get_by_id(work->store, seen->id, &work->err, &server);
    if (found <= 0) {
        return found < 0 ? -1
                         : err_set(&work->err, ERR_RESOURCE_NOT_FOUND,
                                   "The source server was deleted in the meantime.");
    }
    if (server.state != SERVER_STATE_READY) {
        err_set(&work->err, ERR_SERVER_NOT_READY, "The source server '%s' is %s.", server.name,
                word_of(WORDS_SERVER_STATE, (int)server.state));
        work->err.lasting = false;
        return -1;
    }
    if (operation_init_power(&server, OPERATION_SERVER_RESTART, &work->err, ret_operation) < 0 ||
        store_server_set_state(work->store, server.id, SERVER_STATE_UPDATING, NULL, &work->err) < 0 ||
        store_operation_insert(work->store, ret_operation, &work->err) < 0) {
        return -1;
    }
    return store_commit(&tx, &work->err);
}

/* The operation's own limits bound the wait. After a stop the operation continues. */
static int await_operation(struct work *work, const struct operation *ordered)
{
    struct executor *executor = work->executor;
    for (;;) {
        uint64_t seen = executor_generation(executor);
        auto_operation struct operation now = {0};
        int found = store_operation_get(work->store, ordered->subscription_id, ordered->id, &work->err, &now);
        if (found <= 0) {
            return found < 0 ? -1
                             : err_set(&work->err, ERR_INTERNAL, "The operation of the restart was deleted.");
        }
        if (now.status == OPERATION_SUCCEEDED) {
            return 0;
        }
        if (now.status != OPERATION_IN_PROGRESS) {
            return err_set(&work->err, ERR_OPERATION_NOT_ALLOWED,
                           "Logical replication could not be set up on the source server. %s",
                           now.error_message == NULL ? "The restart was canceled." : now.error_message);
        }
        if (stop_requested(&work->worker->stop)) {
            return err_set(&work->err, ERR_CANCELED,
                           "Malachite stopped while the source server was restarting.");
        }
        executor_wait(executor, seen, OPERATION_LOOK_MS);
    }
}

static int restart(struct work *work, const struct server *server)
{
    auto_operation struct operation operation = {0};
    struct err ignored = {0};
    if (order_restart(work, server, &operation) < 0) {
        return -1;
    }
    executor_wake(work->executor);
    (void)store_event_add(work->store, work->migration.id,
                          "The source server is restarting to set up logical replication.", &ignored);
    return await_operation(work, &operation);
}

static bool set_up_own(struct work *work, const struct sides *sides, int needed,
                       enum step_outcome *ret_outcome)
{
    const struct server *server = &sides->source.server;
    auto_free char *copying = NULL;
    auto_missing struct missing left = {0};
    bool restart_needed = false;
    if (find_copying(work, server, &copying) < 0) {
        return failed(work, ret_outcome);
    }
    if (copying != NULL) {
        auto_free char *text = str_format("The source server has to restart. The restart waits until the "
                                          "migration '%s' has finished its base copy.",
                                          copying);
        work_add_event_once(work, text);
        work->delay_ms = RECHECK_MS;
        *ret_outcome = STEP_LATER;
        return false;
    }
    if (replication_setup_change(&sides->source.work, needed, &work->worker->stop, &work->err,
                                 &restart_needed) != 0) {
        return failed(work, ret_outcome);
    }
    if (restart_needed && restart(work, server) != 0) {
        if (work->err.code == ERR_SERVER_NOT_READY && !work->err.lasting) {
            work->delay_ms = RECHECK_MS; /* another operation restarts or changes it */
            *ret_outcome = STEP_LATER;
            return false;
        }
        return failed(work, ret_outcome);
    }
    if (find_missing(work, sides, &needed, &left) < 0) {
        return failed(work, ret_outcome);
    }
    if (left.text != NULL) {
        err_set(&work->err, ERR_OPERATION_NOT_ALLOWED,
                "Logical replication could not be set up on the source server: after its restart, %s.",
                left.text);
        return failed(work, ret_outcome);
    }
    return true;
}

/* ---- a server that somebody else runs --------------------------------------------------------------------
 */

static bool wait_for_owner(struct work *work, const struct sides *sides, const struct missing *missing,
                           const char *what, enum step_outcome *ret_outcome)
{
    auto_free char *text =
        str_format("Logical replication is not set up on the %s: %s. %s The migration then "
                   "continues automatically.",
                   sides->source.work.label, missing->text, what);
    if (text == NULL) {
        err_no_memory(&work->err);
        return failed(work, ret_outcome);
    }
    *ret_outcome = show_wait(work, text, missing->code, missing->facts);
    return false;
}

static bool set_up_attached(struct work *work, const struct sides *sides, int needed,
                            const struct missing *missing, enum step_outcome *ret_outcome)
{
    bool restart_needed = false;
    if (replication_setup_change(&sides->source.work, needed, &work->worker->stop, &work->err,
                                 &restart_needed) != 0) {
        if (stop_requested(&work->worker->stop) || !work->err.lasting) {
            return failed(work, ret_outcome);
        }
        struct err reason = work->err;
        return wait_for_owner(work, sides, missing, reason.message, ret_outcome);
    }
    return wait_for_owner(work, sides, missing,
                          restart_needed
                              ? "The parameters are changed (ALTER SYSTEM); now restart that PostgreSQL."
                              : "Free replication slots on it.",
                          ret_outcome);
}

static bool wait_for_permission(struct work *work, const struct sides *sides, bool own,
                                const struct missing *missing, enum step_outcome *ret_outcome)
{
    auto_free char *text = str_format(
        "The %s is not set up for logical replication (%s). Set setupLogicalReplicationOnSourceDbIfNeeded to "
        "\"True\" with PATCH to have Malachite change its parameters%s, or cancel the migration.",
        sides->source.work.label, missing->text,
        own ? " and restart it" : "; you then restart that PostgreSQL yourself");
    if (text == NULL) {
        err_no_memory(&work->err);
        return failed(work, ret_outcome);
    }
    *ret_outcome = show_wait(work, text, missing->code, NULL);
    return false;
}

bool replication_source_is_ready(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome)
{
    auto_missing struct missing missing = {0};
    int needed = 0;
    if (!is_online(&work->migration) || work->migration.spec.option == MIGRATION_OPTION_VALIDATE) {
        return true;
    }
    if (find_missing(work, sides, &needed, &missing) < 0) {
        return failed(work, ret_outcome);
    }
    if (missing.text == NULL) {
        return true;
    }
    bool own = sides->source.server.id != 0 && !sides->source.server.attached;
    if (work->migration.spec.setup_replication != FLAG_TRUE) {
        return wait_for_permission(work, sides, own, &missing, ret_outcome);
    }
    return own ? set_up_own(work, sides, needed, ret_outcome)
               : set_up_attached(work, sides, needed, &missing, ret_outcome);
}

/* ---- the wait --------------------------------------------------------------------------------------------
 */

/* Whether the reason for the wait has changed, including the user's permission: then the prerequisites are
 * checked again. */
static int has_changed(struct work *work)
{
    auto_sides struct sides sides = {0};
    auto_missing struct missing missing = {0};
    int needed = 0;
    if (sides_find(work->executor, &work->migration, &work->err, &sides) < 0 ||
        find_missing(work, &sides, &needed, &missing) < 0) {
        return -1;
    }
    return missing.facts == NULL || !str_equals(missing.facts, work->migration.error_facts);
}

enum step_outcome step_wait_replication(struct work *work)
{
    if (work->migration.spec.setup_replication != FLAG_TRUE) {
        return STEP_WAIT;
    }
    if (work->migration.error == NULL) {
        return fsm_move(work, SUB_PERFORMING_PREREQUISITE_STEPS, "Setup of logical replication allowed.");
    }
    int changed = has_changed(work);
    if (changed > 0) {
        return fsm_move(work, SUB_PERFORMING_PREREQUISITE_STEPS, "Checking the source server again.");
    }
    bool passing = !work->err.lasting || work->err.code == ERR_SERVER_NOT_READY;
    if (changed < 0 && (stop_requested(&work->worker->stop) || !passing)) {
        return outcome_of_failure(work);
    }
    work->delay_ms = RECHECK_MS; /* a server that restarts is unreachable in the meantime */
    return STEP_LATER;
}
