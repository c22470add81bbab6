/* SPDX-License-Identifier: MIT */
/*
 * The steps before data moves: reach both servers, run the checks, ask the user for missing decisions. The
 * guards are in the order in which the service evaluates them; after every answer all of them run again.
 */
#include <jansson.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/str.h"
#include "engine/admin/databases.h"
#include "engine/precheck/precheck.h"
#include "executor/follow/online.h"
#include "executor/fsm/database_row.h"
#include "executor/fsm/migration_fsm.h"
#include "executor/retry.h"
#include "executor/servers/sides.h"
#include "executor/steps/replication_source_private.h"
#include "executor/steps/service_checks_private.h"
#include "executor/steps/validation_private.h"

enum {
    EVENT_MAX = 4096,
    TARGET_PRESENT_CODE = 603101,
    SERVER_WAIT_MS = 100,                        /* interval for checking a starting server */
    SERVER_WAIT_LIMIT_US = 5 * 60 * 1000 * 1000, /* a server that starts for longer than this has failed */
};

/* A server that has just been requested may still be starting. */
static enum step_outcome await_servers(struct work *work)
{
    const struct migration *migration = &work->migration;
    int64_t since_us =
        migration->entered_us > migration->created_us ? migration->entered_us : migration->created_us;
    since_us = since_us > work->executor->started_us ? since_us : work->executor->started_us;
    work->delay_ms = SERVER_WAIT_MS;
    return !work->err.lasting && clock_steady_us() - since_us < SERVER_WAIT_LIMIT_US
               ? STEP_LATER
               : outcome_of_failure(work);
}

/* ---- facts about the servers -----------------------------------------------------------------------------
 */

static char *metadata(const struct side *side, const struct server_info *info)
{
    int major = info->version / 10000;
    auto_free char *version = str_format("%d", major);
    /* The service shows an empty sku, as recorded, for a single server. */
    bool shows_sku = side->server.kind == SERVER_FLEXIBLE && side->server.sku != NULL;
    json_t *sku = shows_sku ? memory_parse_text(side->server.sku, 0) : NULL;
    json_t *facts = json_object();
    if (side->server.location != NULL) {
        json_object_set_new(facts, "location", json_string(side->server.location));
    }
    json_object_set_new(facts, "version", json_string(version));
    json_object_set_new(facts, "storageMb", json_integer(info->databases_bytes / (1024 * 1024) + 1));
    json_object_set_new(facts, "sku", sku == NULL ? json_object() : sku);
    char *text = json_dumps(facts, JSON_COMPACT);
    json_decref(facts);
    return text;
}

/* Logs in to both servers like the client, and stores their properties. */
static int inspect_servers(struct work *work, const struct sides *sides)
{
    const struct stop *stop = &work->worker->stop;
    struct server_info source = {0};
    struct server_info target = {0};
    int result = server_inspect(&sides->source.login, stop, &work->err, &source);
    if (result == 0) {
        result = server_inspect(&sides->target.login, stop, &work->err, &target);
    }
    if (result == 0) {
        free(work->migration.source_metadata);
        free(work->migration.target_metadata);
        work->migration.source_metadata = metadata(&sides->source, &source);
        work->migration.target_metadata = metadata(&sides->target, &target);
        result = store_migration_set_facts(work->store, &work->migration, &work->err);
    }
    server_info_done(&source);
    server_info_done(&target);
    return result;
}

/* ---- checks ----------------------------------------------------------------------------------------------
 */

/* The storage that the resource of a flexible server requests, or the service's default. */
static int64_t storage_mb(const struct server *server)
{
    enum { STANDARD_GB = 128, MB_PER_GB = 1024 };
    json_auto_t *settings = memory_parse_text(server->properties, 0);
    const json_t *size = json_object_get(json_object_get(settings, "storage"), "storageSizeGB");
    int64_t size_gb = json_is_integer(size) ? (int64_t)json_integer_value(size) : STANDARD_GB;
    return size_gb * MB_PER_GB;
}

static int run_checks(struct work *work, const struct sides *sides, struct findings *ret_findings)
{
    auto_free char *data_dir = NULL;
    auto_str_list struct str_list databases = {0};
    const struct server *source = &sides->source.server;
    auto_free char *allowed = service_allowed_extensions(work, &sides->target.server);
    if (allowed == NULL || databases_to_move(work, &databases) < 0) {
        return -1;
    }
    if (!sides->target.server.attached) {
        data_dir =
            str_format("%s/instances/%s", work->executor->options->data_dir, sides->target.server.instance);
    }
    bool skip_extensions = false;
    if (server_parameter_is_on(work->executor, &sides->target.server, "azure.migration_skip_extensions",
                               &work->err, &skip_extensions) < 0) {
        return -1;
    }
    const struct precheck precheck = {.source = &sides->source.work,
                                      .target = &sides->target.work,
                                      .fallback_owner = sides->target.login.user,
                                      .databases = &databases,
                                      .roles = work->migration.spec.migrate_roles == FLAG_TRUE,
                                      .online = is_online(&work->migration),
                                      .setup = work->migration.spec.setup_replication == FLAG_TRUE,
                                      .strict = work->executor->options->strict_service,
                                      .single_source = source->id != 0 && source->kind == SERVER_SINGLE,
                                      .flexible_source = source->id != 0 && source->kind == SERVER_FLEXIBLE,
                                      .allowed_extensions = allowed,
                                      .tools = &work->executor->tools,
                                      .stop = &work->worker->stop,
                                      .skip_extensions = skip_extensions,
                                      .target_storage_mb = storage_mb(&sides->target.server),
                                      .target_data_dir = data_dir};
    if (precheck_run(&precheck, &work->err, ret_findings) < 0) {
        return -1;
    }
    if (service_checks(work, sides, ret_findings) < 0) {
        findings_done(ret_findings);
        return -1;
    }
    return 0;
}

