/* SPDX-License-Identifier: MIT */
#include "engine/precheck/precheck.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/pg/sqlstate.h"
#include "engine/precheck/precheck_private.h"

enum { MESSAGE_MAX_BYTES = 8192, NAMES_SHOWN = 10 };

static void finding_done(struct finding *finding)
{
    free(finding->database);
    free(finding->message);
}

void findings_done(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        finding_done(&findings->items[i]);
    }
    free(findings->items);
    *findings = (struct findings){0};
}

bool findings_failed(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].level == FINDING_FAILED) {
            return true;
        }
    }
    return false;
}

/* Takes ownership of the members of finding, also on failure. */
static int append(struct check *check, struct finding *finding)
{
    struct findings *all = check->findings;
    struct finding *items = NULL;
    bool complete = finding->message != NULL && (finding->database != NULL || check->database == NULL);
    if (complete) {
        items = realloc(all->items, (all->count + 1) * sizeof(*items));
    }
    if (items == NULL) {
        finding_done(finding);
        return err_no_memory(check->err);
    }
    all->items = items;
    items[all->count++] = *finding;
    return 0;
}

static int add_finding(struct check *check, enum finding_level level, int code, const char *format,
                       va_list args) printf_like(4, 0);

static int add_finding(struct check *check, enum finding_level level, int code, const char *format,
                       va_list args)
{
    auto_buf struct buf message = BUF_MAX(MESSAGE_MAX_BYTES);
    buf_vaddf(&message, format, args);
    struct finding finding = {
        .level = level,
        .type = check->rule->type,
        .database = str_dup(check->database),
        .code = code,
        .message = buf_take(&message),
    };
    return append(check, &finding);
}

static enum finding_level level_of(const struct check *check)
{
    return check->plan->strict && check->rule->strict ? FINDING_FAILED : check->rule->level;
}

int precheck_add(struct check *check, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int added = add_finding(check, level_of(check), check->rule->code, format, args);
    va_end(args);
    return added;
}

int precheck_add_as(struct check *check, enum finding_level level, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int added = add_finding(check, level, code, format, args);
    va_end(args);
    return added;
}

void precheck_add_name(struct buf *text, size_t index, const char *name)
{
    if (index < NAMES_SHOWN) {
        buf_addf(text, "%s`%.200s`", index == 0 ? "" : ", ", name);
    }
}

void precheck_end_names(struct buf *text, size_t count)
{
    if (count > NAMES_SHOWN) {
        buf_addf(text, " and %zu more", count - NAMES_SHOWN);
    }
}

void precheck_add_names(struct buf *text, const PGresult *result, int column)
{
    int count = PQntuples(result);
    for (int i = 0; i < count; i++) {
        precheck_add_name(text, (size_t)i, PQgetvalue(result, i, column));
    }
    precheck_end_names(text, (size_t)count);
}

int precheck_fetch(struct pg *pg, const char *sql, struct err *err, struct str_list *ret_list)
{
    auto_result PGresult *result = NULL;
    if (pg_query(pg, err, &result, sql, 0, NULL) != 0) {
        return -1;
    }
    auto_str_list struct str_list list = {0};
    for (int i = 0; i < PQntuples(result); i++) {
        if (!str_list_add(&list, PQgetvalue(result, i, 0))) {
            return err_no_memory(err);
        }
    }
    str_list_done(ret_list);
    *ret_list = list;
    list = (struct str_list){0};
    return 0;
}

int precheck_list(struct check *check, const char *sql, struct buf *names)
{
    auto_result PGresult *result = NULL;
    if (pg_query(&check->inside, check->err, &result, sql, 0, NULL) != 0) {
        return -1;
    }
    precheck_add_names(names, result, 0);
    return PQntuples(result) > 0;
}

static int run_listing(struct check *check)
{
    const struct precheck_rule *rule = check->rule;
    auto_buf struct buf names = BUF_MAX(MESSAGE_MAX_BYTES);
    int found = precheck_list(check, rule->sql, &names);
    if (found <= 0) {
        return found;
    }
    bool strict = check->plan->strict && rule->strict;
    return precheck_add(check, "%s: %s. %s", rule->title, buf_text(&names),
                        strict
                            ? "The migration service fails on them: change or drop them on the source first."
                            : rule->advice);
}

/* Errors after which no further check makes sense. */
static bool ends_all(const struct err *err)
{
    return err->code == ERR_CANCELED || err->code == ERR_SERVER_UNREACHABLE;
}

/* Turns an error into a finding of the current rule. */
static int add_error(struct check *check, enum finding_level level, const struct err *failure)
{
    struct finding finding = {
        .level = level,
        .type = check->rule->type,
        .database = str_dup(check->database),
        .code = failure->service_code,
        .passing = !failure->lasting,
        .message = str_dup(failure->message),
    };
    memcpy(finding.sqlstate, failure->sqlstate, sizeof(finding.sqlstate));
    return append(check, &finding);
}

static bool applies(const struct check *check, const struct precheck_rule *rule)
{
    const struct precheck *plan = check->plan;
    if (((rule->when & TARGET_NOT_SUPERUSER) != 0 && check->target.superuser && !plan->strict) ||
        ((rule->when & WHEN_STRICT) != 0 && !plan->strict) ||
        ((rule->when & WHEN_ONLINE) != 0 && !plan->online) ||
        ((rule->when & WHEN_ROLES) != 0 && !plan->roles)) {
        return false;
    }
    return check->source.version >= rule->source_since;
}

