/* SPDX-License-Identifier: MIT */
#include "engine/pg/ddl_wait.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "engine/pg/sqlstate.h"

enum { TEXT_MAX_BYTES = 64 * 1024, WORDS_MAX_BYTES = 500 };

/* ---- the message -----------------------------------------------------------------------------------------
 */

static void name_target(struct err *err, const struct ddl_wait *wait)
{
    bool column = wait->column != NULL && wait->column[0] != '\0';
    err_target(err, "%s.%s%s%s", wait->schema, wait->table, column ? "." : "", column ? wait->column : "");
}

static void add_object(struct buf *text, const struct ddl_wait *wait, const char *database)
{
    bool column = wait->column != NULL && wait->column[0] != '\0';
    if (column) {
        buf_addf(text, "column '%s' of the ", wait->column);
    }
    buf_addf(text, "table %s.%s of the target's database '%s'", wait->schema, wait->table, database);
}

int ddl_wait_error(struct err *err, const char *database, const struct ddl_wait *wait)
{
    auto_buf struct buf object = BUF_MAX(TEXT_MAX_BYTES);
    add_object(&object, wait, database);
    err_set(err, ERR_RESOURCE_NOT_FOUND, "Changes wait for the %s.", buf_text(&object));
    if (wait->why != NULL) {
        err_append(err, " %s", wait->why);
    }
    if (wait->ddl != NULL) {
        err_append(err, " Run there: %s", wait->ddl);
    }
    err_append(err, " The changes are then applied.");
    err->lasting = false;
    err->waiting = true;
    name_target(err, wait);
    return -1;
}

/* ---- refusals --------------------------------------------------------------------------------------------
 */

bool ddl_wait_is_refusal(const char *sqlstate)
{
    /* Data, constraints, triggers, definitions, privileges, limits of the server's formats. */
    static const char *const classes[] = {"09", "0A", "0L", "0P", "22", "23", "27",    "2F",
                                          "38", "39", "3F", "42", "44", "54", "55000", "P0"};
    return sqlstate_is_one_of(sqlstate, classes, ARRAY_LEN(classes));
}

static const char *field(const PGresult *result, int code)
{
    const char *value = PQresultErrorField(result, code);
    return value == NULL ? "" : value;
}

static void add_drop_constraint(struct pg *target, struct buf *ddl, const PGresult *result)
{
    const char *constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    if (constraint[0] == '\0') {
        return;
    }
    buf_adds(ddl, "ALTER TABLE ");
    pg_add_qualified(target, ddl, field(result, PG_DIAG_SCHEMA_NAME), field(result, PG_DIAG_TABLE_NAME));
    buf_adds(ddl, " DROP CONSTRAINT ");
    pg_add_identifier(target, ddl, constraint);
    buf_addc(ddl, ';');
}

static void add_drop_domain_constraint(struct pg *target, struct buf *ddl, const PGresult *result)
{
    const char *constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    buf_adds(ddl, "ALTER DOMAIN ");
    pg_add_qualified(target, ddl, field(result, PG_DIAG_SCHEMA_NAME), field(result, PG_DIAG_DATATYPE_NAME));
    buf_adds(ddl, constraint[0] == '\0' ? " DROP NOT NULL;" : " DROP CONSTRAINT ");
    if (constraint[0] != '\0') {
        pg_add_identifier(target, ddl, constraint);
        buf_addc(ddl, ';');
    }
}

static void add_drop_not_null(struct pg *target, struct buf *ddl, const PGresult *result)
{
    buf_adds(ddl, "ALTER TABLE ");
    pg_add_qualified(target, ddl, field(result, PG_DIAG_SCHEMA_NAME), field(result, PG_DIAG_TABLE_NAME));
    buf_adds(ddl, " ALTER COLUMN ");
    pg_add_identifier(target, ddl, field(result, PG_DIAG_COLUMN_NAME));
    buf_adds(ddl, " DROP NOT NULL;");
}

/* PostgreSQL's answer names the object that caused the error: most likely the source has dropped it. */
static void add_likely_ddl(struct pg *target, struct buf *ddl, const PGresult *result)
{
    bool table = field(result, PG_DIAG_TABLE_NAME)[0] != '\0';
    if (!table && field(result, PG_DIAG_DATATYPE_NAME)[0] != '\0') {
        add_drop_domain_constraint(target, ddl, result);
    } else if (table && field(result, PG_DIAG_COLUMN_NAME)[0] != '\0' &&
               sqlstate_is(field(result, PG_DIAG_SQLSTATE), SQLSTATE_NOT_NULL_VIOLATION)) {
        add_drop_not_null(target, ddl, result);
    } else if (table) {
        add_drop_constraint(target, ddl, result);
    }
}

int ddl_wait_refused(struct pg *target, const PGresult *result, const char *what, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(TEXT_MAX_BYTES);
    const char *state = field(result, PG_DIAG_SQLSTATE);
    const char *place = what == NULL ? "changes" : what;
    pg_error(target, result, err, "%s%s", what == NULL ? "while applying changes" : "applying to the ",
             what == NULL ? "" : what);
    if (!ddl_wait_is_refusal(state)) {
        return -1;
    }
    char sqlstate[sizeof(err->sqlstate)];
    memcpy(sqlstate, err->sqlstate, sizeof(sqlstate));
    auto_free char *words = str_dup(err->message);
    const char *column = field(result, PG_DIAG_COLUMN_NAME);
    add_likely_ddl(target, &ddl, result);
    err_set(err, ERR_RESOURCE_NOT_FOUND,
            "The target refuses changes to the %s%s%s%s: repeat on the target what was done to its "
            "definition on the source.",
            place, column[0] == '\0' ? "" : ", column '", column, column[0] == '\0' ? "" : "'");
    if (ddl.len > 0 && !buf_failed(&ddl)) {
        err_append(err, " If the source has dropped it, run: %s", buf_text(&ddl));
    }
    err_append(err, " The changes are then applied. PostgreSQL said: \"%.*s\" (%s).", WORDS_MAX_BYTES,
               words == NULL ? "" : words, sqlstate);
    err->lasting = false;
    err->waiting = true;
    memcpy(err->sqlstate, sqlstate, sizeof(sqlstate));
    return err_target(err, "%s",
                      what == NULL ? target->database : what + (strncmp(what, "table ", 6) == 0 ? 6 : 0));
}
