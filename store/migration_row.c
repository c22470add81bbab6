/* SPDX-License-Identifier: MIT */
#include "store/migration_row_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"

enum { SECRETS_MAX = 1 << 20, PLACE_SIZE = 64, SECRET_COUNT = 5 };

/* The order is that of the sealed text: append new ones at the end. */
static void secret_members(struct migration_spec *spec, char **members[static SECRET_COUNT])
{
    members[0] = &spec->source_user;
    members[1] = &spec->source_password;
    members[2] = &spec->target_user;
    members[3] = &spec->target_password;
    members[4] = &spec->aad_secret;
}

static void secrets_place(const char *uuid, char place[static PLACE_SIZE])
{
    snprintf(place, PLACE_SIZE, "migration/%s/secrets", uuid);
}

/* One sealed text for all: each member is "=" + text + NUL, or "-" if it is missing. */
int migration_seal(struct sealer *sealer, const struct migration *migration, struct err *err,
                   struct sealed *ret_sealed)
{
    struct migration_spec spec = migration->spec;
    char **members[SECRET_COUNT];
    secret_members(&spec, members);
    struct buf plain = BUF_MAX(SECRETS_MAX);
    bool any = false;
    for (size_t i = 0; i < SECRET_COUNT; i++) {
        const char *member = *members[i];
        any = any || member != NULL;
        buf_addc(&plain, member == NULL ? '-' : '=');
        buf_add(&plain, member == NULL ? "" : member, member == NULL ? 0 : strlen(member) + 1);
    }
    int result = 0;
    if (buf_failed(&plain)) {
        result = err_set(err, ERR_BAD_REQUEST, "The secrets of the migration are too long to be stored.");
    } else if (any) {
        char place[PLACE_SIZE];
        secrets_place(migration->uuid, place);
        result = sealer_seal(sealer, place, plain.data, plain.len, err, ret_sealed);
    }
    if (plain.data != NULL) {
        explicit_bzero(plain.data, plain.allocated);
    }
    buf_done(&plain);
    return result;
}

static bool unpack_secrets(const char *plain, size_t len, struct migration_spec *spec)
{
    char **members[SECRET_COUNT];
    secret_members(spec, members);
    size_t at = 0;
    for (size_t i = 0; i < SECRET_COUNT && at < len; i++) {
        if (plain[at++] == '=') {
            *members[i] = strdup(plain + at);
            if (*members[i] == NULL) {
                return false;
            }
            at += strlen(plain + at) + 1;
        }
    }
    return true;
}

static int read_secrets(struct stmt *stmt, struct migration *migration, struct err *err)
{
    size_t sealed_len = 0;
    const void *sealed = column_blob(stmt, &sealed_len);
    if (sealed == NULL) {
        return 0;
    }
    char place[PLACE_SIZE];
    secrets_place(migration->uuid, place);
    auto_free char *plain = NULL;
    size_t len = 0;
    if (sealer_unseal(stmt->db->sealer, place, sealed, sealed_len, err, &plain, &len) < 0) {
        return -1;
    }
    bool good = unpack_secrets(plain, len, &migration->spec);
    explicit_bzero(plain, len);
    return good ? 0 : memory_error(err);
}

static void read_user_columns(struct stmt *stmt, struct migration *migration)
{
    struct migration_spec *spec = &migration->spec;
    migration->tags = column_text(stmt);
    migration->source_id = column_int64(stmt);
    spec->source_server_id = column_text(stmt);
    spec->source_fqdn = column_text(stmt);
    spec->target_fqdn = column_text(stmt);
    spec->aad_client_id = column_text(stmt);
    spec->aad_tenant_id = column_text(stmt);
    spec->identity_id = column_text(stmt);
    spec->migration_group_id = column_text(stmt);
    spec->migration_subnet_id = column_text(stmt);
    spec->runtime_server_id = column_text(stmt);
    column_list(stmt, &spec->databases);
    column_list(stmt, &spec->cutover_databases);
    column_list(stmt, &spec->cancel_databases);
    spec->mode = column_word(stmt, WORDS_MIGRATION_MODE);
    spec->option = column_word(stmt, WORDS_MIGRATION_OPTION);
    spec->source_type = column_text(stmt);
    spec->ssl_mode = column_text(stmt);
    spec->setup_replication = column_flag(stmt);
    spec->overwrite = column_flag(stmt);
    spec->migrate_roles = column_flag(stmt);
    spec->start_data_migration = column_flag(stmt);
    spec->trigger_cutover = column_flag(stmt);
    spec->cancel = column_flag(stmt);
    spec->window_start_us = column_int64(stmt);
    spec->window_end_us = column_int64(stmt);
}

