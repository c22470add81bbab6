/* SPDX-License-Identifier: MIT */
/* The last step, because settings of the database would apply to later sessions of Malachite. */
#include <string.h>

#include "core/str.h"
#include "engine/admin/acl.h"
#include "engine/pg/setting.h"
#include "engine/transfer/database_properties_private.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

/* Runs the statement in sql; an error becomes a warning. */
static int try_run(struct transfer_state *state, struct buf *sql, const char *what, struct err *err)
{
    if (buf_failed(sql)) {
        return err_no_memory(err);
    }
    if (sql->len > 0 && pg_run(&state->target, err, buf_text(sql)) != 0) {
        if (restore_is_over(&state->target, err)) {
            return -1;
        }
        report_warning(&state->report, "%s of the database was skipped: %s", what, err->message);
    }
    buf_reset(sql);
    return 0;
}

static int apply_setting(struct transfer_state *state, const char *role, const char *setting, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *equals = strchr(setting, '=');
    auto_free char *name = equals == NULL ? NULL : str_format("%.*s", (int)(equals - setting), setting);
    if (name == NULL) {
        return equals == NULL ? 0 : err_no_memory(err);
    }
    if (role != NULL && !str_list_has(&state->restore.roles, role)) {
        report_warning(&state->report,
                       "The setting '%s' of role \"%s\" in this database was skipped: the role does not "
                       "exist on the target.",
                       name, role);
        return 0;
    }
    if (role != NULL) {
        buf_adds(&sql, "ALTER ROLE ");
        pg_add_identifier(&state->target, &sql, role);
        buf_adds(&sql, " IN DATABASE ");
    } else {
        buf_adds(&sql, "ALTER DATABASE ");
    }
    pg_add_identifier(&state->target, &sql, state->transfer->database);
    pg_add_setting(&state->target, &sql, name, equals + 1);
    return try_run(state, &sql, name, err);
}

static int apply_settings(struct transfer_state *state, struct err *err)
{
    const PGresult *settings = state->database.settings;
    for (int row = 0; row < PQntuples(settings); row++) {
        const char *role = PQgetisnull(settings, row, 0) ? NULL : PQgetvalue(settings, row, 0);
        if (apply_setting(state, role, PQgetvalue(settings, row, 1), err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int apply_acl(struct transfer_state *state, const struct acl_object *object, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const PGresult *acl = state->database.acl;
    if (!source_database_has(&state->database, DATABASE_HAS_ACL)) {
        return 0;
    }
    acl_add_revokes(&state->target, &sql, object);
    for (int row = 0; row < PQntuples(acl); row++) {
        const struct acl_grant grant = {.grantor = PQgetvalue(acl, row, 0),
                                        .grantee = PQgetisnull(acl, row, 1) ? NULL : PQgetvalue(acl, row, 1),
                                        .privilege = PQgetvalue(acl, row, 2),
                                        .grantable = pg_is_true(acl, row, 3)};
        acl_add_grant(&state->target, &sql, object, &grant, &state->restore.roles, &state->report);
    }
    return try_run(state, &sql, "Privileges", err);
}

/* Sets the owner of the database and returns the resulting owner. */
static int apply_owner(struct transfer_state *state, const char *name, const char *owner, struct err *err,
                       const char **ret_owner)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *new_owner = restore_owner_of(&state->restore, owner);
    buf_addf(&sql, "ALTER %s OWNER TO ", name);
    pg_add_identifier(&state->target, &sql, new_owner);
    *ret_owner = state->transfer->target->user;
    if (pg_run(&state->target, err, buf_text(&sql)) == 0) {
        *ret_owner = new_owner;
        return 0;
    }
    return restore_is_over(&state->target, err) ? -1 : try_run(state, &sql, "The owner", err);
}

static int apply_details(struct transfer_state *state, const char *name, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *comment = source_database_get(&state->database, DATABASE_COMMENT);
    if (comment != NULL) {
        buf_addf(&sql, "COMMENT ON %s IS ", name);
        pg_add_literal(&state->target, &sql, comment);
        if (try_run(state, &sql, "The comment", err) != 0) {
            return -1;
        }
    }
    buf_addf(&sql, "ALTER %s CONNECTION LIMIT %s", name,
             source_database_get(&state->database, DATABASE_CONNECTION_LIMIT));
    if (try_run(state, &sql, "The connection limit", err) != 0) {
        return -1;
    }
    if (source_database_has(&state->database, DATABASE_IS_TEMPLATE)) {
        buf_addf(&sql, "ALTER %s IS_TEMPLATE true", name);
    }
    return try_run(state, &sql, "The template mark", err);
}

int database_properties_apply(struct transfer_state *state, struct err *err)
{
    auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
    const char *source_owner = source_database_get(&state->database, DATABASE_OWNER);
    struct acl_object object = {.source_owner = source_owner};
    buf_adds(&name, "DATABASE ");
    pg_add_identifier(&state->target, &name, state->transfer->database);
    object.name = buf_text(&name);
    if (apply_details(state, object.name, err) != 0 || apply_settings(state, err) != 0 ||
        apply_owner(state, object.name, source_owner, err, &object.owner) != 0) {
        return -1;
    }
    return apply_acl(state, &object, err);
}
