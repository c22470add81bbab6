/* SPDX-License-Identifier: MIT */
/*
 * The rows of the store, as plain structs. A row owns its strings; release it with its _done function. An
 * all-zero row is empty and valid. Times are microseconds since 1970 UTC; 0 means not set. JSON text is an
 * object unless stated otherwise.
 */
#ifndef STORE_ROWS_ROWS_H
#define STORE_ROWS_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parse/id.h"
#include "core/str_list.h"
#include "store/rows/words.h"

/* A boolean that a client may omit. */
enum flag { FLAG_UNSET = 0, FLAG_FALSE = 1, FLAG_TRUE = 2 };

struct resource_group {
    char *subscription_id;
    char *name; /* in the spelling of the first PUT */
    char *location;
    char *tags;       /* JSON, or NULL */
    char *managed_by; /* or NULL */
    bool deleting;
};

/* A single server or a flexible server, backed by a real PostgreSQL server. */
struct server {
    int64_t id;
    enum server_kind kind;
    char *subscription_id;
    char *group;
    char *name;
    char
        *instance; /* folder of a provisioned one: its name, or a longer one if another subscription has it */
    char *location;
    char *tags;       /* JSON, or NULL */
    char *sku;        /* JSON, or NULL */
    char *properties; /* JSON: the client's settings, without secrets and without values that are read from
                         the running server */
    int major;        /* major version of PostgreSQL, 0 while unknown */
    int minor;        /* at the last start or check, 0 while unknown */
    char *administrator;
    char *password; /* the administrator's; stored sealed */
    enum server_state state;
    char *message; /* why the server is Inaccessible, or NULL */
    bool attached; /* false: Malachite runs the instance */
    char *host;
    int port;
    int64_t created_us;
};

/* A child resource of a server that exists in the store only, for example a firewall rule. */
struct server_child {
    int64_t server_id;
    enum server_child_kind kind;
    char *name;
    char *properties; /* JSON */
};

/* The client's request. Every member can be missing; see handlers/migrations/dialect.c for names and
 * versions. */
struct migration_spec {
    char *source_server_id; /* resource id, or host:port@user */
    char *source_fqdn;
    char *target_fqdn;
    char *source_user; /* secret parameter; sealed */
    char *target_user;
    char *source_password;
    char *target_password;
    char *aad_client_id;
    char *aad_tenant_id;
    char *aad_secret;
    char *identity_id;
    char *migration_group_id;
    char *migration_subnet_id;
    char *runtime_server_id;
    struct str_list databases;
    struct str_list cutover_databases;
    struct str_list cancel_databases;
    int mode;          /* enum migration_mode, or -1 */
    int option;        /* enum migration_option, or -1 */
    char *source_type; /* normalised spelling */
    char *ssl_mode;    /* normalised spelling */
    enum flag setup_replication;
    enum flag overwrite;
    enum flag migrate_roles;
    enum flag start_data_migration;
    enum flag trigger_cutover;
    enum flag cancel;
    int64_t window_start_us;
    int64_t window_end_us;
};

struct migration {
    int64_t id;
    char uuid[ID_TEXT_SIZE]; /* properties.migrationId */
    int64_t target_id;       /* struct server.id */
    int64_t source_id;       /* struct server.id, or 0 for a source given as host:port@user */
    char *name;
    char *location;
    char *tags; /* JSON, or NULL */
    struct migration_spec spec;
    char *source_metadata; /* JSON {location, version, storageMb, sku}, or NULL while unknown */
    char *target_metadata;
    char *validation; /* JSON validationDetails, or NULL */
    enum migration_state state;
    enum migration_substate substate;
    char *error;       /* properties.currentStatus.error, or NULL */
    char *error_code;  /* what the error is: see struct migration_error; or NULL */
    char *error_facts; /* likewise */
    int64_t created_us;
    int64_t ended_us;
    int64_t entered_us; /* the last change of the substate; 0: none yet */
    bool hidden;        /* deleted: no longer listed, and its name is free */
    bool deleting;      /* canceled by DELETE: a PUT of the same name replaces it */
    /* claim */
    bool attention;        /* a worker is needed; false while waiting for the user or after the end */
    int64_t not_before_us; /* no worker may claim it earlier */
    char *lease_owner;
    int64_t lease_generation; /* increases with every claim, so that a lost lease cannot write */
    int64_t lease_until_us;
};