/* Without the uuid that store_migration_hide() appended. */
static void cut_name(char *name)
{
    char *slash = name == NULL ? NULL : strchr(name, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
}

static int read_migration(struct stmt *stmt, void *row, struct err *err)
{
    struct migration *migration = row;
    migration_spec_init(&migration->spec);
    migration->id = column_int64(stmt);
    column_uuid(stmt, migration->uuid);
    migration->target_id = column_int64(stmt);
    migration->name = column_text(stmt);
    migration->location = column_text(stmt);
    if (read_secrets(stmt, migration, err) < 0) {
        return -1;
    }
    read_user_columns(stmt, migration);
    migration->source_metadata = column_text(stmt);
    migration->target_metadata = column_text(stmt);
    migration->validation = column_text(stmt);
    migration->state = (enum migration_state)column_word(stmt, WORDS_MIGRATION_STATE);
    migration->substate = (enum migration_substate)column_word(stmt, WORDS_SUBSTATE);
    migration->error = column_text(stmt);
    migration->error_code = column_text(stmt);
    migration->error_facts = column_text(stmt);
    migration->created_us = column_int64(stmt);
    migration->ended_us = column_int64(stmt);
    migration->entered_us = column_int64(stmt);
    migration->hidden = column_bool(stmt);
    migration->deleting = column_bool(stmt);
    if (migration->hidden) {
        cut_name(migration->name);
    }
    migration->attention = column_bool(stmt);
    migration->not_before_us = column_int64(stmt);
    migration->lease_owner = column_text(stmt);
    migration->lease_generation = column_int64(stmt);
    migration->lease_until_us = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_migration(void *row)
{
    migration_done(row);
}

const struct row_type migration_type = {sizeof(struct migration), read_migration, release_migration};

static int make_list(const struct str_list *list, struct err *err, char **ret_json)
{
    if (list->count == 0) {
        return 0;
    }
    *ret_json = str_list_to_json(list);
    return *ret_json == NULL ? memory_error(err) : 0;
}

int migration_lists_make(const struct migration_spec *spec, struct err *err,
                         struct migration_lists *ret_lists)
{
    struct migration_lists lists = {0};
    if (make_list(&spec->databases, err, &lists.databases) < 0 ||
        make_list(&spec->cutover_databases, err, &lists.cutover) < 0 ||
        make_list(&spec->cancel_databases, err, &lists.cancel) < 0) {
        migration_lists_done(&lists);
        return -1;
    }
    *ret_lists = lists;
    return 0;
}

void migration_lists_done(struct migration_lists *lists)
{
    free(lists->databases);
    free(lists->cutover);
    free(lists->cancel);
}

void migration_bind_user(struct stmt *stmt, const struct migration *migration,
                         const struct migration_lists *lists)
{
    const struct migration_spec *spec = &migration->spec;
    bind_text(stmt, migration->tags);
    bind_int(stmt, migration->source_id);
    bind_text(stmt, spec->source_server_id);
    bind_text(stmt, spec->source_fqdn);
    bind_text(stmt, spec->target_fqdn);
    bind_text(stmt, spec->aad_client_id);
    bind_text(stmt, spec->aad_tenant_id);
    bind_text(stmt, spec->identity_id);
    bind_text(stmt, spec->migration_group_id);
    bind_text(stmt, spec->migration_subnet_id);
    bind_text(stmt, spec->runtime_server_id);
    bind_text(stmt, lists->databases);
    bind_text(stmt, lists->cutover);
    bind_text(stmt, lists->cancel);
    bind_word(stmt, WORDS_MIGRATION_MODE, spec->mode);
    bind_word(stmt, WORDS_MIGRATION_OPTION, spec->option);
    bind_text(stmt, spec->source_type);
    bind_text(stmt, spec->ssl_mode);
    bind_flag(stmt, spec->setup_replication);
    bind_flag(stmt, spec->overwrite);
    bind_flag(stmt, spec->migrate_roles);
    bind_flag(stmt, spec->start_data_migration);
    bind_flag(stmt, spec->trigger_cutover);
    bind_flag(stmt, spec->cancel);
    bind_int(stmt, spec->window_start_us);
    bind_int(stmt, spec->window_end_us);
}
