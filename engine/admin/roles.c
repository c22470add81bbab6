/* SPDX-License-Identifier: MIT */
/*
 * Creates roles in one transaction on the target, each statement in a savepoint. A statement that the
 * target rejects becomes a warning, and an interrupted copy leaves nothing that a second one would mistake
 * for complete.
 */
#include "engine/admin/roles.h"

#include <string.h>

#include "core/str.h"
#include "engine/admin/roles_private.h"
#include "engine/pg/sqlstate.h"

enum role_column {
    ROLE_NAME,
    ROLE_SUPER,
    ROLE_INHERIT,
    ROLE_CREATEROLE,
    ROLE_CREATEDB,
    ROLE_LOGIN,
    ROLE_REPLICATION,
    ROLE_BYPASSRLS,
    ROLE_LIMIT,
    ROLE_VALID,
    ROLE_PASSWORD,
};

#define ROLE_COLUMNS                                                                                         \
    "rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,"  \
    " rolconnlimit, rolvaliduntil"

#define ROLES_WITH_PASSWORDS                                                                                 \
    "SELECT " ROLE_COLUMNS ", rolpassword FROM pg_catalog.pg_authid WHERE " ROLES_OF_USERS " ORDER BY 1"
#define ROLES_WITHOUT_PASSWORDS                                                                              \
    "SELECT " ROLE_COLUMNS ", NULL FROM pg_catalog.pg_roles WHERE " ROLES_OF_USERS " ORDER BY 1"

int roles_warn(struct roles_job *job, const char *format, ...)
{
    auto_buf struct buf text = BUF_MAX(ROLES_SQL_MAX_BYTES);
    buf_addf(&text, "Warning %d: ", job->step);
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    bool added = !buf_failed(&text) && str_list_add(job->warnings, buf_text(&text));
    return added ? 0 : err_no_memory(job->err);
}

int roles_try(struct roles_job *job, const struct buf *sql)
{
    if (buf_failed(sql)) {
        return err_no_memory(job->err);
    }
    if (pg_run(&job->target, job->err, "SAVEPOINT malachite") != 0) {
        return -1;
    }
    if (pg_run(&job->target, job->err, buf_text(sql)) == 0) {
        return pg_run(&job->target, job->err, "RELEASE malachite");
    }
    struct err refusal = *job->err;
    if (refusal.code == ERR_CANCELED || pg_run(&job->target, job->err, "ROLLBACK TO malachite") != 0) {
        return -1;
    }
    *job->err = refusal;
    return 1;
}

static bool is_set(const PGresult *roles, int row, enum role_column column)
{
    return pg_is_true(roles, row, (int)column);
}

static void add_switch(struct buf *sql, bool on, const char *word)
{
    buf_addf(sql, " %s%s", on ? "" : "NO", word);
}

static void build_create(struct roles_job *job, const PGresult *roles, int row, bool privileged,
                         struct buf *sql)
{
    buf_adds(sql, "CREATE ROLE ");
    pg_add_identifier(&job->target, sql, PQgetvalue(roles, row, ROLE_NAME));
    add_switch(sql, is_set(roles, row, ROLE_INHERIT), "INHERIT");
    add_switch(sql, is_set(roles, row, ROLE_LOGIN), "LOGIN");
    add_switch(sql, privileged && is_set(roles, row, ROLE_CREATEROLE), "CREATEROLE");
    add_switch(sql, privileged && is_set(roles, row, ROLE_CREATEDB), "CREATEDB");
    /* Before PostgreSQL 16 only superusers may use these keywords at all. */
    if (privileged && is_set(roles, row, ROLE_REPLICATION)) {
        buf_adds(sql, " REPLICATION");
    }
    if (privileged && is_set(roles, row, ROLE_BYPASSRLS)) {
        buf_adds(sql, " BYPASSRLS");
    }
    buf_addf(sql, " CONNECTION LIMIT %s", PQgetvalue(roles, row, ROLE_LIMIT));
    if (!PQgetisnull(roles, row, ROLE_VALID)) {
        buf_adds(sql, " VALID UNTIL ");
        pg_add_literal(&job->target, sql, PQgetvalue(roles, row, ROLE_VALID));
    }
    if (!PQgetisnull(roles, row, ROLE_PASSWORD)) {
        buf_adds(sql, " PASSWORD ");
        pg_add_literal(&job->target, sql, PQgetvalue(roles, row, ROLE_PASSWORD));
    }
}

/* The statement holds a password hash: do not leave it in memory. */
static void wipe(struct buf *sql)
{
    if (sql->data != NULL) {
        explicit_bzero(sql->data, sql->allocated);
    }
    buf_done(sql);
}

static int try_create(struct roles_job *job, const PGresult *roles, int row, bool privileged)
{
    struct buf sql = BUF_MAX(ROLES_SQL_MAX_BYTES);
    build_create(job, roles, row, privileged, &sql);
    int outcome = roles_try(job, &sql);
    wipe(&sql);
    return outcome;
}

/* Makes a login that is not a superuser a member of the new role, so that it can give objects to it. */
static int join(struct roles_job *job, const char *name)
{
    if (job->target.superuser) {
        return 0;
    }
    auto_buf struct buf sql = BUF_MAX(ROLES_SQL_MAX_BYTES);
    buf_adds(&sql, "GRANT ");
    pg_add_identifier(&job->target, &sql, name);
    buf_adds(&sql, " TO CURRENT_USER");
    job->step = ROLES_MEMBERSHIP;
    int outcome = roles_try(job, &sql);
    if (outcome > 0) {
        outcome =
            roles_warn(job,
                       "The user '%s' could not become a member of the role '%s', so objects of that role "
                       "may belong to '%s' instead: %s",
                       job->target.endpoint->user, name, job->target.endpoint->user, job->err->message);
    }
    job->step = outcome == 0 ? ROLES_CREATE : ROLES_MEMBERSHIP;
    return outcome;
}