/* Figures of an online migration; written by store_database_set_figures() only. */
struct database_figures {
    int64_t inserts, updates, deletes; /* rows, cumulative */
    int64_t applied_changes;
    int64_t pending_bytes; /* WAL of the source that has not been applied yet */
    int latency_seconds;
    int64_t last_change_us; /* commit of the last applied change, by the source's clock; 0: none yet */
};

/* One database of a migration: dbDetails.<name>. */
struct migration_database {
    int64_t migration_id;
    int position; /* in the order of the request */
    char *name;
    enum database_state state;
    char *operation;     /* text of the running step, or of a pending cleanup after the end; or NULL */
    char *message;       /* the failure, or the skipped objects with the reason; or NULL */
    char *error_code;    /* of the failure; or NULL */
    bool target_claimed; /* Malachite has begun to fill the target database, so it may drop it again */
    int64_t started_us;
    int64_t ended_us;
    int tables_queued;
    int tables_loading;
    int tables_completed;
    int tables_errored;
    int64_t rows_copied;
    int64_t bytes_copied;
    int64_t bytes_total; /* estimate */
    /* online migrations */
    char *replication; /* name of slot, publication and helper, set before the first of them is created; NULL:
                          all have been removed */
    bool following;    /* the base copy is complete, and changes are applied */
    char *cutover_position; /* the source's WAL position at the trigger, or NULL */
    char *evidence;         /* JSON, or NULL */
    struct database_figures figures;
};

/* A change by a migration on a server that must be undone at its end. Strings are borrowed. */
struct pending_cleanup {
    int64_t migration_id;
    const char *database;
    const char *side; /* "source", "target" */
    const char *kind; /* "slot", "publication", "schema", "identities" */
    const char *object;
    const char *undo; /* the value to restore, or NULL */
};

struct migration_table {
    char *schema;
    char *name;
    enum table_state state;
    int64_t bytes_total; /* estimate before the copy */
    int64_t bytes_copied;
    int64_t rows_copied;
    int64_t started_us;
    int64_t ended_us;
    char *message; /* or NULL */
};

/* A transition or another notable event of a migration. */
struct migration_event {
    int64_t at_us;
    enum migration_state state;
    enum migration_substate substate;
    char *text;
};

/* A long-running operation on servers, databases or groups (Azure-AsyncOperation). */
struct operation {
    char id[ID_TEXT_SIZE];
    enum operation_kind kind;
    char *subscription_id;
    char *location;
    char *resource_id; /* ARM id of its resource */
    int64_t server_id; /* 0 for groups */
    char *argument;    /* JSON for the executor, e.g. {"database": ...}, or NULL */
    char *api_version;
    enum operation_status status;
    char *error_code;    /* wire code, or NULL */
    char *error_message; /* or NULL */
    int64_t started_us;
    int64_t ended_us;
};

void resource_group_done(struct resource_group *row);
void server_done(struct server *row);
void server_child_done(struct server_child *row);
void migration_spec_init(struct migration_spec *spec); /* all unset: mode and option -1 */
void migration_spec_done(struct migration_spec *spec);
void migration_spec_forget_secrets(
    struct migration_spec *spec); /* wipes users, passwords and the client secret */
void migration_done(struct migration *row);
void migration_database_done(struct migration_database *row);
void migration_table_done(struct migration_table *row);
void migration_event_done(struct migration_event *row);
void operation_done(struct operation *row);

/* Lists: count rows in one allocation, released with the _free function. */
void resource_groups_free(struct resource_group *rows, size_t count);
void servers_free(struct server *rows, size_t count);
void server_children_free(struct server_child *rows, size_t count);
void migrations_free(struct migration *rows, size_t count);
void migration_databases_free(struct migration_database *rows, size_t count);
void migration_tables_free(struct migration_table *rows, size_t count);
void migration_events_free(struct migration_event *rows, size_t count);

#define auto_resource_group __attribute__((cleanup(resource_group_done)))
#define auto_server         __attribute__((cleanup(server_done)))
#define auto_server_child   __attribute__((cleanup(server_child_done)))
#define auto_migration      __attribute__((cleanup(migration_done)))
#define auto_operation      __attribute__((cleanup(operation_done)))

#endif
