/* SPDX-License-Identifier: MIT */
#include "engine/admin/settings.h"

#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "engine/pg/pg.h"

enum { NO_PENDING_BEFORE = 90500 };

/* Malachite's session sets many parameters itself, and pg_settings shows the session's values. For those
 * parameters read the configuration files, which also contain values that wait for a restart. */
#define FILE_SETTINGS                                                                                        \
    " LEFT JOIN (SELECT DISTINCT ON (pg_catalog.lower(name)) pg_catalog.lower(name) AS name, setting,"       \
    " sourcefile LIKE '%postgresql.auto.conf' AS altered FROM pg_catalog.pg_file_settings"                   \
    " ORDER BY pg_catalog.lower(name), seqno DESC) f ON f.name = pg_catalog.lower(s.name)"
#define NO_FILE_SETTINGS                                                                                     \
    " LEFT JOIN (SELECT NULL::text AS name, NULL::text AS setting, false AS altered) f ON false"

/* Files, commands that the server would run, addresses that Malachite assigns, and the switch that would
 * disable ALTER SYSTEM. */
#define FIXED_NAMES                                                                                          \
    "'archive_command', 'archive_library', 'archive_cleanup_command', 'restore_command',"                    \
    " 'recovery_end_command', 'ssl_passphrase_command', 'data_directory', 'config_file', 'hba_file',"        \
    " 'ident_file', 'external_pid_file', 'unix_socket_directories', 'unix_socket_group',"                    \
    " 'unix_socket_permissions', 'listen_addresses', 'port', 'cluster_name', 'dynamic_library_path',"        \
    " 'extension_control_path', 'krb_server_keyfile', 'ssl', 'ssl_ca_file', 'ssl_cert_file', 'ssl_crl_dir'," \
    " 'ssl_crl_file', 'ssl_dh_params_file', 'ssl_key_file', 'allow_alter_system', 'promote_trigger_file',"   \
    " 'trigger_file', 'transaction_isolation', 'transaction_read_only', 'transaction_deferrable',"           \
    " 'jit_provider', 'oauth_validator_libraries', 'summarize_wal_dir', 'stats_temp_directory',"             \
    " 'log_directory', 'log_filename'"

/* File modes: PostgreSQL shows the value as 0600 and the default as 384. NULL for all other settings. */
#define OCTAL_DEFAULT                                                                                        \
    "CASE WHEN s.name IN ('log_file_mode', 'unix_socket_permissions', 'data_directory_mode') THEN '0'"       \
    " || s.boot_val::int / 64 || s.boot_val::int / 8 %% 8 || s.boot_val::int %% 8 END"

/* %1$s: whether a change waits for a restart; %2$s: one of the joins above. */
#define LIST_SQL                                                                                             \
    "SELECT s.name,"                                                                                         \
    " coalesce(CASE WHEN %1$s OR s.source IN ('client', 'session') THEN f.setting END,"                      \
    "  CASE WHEN s.source IN ('client', 'session') THEN s.boot_val ELSE s.setting END, ''),"                 \
    " coalesce(" OCTAL_DEFAULT ", s.boot_val, ''),"                                                          \
    " s.short_desc || coalesce(' ' || s.extra_desc, ''), s.vartype, coalesce(s.unit, ''),"                   \
    " coalesce(s.min_val, ''), coalesce(s.max_val, ''),"                                                     \
    " coalesce(pg_catalog.array_to_string(s.enumvals, ','), ''),"                                            \
    " s.context NOT IN ('internal', 'postmaster'),"                                                          \
    " s.context = 'internal' OR s.source = 'command line' OR s.name IN (" FIXED_NAMES "),"                   \
    " coalesce(f.altered, false), %1$s"                                                                      \
    " FROM pg_catalog.pg_settings s%2$s"                                                                     \
    " WHERE s.name <> 'primary_conninfo'" /* may hold a password */                                          \
    " AND ($1::text IS NULL OR pg_catalog.lower(s.name) = pg_catalog.lower($1))"                             \
    " ORDER BY s.name COLLATE \"C\""

static void setting_done(struct server_setting *setting)
{
    free(setting->name);
    free(setting->value);
    free(setting->default_value);
    free(setting->description);
    free(setting->type);
    free(setting->unit);
    free(setting->minimum);
    free(setting->maximum);
    free(setting->choices);
}

void settings_free(struct server_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        setting_done(&settings[i]);
    }
    free(settings);
}

/* False when memory is out. */
static bool read_setting(const PGresult *result, int row, struct server_setting *setting)
{
    char **const texts[] = {&setting->name,        &setting->value,   &setting->default_value,
                            &setting->description, &setting->type,    &setting->unit,
                            &setting->minimum,     &setting->maximum, &setting->choices};
    int column = 0;
    for (; column < (int)ARRAY_LEN(texts); column++) {
        *texts[column] = str_dup(PQgetvalue(result, row, column));
        if (*texts[column] == NULL) {
            return false;
        }
    }
    setting->dynamic = pg_is_true(result, row, column);
    setting->fixed = pg_is_true(result, row, column + 1);
    setting->altered = pg_is_true(result, row, column + 2);
    setting->pending_restart = pg_is_true(result, row, column + 3);
    return true;
}

int settings_list(const struct endpoint *endpoint, const char *name, const struct stop *stop, struct err *err,
                  struct server_setting **ret_settings, size_t *ret_count)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *result = NULL;
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0) {
        return -1;
    }
    bool modern = pg.version >= NO_PENDING_BEFORE;
    auto_free char *sql = str_format(LIST_SQL, modern ? "s.pending_restart" : "false",
                                     modern && pg.superuser ? FILE_SETTINGS : NO_FILE_SETTINGS);
    if (sql == NULL) {
        return err_no_memory(err);
    }
    if (pg_query(&pg, err, &result, sql, 1, &name) != 0) {
        return -1;
    }
    size_t count = (size_t)PQntuples(result);
    struct server_setting *settings = calloc(count + 1, sizeof(*settings));
    if (settings == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_setting(result, (int)i, &settings[i])) {
            settings_free(settings, count);
            return err_no_memory(err);
        }
    }
    *ret_settings = settings;
    *ret_count = count;
    return 0;
}

int settings_available_extensions(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                                  char **ret_names)
{
    auto_pg struct pg pg = {0};
    char *names = NULL;
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0 ||
        pg_value(&pg, err, &names,
                 "SELECT coalesce(pg_catalog.string_agg(name, ',' ORDER BY name), '')"
                 " FROM pg_catalog.pg_available_extensions",
                 0, NULL) != 0) {
        return -1;
    }
    *ret_names = names;
    return 0;
}
