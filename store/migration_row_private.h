/* SPDX-License-Identifier: MIT */
/* The row of a migration: one order of columns for reading and binding in all statements, and its sealed
 * secrets. */
#ifndef STORE_MIGRATION_ROW_PRIVATE_H
#define STORE_MIGRATION_ROW_PRIVATE_H

#include "store/rows/rows.h"
#include "store/session/stmt.h"

/* The columns that the user writes, in the order of migration_bind_user(). */
#define MIGRATION_USER_COLUMNS                                                                               \
    "tags, source_id, source_server_id, source_fqdn, target_fqdn, aad_client_id, aad_tenant_id, "            \
    "identity_id, "                                                                                          \
    "migration_group_id, migration_subnet_id, runtime_server_id, databases, cutover_databases, "             \
    "cancel_databases, mode, option, source_type, ssl_mode, setup_replication, overwrite, migrate_roles, "   \
    "start_data_migration, trigger_cutover, cancel, window_start_us, window_end_us"
#define MIGRATION_USER_PARAMETERS                                                                            \
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

/* The columns that migration_type reads. */
#define MIGRATION_COLUMNS                                                                                    \
    "id, uuid, target_id, name, location, secrets, " MIGRATION_USER_COLUMNS                                  \
    ", source_metadata, target_metadata, validation, state, substate, error, error_code, error_facts, "      \
    "created_us, ended_us, entered_us, hidden, deleting, attention, not_before_us, lease_owner, "            \
    "lease_generation, lease_until_us"

extern const struct row_type migration_type;

/* The lists of a spec as bound JSON texts; all NULL for empty lists. */
struct migration_lists {
    char *databases;
    char *cutover;
    char *cancel;
};
int migration_lists_make(const struct migration_spec *spec, struct err *err,
                         struct migration_lists *ret_lists);
void migration_lists_done(struct migration_lists *lists);
#define auto_migration_lists __attribute__((cleanup(migration_lists_done)))

/* Binds MIGRATION_USER_COLUMNS. */
void migration_bind_user(struct stmt *stmt, const struct migration *migration,
                         const struct migration_lists *lists);

/* Seals the secret members together, bound to the migration's uuid; stores nothing if all are missing. */
int migration_seal(struct sealer *sealer, const struct migration *migration, struct err *err,
                   struct sealed *ret_sealed);

#endif
