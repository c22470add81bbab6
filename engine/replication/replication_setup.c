/* SPDX-License-Identifier: MIT */
/*
 * Three parameters decide whether a source can be followed: wal_level, and the numbers of slots and WAL
 * senders. They only change at a server start, so each has a running value and a configured one for the
 * next start.
 */
#include "engine/replication/replication_setup.h"

#include <string.h>

#include "core/str.h"
#include "engine/admin/settings.h"
#include "engine/pg/pg.h"
#include "engine/pg/sqlstate.h"

enum { NO_RIGHT_CODE = 603104, WAL_LEVEL_CODE = 603107, SLOTS_CODE = 603105, SENDERS_CODE = 603106 };
enum { SENDERS_APART_SINCE = 120000, SQL_MAX_BYTES = 8192, NUMBER_TEXT_SIZE = 24 };

enum parameter_kind { WAL_LEVEL, SLOTS, SENDERS, PARAMETER_COUNT };

struct parameter {
    const char *name;
    const char *what; /* "replication slots" */
    int code;         /* of the service, if it does not suffice */
    int64_t runs;     /* of wal_level: 1: logical, 0: not */
    int64_t next;     /* at the next start; -1: differs, but the login may not see the value */
    int64_t used;
    int64_t enough; /* the required minimum of runs and next */
    bool fixed;     /* given on the server's command line, which overrides the configuration */
};

struct setup {
    struct pg control;
    char level[32]; /* wal_level as it runs */
    struct parameter parameters[PARAMETER_COUNT];
    bool azure; /* Azure's Single Server has a switch of its own for wal_level */
    int64_t connections;
    int64_t reserved;
};

/* ---- reading ---------------------------------------------------------------------------------------------
 */

/* %s: the values in the configuration files, if the login may see them. The last line wins when a name is
 * repeated. */
#define SETTINGS_SQL                                                                                         \
    "SELECT s.setting, coalesce(%s), s.source = 'command line', s.pending_restart"                           \
    " FROM pg_catalog.pg_settings s WHERE s.name = $1"
#define FROM_FILES                                                                                           \
    "CASE WHEN s.source = 'command line' THEN s.setting END,"                                                \
    " (SELECT f.setting FROM pg_catalog.pg_file_settings f WHERE pg_catalog.lower(f.name) = s.name"          \
    "  ORDER BY f.seqno DESC LIMIT 1), s.boot_val"
#define FROM_SESSION "s.setting"

static int64_t number_of(const char *name, const char *setting)
{
    return strcmp(name, "wal_level") == 0 ? str_iequals(setting, "logical") : strtoll(setting, NULL, 0);
}

static int read_parameter(struct setup *setup, struct parameter *parameter, struct err *err)
{
    struct pg *control = &setup->control;
    auto_result PGresult *result = NULL;
    auto_free char *sql = str_format(SETTINGS_SQL, control->superuser ? FROM_FILES : FROM_SESSION);
    if (sql == NULL) {
        return err_no_memory(err);
    }
    if (pg_query(control, err, &result, sql, 1, &parameter->name) != 0) {
        return -1;
    }
    if (PQntuples(result) != 1) {
        return err_set(err, ERR_INTERNAL, "The %s has no parameter '%s'.", control->endpoint->label,
                       parameter->name);
    }
    bool pending = pg_is_true(result, 0, 3);
    parameter->runs = number_of(parameter->name, PQgetvalue(result, 0, 0));
    parameter->next =
        pending && !control->superuser ? -1 : number_of(parameter->name, PQgetvalue(result, 0, 1));
    parameter->fixed = pg_is_true(result, 0, 2);
    if (parameter == &setup->parameters[WAL_LEVEL]) {
        snprintf(setup->level, sizeof(setup->level), "%s", PQgetvalue(result, 0, 0));
    }
    return 0;
}