/* Warnings stop nothing; they are stored as events for the user. */
static void record_warnings(struct work *work, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        auto_free char *line = validation_line(&findings->items[i]);
        struct err err = {0};
        if (findings->items[i].level == FINDING_WARNING && line != NULL) {
            (void)store_event_add(work->store, work->migration.id, line, &err);
        }
    }
}

static bool wants_validation(const struct migration_spec *spec)
{
    return spec->option == MIGRATION_OPTION_VALIDATE || spec->option == MIGRATION_OPTION_BOTH;
}

enum step_outcome step_validate(struct work *work)
{
    auto_sides struct sides sides = {0};
    struct findings findings = {0};
    int64_t started = clock_now_us();
    if (sides_find(work->executor, &work->migration, &work->err, &sides) < 0) {
        return await_servers(work);
    }
    if (inspect_servers(work, &sides) < 0) {
        if (stop_requested(&work->worker->stop)) {
            return outcome_of_failure(work);
        }
        if (!validation_add_login(&findings, &work->err)) {
            findings_done(&findings);
            return STEP_FAILED;
        }
    } else if (run_checks(work, &sides, &findings) < 0) {
        return retry_later(work, outcome_of_failure(work));
    }
    free(work->migration.validation);
    work->migration.validation =
        validation_report(&findings, &work->migration.spec.databases, started, clock_now_us());
    record_warnings(work, &findings);
    bool bad = findings_failed(&findings);
    if (bad) {
        validation_error(&findings, &work->err);
    }
    findings_done(&findings);
    if (work->migration.validation == NULL ||
        store_migration_set_facts(work->store, &work->migration, &work->err) < 0) {
        return outcome_of_failure(work);
    }
    if (bad) {
        if (databases_fail(work, NULL, NULL) < 0) {
            return outcome_of_failure(work);
        }
        return fsm_end_with_failure(work, STATE_VALIDATION_FAILED, "Validation failed.");
    }
    if (work->migration.spec.option == MIGRATION_OPTION_VALIDATE) {
        if (databases_end(work, DB_SUCCEEDED, NULL) < 0) {
            return outcome_of_failure(work);
        }
        return fsm_end(work, STATE_SUCCEEDED, &(struct migration_error){0},
                       "Validation succeeded. The migration was only to be validated.");
    }
    return fsm_move(work, SUB_PERFORMING_PREREQUISITE_STEPS, "Validation succeeded.");
}

/* ---- decisions of the user -------------------------------------------------------------------------------
 */

/* After all checks: start now, later, or when the user requests it. */
static enum step_outcome schedule(struct work *work)
{
    const struct migration_spec *spec = &work->migration.spec;
    if (spec->start_data_migration != FLAG_TRUE && spec->window_start_us > clock_now_us()) {
        return fsm_move(work, SUB_WAITING_FOR_WINDOW, "Waiting for the start of the migration window.");
    }
    if (spec->start_data_migration == FLAG_FALSE) {
        return fsm_move(work, SUB_WAITING_FOR_SCHEDULING, "Waiting for startDataMigration or a start time.");
    }
    return fsm_move(work, SUB_MIGRATING_DATA, "The prerequisites are met. The data migration started.");
}

/* True: continue with the next guard; false: the step ends with *ret_outcome. */
typedef bool guard_fn(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome);

static bool should_abort(const struct work *work, enum step_outcome *ret_outcome)
{
    *ret_outcome = outcome_of_failure(work);
    return false;
}

static bool guard_validation(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome)
{
    (void)sides;
    const struct migration *migration = &work->migration;
    if (!wants_validation(&migration->spec) || migration->validation != NULL ||
        migration->spec.databases.count == 0) {
        return true;
    }
    *ret_outcome = fsm_move(work, SUB_VALIDATION_IN_PROGRESS, "Running the validation rules.");
    return false;
}

static bool guard_login(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome)
{
    return inspect_servers(work, sides) == 0 || should_abort(work, ret_outcome);
}

static bool guard_databases(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome)
{
    (void)sides;
    if (work->migration.spec.databases.count > 0) {
        return true;
    }
    *ret_outcome = fsm_move(work, SUB_WAITING_FOR_DATABASES, "No databases were chosen.");
    return false;
}