static int create(struct roles_job *job, const PGresult *roles, int row)
{
    const char *name = PQgetvalue(roles, row, ROLE_NAME);
    int outcome = try_create(job, roles, row, true);
    if (outcome > 0 && sqlstate_is(job->err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        outcome = try_create(job, roles, row, false);
        if (outcome == 0 &&
            roles_warn(job,
                       "The role '%s' was created without CREATEROLE, CREATEDB, REPLICATION and "
                       "BYPASSRLS: the user '%s' of the target may not give them.",
                       name, job->target.endpoint->user) != 0) {
            return -1;
        }
    }
    if (outcome > 0) {
        return roles_warn(job, "The role '%s' could not be created: %s", name, job->err->message);
    }
    if (outcome < 0 || join(job, name) != 0) {
        return -1;
    }
    if (is_set(roles, row, ROLE_SUPER) &&
        roles_warn(job, "The role '%s' is a superuser on the source; on the target it is an ordinary role.",
                   name) != 0) {
        return -1;
    }
    return str_list_add(&job->created, name) ? 0 : err_no_memory(job->err);
}

static int warn_of_passwords(struct roles_job *job, const PGresult *roles)
{
    auto_buf struct buf names = BUF_MAX(ROLES_SQL_MAX_BYTES);
    for (int i = 0; i < PQntuples(roles); i++) {
        const char *name = PQgetvalue(roles, i, ROLE_NAME);
        if (is_set(roles, i, ROLE_LOGIN) && str_list_has(&job->created, name)) {
            buf_addf(&names, "%s'%s'", names.len == 0 ? "" : ", ", name);
        }
    }
    if (names.len == 0) {
        return 0;
    }
    return roles_warn(
        job,
        "Passwords could not be read on the source (that needs a superuser). Set them on the target "
        "with ALTER ROLE for: %s.",
        buf_text(&names));
}

static int create_missing(struct roles_job *job)
{
    auto_result PGresult *roles = NULL;
    bool passwords = job->source.superuser;
    job->step = ROLES_READ;
    if (pg_query(&job->source, job->err, &roles, passwords ? ROLES_WITH_PASSWORDS : ROLES_WITHOUT_PASSWORDS,
                 0, NULL) != 0) {
        return -1;
    }
    job->step = ROLES_CREATE;
    for (int i = 0; i < PQntuples(roles); i++) {
        if (!str_list_has(&job->there, PQgetvalue(roles, i, ROLE_NAME)) && create(job, roles, i) != 0) {
            return -1;
        }
    }
    job->step = ROLES_READ;
    return passwords ? 0 : warn_of_passwords(job, roles);
}

static int read_target_roles(struct roles_job *job)
{
    auto_result PGresult *result = NULL;
    if (pg_query(&job->target, job->err, &result, "SELECT rolname FROM pg_catalog.pg_roles", 0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        if (!str_list_add(&job->there, PQgetvalue(result, i, 0))) {
            return err_no_memory(job->err);
        }
    }
    return 0;
}

static int copy_all(struct roles_job *job)
{
    /* Two migrations that copy roles concurrently would both create them: serialize them. */
    if (pg_run(&job->target, job->err,
               "BEGIN; SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('malachite roles'))") !=
            0 ||
        read_target_roles(job) != 0 || create_missing(job) != 0) {
        return -1;
    }
    job->step = ROLES_MEMBERSHIP;
    if (roles_copy_memberships(job) != 0) {
        return -1;
    }
    job->step = ROLES_CREATE;
    if (roles_copy_settings(job) != 0 || roles_copy_comments(job) != 0) {
        return -1;
    }
    job->step = ROLES_PRIVILEGES;
    if (roles_copy_parameter_privileges(job) != 0) {
        return -1;
    }
    return pg_run(&job->target, job->err, "COMMIT");
}

int roles_copy(const struct endpoint *source, const struct endpoint *target, const struct stop *stop,
               struct err *err, struct str_list *ret_warnings)
{
    auto_str_list struct str_list warnings = {0};
    struct roles_job job = {.err = err, .warnings = &warnings, .step = ROLES_SETUP};
    int outcome = -1;
    /* Both sides use the same encoding, so names pass unchanged. */
    if (pg_open_any(source, NULL, PG_READ, stop, err, &job.source) == 0 &&
        pg_open_any(target, NULL, PG_ADMIN, stop, err, &job.target) == 0 &&
        pg_set_encoding(&job.source, "UTF8", err) == 0 && pg_set_encoding(&job.target, "UTF8", err) == 0) {
        outcome = copy_all(&job);
    }
    pg_close(&job.source);
    pg_close(&job.target);
    str_list_done(&job.there);
    str_list_done(&job.created);
    if (outcome != 0) {
        err->service_code =
            err->service_code != 0 || err->code == ERR_CANCELED ? err->service_code : job.step;
        return err_prefix(err, "Roles were not copied. ");
    }
    for (size_t i = 0; i < warnings.count; i++) {
        if (!str_list_add(ret_warnings, warnings.items[i])) {
            return err_no_memory(err);
        }
    }
    return 0;
}