static int read_numbers(struct setup *setup, int needed, struct err *err)
{
    auto_result PGresult *result = NULL;
    if (pg_query(&setup->control, err, &result,
                 "SELECT (SELECT count(*) FROM pg_catalog.pg_replication_slots),"
                 " (SELECT count(*) FROM pg_catalog.pg_stat_replication),"
                 " pg_catalog.current_setting('azure.replication_support', true) IS NOT NULL,"
                 " pg_catalog.current_setting('max_connections'),"
                 " pg_catalog.current_setting('superuser_reserved_connections')",
                 0, NULL) != 0) {
        return -1;
    }
    setup->parameters[WAL_LEVEL].enough = 1;
    for (int i = SLOTS; i <= SENDERS; i++) {
        setup->parameters[i].used = strtoll(PQgetvalue(result, 0, i - SLOTS), NULL, 10);
        setup->parameters[i].enough = setup->parameters[i].used + needed;
    }
    setup->azure = pg_is_true(result, 0, 2);
    setup->connections = strtoll(PQgetvalue(result, 0, 3), NULL, 10);
    setup->reserved = strtoll(PQgetvalue(result, 0, 4), NULL, 10);
    return 0;
}

static int read_setup(const struct endpoint *source, int needed, const struct stop *stop, struct err *err,
                      struct setup *setup)
{
    *setup = (struct setup){
        .parameters = {{.name = "wal_level", .code = WAL_LEVEL_CODE},
                       {.name = "max_replication_slots", .what = "replication slots", .code = SLOTS_CODE},
                       {.name = "max_wal_senders", .what = "WAL senders", .code = SENDERS_CODE}}};
    if (pg_open_any(source, NULL, PG_ADMIN, stop, err, &setup->control) != 0 ||
        read_numbers(setup, needed, err) != 0) {
        return -1;
    }
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (read_parameter(setup, &setup->parameters[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static void setup_done(struct setup *setup)
{
    pg_close(&setup->control);
}
#define auto_setup __attribute__((cleanup(setup_done)))

/* ---- rights ----------------------------------------------------------------------------------------------
 */

/*
 * PostgreSQL uses the role's attribute; managed services have alternatives (membership in a role). Without
 * the attribute, only an attempt shows.
 */
static int check_right(struct setup *setup, const struct endpoint *source, const struct stop *stop,
                       struct err *err)
{
    struct pg *control = &setup->control;
    auto_free char *may = NULL;
    auto_pg struct pg walsender = {0};
    if (pg_value(
            control, err, &may,
            "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = current_user AND (rolreplication OR rolsuper)",
            0, NULL) != 0) {
        return -1;
    }
    if (may != NULL || pg_open(source, control->database, PG_REPLICATION, stop, err, &walsender) == 0) {
        return 0;
    }
    if (sqlstate_is(err->sqlstate, SQLSTATE_TOO_MANY_CONNECTIONS)) {
        return 0; /* all senders are in use: the right is checked before that */
    }
    if (!sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        return -1;
    }
    err_set(err, ERR_OPERATION_NOT_ALLOWED,
            "The user '%s' may not replicate from the %s. Run there as a superuser: ALTER ROLE \"%s\" "
            "REPLICATION",
            source->user, source->label, source->user);
    err->service_code = NO_RIGHT_CODE;
    err->lasting = true;
    return err_target(err, "%s", source->user);
}

/* ---- what is missing -------------------------------------------------------------------------------------
 */

static bool suffices(const struct parameter *parameter)
{
    return parameter->runs >= parameter->enough;
}

/* Describes the shortage in one line; NULL when memory is out. */
static char *describe(const struct setup *setup, const struct parameter *parameter)
{
    if (parameter->what == NULL) {
        return str_format("wal_level is %s, not logical", setup->level);
    }
    int64_t free_ones = parameter->runs > parameter->used ? parameter->runs - parameter->used : 0;
    return str_format("%lld of %lld %s are free, %lld are needed", (long long)free_ones,
                      (long long)parameter->runs, parameter->what,
                      (long long)(parameter->enough - parameter->used));
}

/* What describe() depends on; NULL when memory is out. */
static char *format_reading(const struct setup *setup, const struct parameter *parameter)
{
    if (parameter->what == NULL) {
        return str_format("%s=%s", parameter->name, setup->level);
    }
    return str_format("%s=%lld,%lld,%lld", parameter->name, (long long)parameter->runs,
                      (long long)parameter->used, (long long)parameter->enough);
}

void replication_missing_done(struct replication_missing *missing)
{
    str_list_done(&missing->lines);
    str_list_done(&missing->readings);
}

int replication_setup_missing(const struct endpoint *source, int needed, const struct stop *stop,
                              struct err *err, struct replication_missing *ret_missing)
{
    auto_setup struct setup setup = {0};
    if (read_setup(source, needed, stop, err, &setup) != 0 || check_right(&setup, source, stop, err) != 0) {
        return -1;
    }
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (suffices(&setup.parameters[i])) {
            continue;
        }
        auto_free char *line = describe(&setup, &setup.parameters[i]);
        auto_free char *reading = format_reading(&setup, &setup.parameters[i]);
        if (line == NULL || reading == NULL || !str_list_add(&ret_missing->lines, line) ||
            !str_list_add(&ret_missing->readings, reading)) {
            return err_no_memory(err);
        }
        ret_missing->code = ret_missing->code == 0 ? setup.parameters[i].code : ret_missing->code;
    }
    return 0;
}

/* ---- setting it up ---------------------------------------------------------------------------------------
 */

/* Never decreases a value. */
static int64_t wanted(const struct parameter *parameter)
{
    int64_t most = parameter->runs > parameter->next ? parameter->runs : parameter->next;
    return most > parameter->enough ? most : parameter->enough;
}

/* -1: already changed, to a value that the login may not see. */
static bool must_change(const struct parameter *parameter)
{
    return parameter->next >= 0 ? parameter->next < parameter->enough : false;
}

static void format_wanted(const struct parameter *parameter, char text[static NUMBER_TEXT_SIZE])
{
    snprintf(text, NUMBER_TEXT_SIZE, "%lld", (long long)wanted(parameter));
    if (parameter->what == NULL) {
        snprintf(text, NUMBER_TEXT_SIZE, "logical");
    }
}

static int append_advice(const struct setup *setup, struct err *err)
{
    const char *separator = " Set by hand: ";
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        char value[NUMBER_TEXT_SIZE];
        if (must_change(&setup->parameters[i])) {
            format_wanted(&setup->parameters[i], value);
            err_append(err, "%s%s = %s", separator, setup->parameters[i].name, value);
            separator = ", ";
        }
    }
    if (setup->azure && must_change(&setup->parameters[WAL_LEVEL])) {
        err_append(err, " (by azure.replication_support = logical)");
    }
    err_append(err, "; then restart the server.");
    err->lasting = true;
    return -1;
}

/* Detects parameters that ALTER SYSTEM cannot change. */
static int check_changeable(const struct setup *setup, struct err *err)
{
    const struct parameter *senders = &setup->parameters[SENDERS];
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const struct parameter *parameter = &setup->parameters[i];
        if (must_change(parameter) && parameter->fixed) {
            err_set(
                err, ERR_OPERATION_NOT_ALLOWED,
                "The parameter '%s' of the %s is set on its command line, where Malachite cannot change it.",
                parameter->name, setup->control.endpoint->label);
            return append_advice(setup, err);
        }
    }
    /* Before version 12 such a server would not start. */
    if (setup->control.version < SENDERS_APART_SINCE && must_change(senders) &&
        wanted(senders) + setup->reserved >= setup->connections) {
        err_set(err, ERR_OPERATION_NOT_ALLOWED,
                "WAL senders count toward max_connections, which is %lld on the %s: raise it, too.",
                (long long)setup->connections, setup->control.endpoint->label);
        return append_advice(setup, err);
    }
    return 0;
}

static int change(const struct setup *setup, const struct endpoint *source, const struct stop *stop,
                  struct err *err)
{
    struct setting_change changes[PARAMETER_COUNT];
    char values[PARAMETER_COUNT][NUMBER_TEXT_SIZE];
    size_t count = 0;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (must_change(&setup->parameters[i])) {
            format_wanted(&setup->parameters[i], values[count]);
            changes[count] =
                (struct setting_change){.name = setup->parameters[i].name, .value = values[count]};
            count++;
        }
    }
    if (count == 0 || settings_change(source, changes, count, stop, err) == 0) {
        return 0;
    }
    bool refused = err->sqlstate[0] != '\0' && err->code != ERR_SERVER_UNREACHABLE &&
                   err->code != ERR_UNAVAILABLE && err->code != ERR_CANCELED;
    return refused ? append_advice(setup, err) : -1;
}

int replication_setup_change(const struct endpoint *source, int needed, const struct stop *stop,
                             struct err *err, bool *ret_restart)
{
    auto_setup struct setup setup = {0};
    if (read_setup(source, needed, stop, err, &setup) != 0 || check_changeable(&setup, err) != 0 ||
        change(&setup, source, stop, err) != 0) {
        return -1;
    }
    *ret_restart = false;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        *ret_restart = *ret_restart || !suffices(&setup.parameters[i]);
    }
    return 0;
}