static int run_rules(struct check *check, const struct precheck_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check->rule = &rules[i];
        bool skipped = check->plan->skip_extensions && str_equals(check->rule->type, TYPE_EXTENSIONS);
        if (skipped || !applies(check, check->rule)) {
            continue;
        }
        int outcome = check->rule->run != NULL ? check->rule->run(check) : run_listing(check);
        if (outcome == 0) {
            continue;
        }
        if (ends_all(check->err)) {
            return -1;
        }
        /* A missing privilege to inspect something is no reason to reject the migration. */
        struct err failure = *check->err;
        err_prefix(&failure, "A check failed to run. ");
        if (add_error(check, FINDING_WARNING, &failure) != 0) {
            return -1;
        }
    }
    return 0;
}

/* 1: connected, 0: failed, which is a finding, -1: stopped. */
static int connect_one(struct check *check, const struct endpoint *endpoint, struct pg *pg)
{
    static const struct precheck_rule rule = {.level = FINDING_FAILED, .type = TYPE_CONNECTIVITY};
    check->rule = &rule;
    /* As administrator: only such a session shows whether the server is read-only. */
    if (pg_open_any(endpoint, NULL, PG_ADMIN, check->plan->stop, check->err, pg) == 0) {
        return 1;
    }
    return check->err->code == ERR_CANCELED || add_error(check, FINDING_FAILED, check->err) != 0 ? -1 : 0;
}

static int learn_extensions(struct check *check)
{
    struct pg *target = &check->target;
    if (precheck_fetch(target, "SELECT name FROM pg_catalog.pg_available_extensions", check->err,
                       &check->target_extensions) != 0 ||
        precheck_fetch(target,
                       "SELECT name || ' ' || version FROM pg_catalog.pg_available_extension_versions",
                       check->err, &check->target_extension_versions) != 0) {
        return -1;
    }
    check->extensions_known = true;
    return 0;
}

static int learn_target(struct check *check)
{
    static const struct precheck_rule rule = {.level = FINDING_WARNING, .type = TYPE_EXTENSIONS};
    if (precheck_fetch(&check->target, "SELECT rolname FROM pg_catalog.pg_roles", check->err,
                       &check->target_roles) != 0) {
        return -1;
    }
    if (learn_extensions(check) == 0) {
        return 0;
    }
    if (ends_all(check->err)) {
        return -1;
    }
    /* One broken control file in the server's directory makes the whole list fail. */
    check->rule = &rule;
    struct err failure = *check->err;
    err_prefix(&failure, "The target server cannot list its extensions; they were not checked. ");
    return add_error(check, FINDING_WARNING, &failure);
}

static int check_database(struct check *check, const char *database)
{
    static const struct precheck_rule rule = {.level = FINDING_FAILED, .type = TYPE_CONNECTIVITY};
    check->database = database;
    check->rule = &rule;
    int outcome = 0;
    if (pg_open(check->plan->source, database, PG_READ, check->plan->stop, check->err, &check->inside) == 0) {
        outcome = run_rules(check, precheck_database_rules, precheck_database_rule_count);
        if (outcome == 0 && check->plan->online) {
            outcome = run_rules(check, precheck_online_database_rules, precheck_online_database_rule_count);
        }
    } else if (!sqlstate_is(check->err->sqlstate, SQLSTATE_UNDEFINED_DATABASE)) {
        /* A server rule has already reported a missing database. */
        if (sqlstate_is(check->err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
            check->err->service_code = 603110;
        }
        outcome = check->err->code == ERR_CANCELED ? -1 : add_error(check, FINDING_FAILED, check->err);
    }
    pg_close(&check->inside);
    check->database = NULL;
    return outcome;
}

static int check_all(struct check *check)
{
    int source = connect_one(check, check->plan->source, &check->source);
    int target = source < 0 ? -1 : connect_one(check, check->plan->target, &check->target);
    if (source <= 0 || target <= 0) {
        return source < 0 || target < 0 ? -1 : 0;
    }
    if (learn_target(check) != 0 ||
        run_rules(check, precheck_server_rules, precheck_server_rule_count) != 0) {
        return -1;
    }
    if (check->source.version < PRECHECK_OLDEST || check->target.version < PRECHECK_OLDEST) {
        return 0; /* already a finding; the rules read catalogs that such servers lack */
    }
    if (run_rules(check, precheck_service_rules, precheck_service_rule_count) != 0) {
        return -1;
    }
    if (check->plan->online &&
        run_rules(check, precheck_online_server_rules, precheck_online_server_rule_count) != 0) {
        return -1;
    }
    for (size_t i = 0; i < check->plan->databases->count; i++) {
        if (check_database(check, check->plan->databases->items[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

int precheck_run(const struct precheck *precheck, struct err *err, struct findings *ret_findings)
{
    struct findings findings = {0};
    struct check check = {.plan = precheck, .findings = &findings, .err = err};
    int outcome = check_all(&check);
    pg_close(&check.source);
    pg_close(&check.target);
    str_list_done(&check.target_roles);
    str_list_done(&check.target_extensions);
    str_list_done(&check.target_extension_versions);
    if (outcome != 0) {
        findings_done(&findings);
        return -1;
    }
    *ret_findings = findings;
    return 0;
}