/* A migration that is being canceled, or was deleted, may still be working on the same databases. */
static bool guard_canceled(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome)
{
    const struct migration *migration = &work->migration;
    const struct str_list *names = &migration->spec.databases;
    (void)sides;
    for (size_t i = 0; i < names->count && migration->spec.option != MIGRATION_OPTION_VALIDATE; i++) {
        int busy = store_migration_canceling(work->store, migration->target_id, names->items[i],
                                             migration->id, &work->err);
        if (busy < 0) {
            return should_abort(work, ret_outcome);
        }
        if (busy > 0) {
            work->delay_ms = SERVER_WAIT_MS;
            *ret_outcome = STEP_LATER;
            return false;
        }
    }
    return true;
}

static bool guard_checks(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome)
{
    struct findings findings = {0};
    if (wants_validation(&work->migration.spec)) {
        return true;
    }
    if (run_checks(work, sides, &findings) < 0) {
        return should_abort(work, ret_outcome);
    }
    bool bad = findings_failed(&findings);
    if (bad) {
        validation_error(&findings, &work->err);
        *ret_outcome = STEP_FAILED;
    }
    if (!bad || work->err.lasting) { /* otherwise it may be checked again */
        record_warnings(work, &findings);
    }
    findings_done(&findings);
    return !bad;
}

static bool guard_overwrite(struct work *work, const struct sides *sides, enum step_outcome *ret_outcome)
{
    auto_str_list struct str_list databases = {0};
    auto_str_list struct str_list in_use = {0};
    if (work->migration.spec.overwrite == FLAG_TRUE) {
        return true;
    }
    if (databases_to_move(work, &databases) < 0 ||
        databases_in_use(&sides->target.work, &databases, &work->worker->stop, &work->err, &in_use) < 0) {
        return should_abort(work, ret_outcome);
    }
    if (in_use.count == 0) {
        return true;
    }
    if (work->executor->options->strict_service) {
        err_set(
            &work->err, ERR_CONFLICT,
            "The database `%s` already exists on the target. The service does not wait for a confirmation: "
            "drop it, or create the migration with overwriteDbsInTarget (--strict-service).",
            in_use.items[0]);
        work->err.service_code = TARGET_PRESENT_CODE;
        work->err.lasting = true;
        *ret_outcome = STEP_FAILED;
        return false;
    }
    auto_buf struct buf event = BUF_MAX(EVENT_MAX);
    buf_adds(&event, "These databases already exist on the target:");
    for (size_t i = 0; i < in_use.count; i++) {
        buf_addf(&event, "%s `%s`", i > 0 ? "," : "", in_use.items[i]);
    }
    buf_adds(&event, ". Confirm the overwrite or cancel.");
    *ret_outcome = fsm_move(work, SUB_WAITING_FOR_OVERWRITE,
                            buf_failed(&event) ? "Databases already exist on the target." : buf_text(&event));
    return false;
}

enum step_outcome step_prerequisites(struct work *work)
{
    static guard_fn *const guards[] = {guard_validation, guard_login,    replication_source_is_ready,
                                       guard_databases,  guard_canceled, guard_checks,
                                       guard_overwrite};
    enum step_outcome outcome = STEP_FAILED;
    auto_sides struct sides sides = {0};
    if (sides_find(work->executor, &work->migration, &work->err, &sides) < 0) {
        return await_servers(work);
    }
    for (size_t i = 0; i < ARRAY_LEN(guards); i++) {
        if (!guards[i](work, &sides, &outcome)) {
            return retry_later(work, outcome);
        }
    }
    return schedule(work);
}

enum step_outcome step_wait_databases(struct work *work)
{
    if (work->migration.spec.databases.count == 0) {
        return STEP_WAIT;
    }
    return fsm_move(work, SUB_PERFORMING_PREREQUISITE_STEPS, "Databases chosen.");
}

enum step_outcome step_wait_overwrite(struct work *work)
{
    if (work->migration.spec.overwrite != FLAG_TRUE) {
        return STEP_WAIT;
    }
    return fsm_move(work, SUB_PERFORMING_PREREQUISITE_STEPS, "Overwrite confirmed.");
}

enum step_outcome step_wait_scheduling(struct work *work)
{
    const struct migration_spec *spec = &work->migration.spec;
    if (spec->start_data_migration == FLAG_TRUE) {
        return fsm_move(work, SUB_MIGRATING_DATA, "Started by the user.");
    }
    if (spec->window_start_us > clock_now_us()) {
        return fsm_move(work, SUB_WAITING_FOR_WINDOW, "A start time was set.");
    }
    return STEP_WAIT;
}

enum step_outcome step_wait_window(struct work *work)
{
    const struct migration_spec *spec = &work->migration.spec;
    int64_t left_us = spec->window_start_us - clock_now_us();
    if (spec->start_data_migration == FLAG_TRUE || left_us <= 0) {
        return fsm_move(work, SUB_MIGRATING_DATA, "The migration window has begun.");
    }
    int64_t left_ms = left_us / 1000 + 1;
    /* The window is in wall clock time, which may be set. */
    work->delay_ms = left_ms > 60 * 1000 ? 60 * 1000 : (int)left_ms;
    return STEP_LATER;
}
