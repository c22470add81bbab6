/* SPDX-License-Identifier: MIT */
/*
 * The store: what Malachite knows, kept in one file (WAL), one function per query. Nothing here shows that
 * SQLite is behind it. Any thread may call; each thread gets a handle of its own on first use.
 *
 * Functions return 0 or -1 with err set; those that look up one row return 1 if it exists and 0 if not.
 * Every function is one transaction of its own unless the caller has begun one with store_begin(); after an
 * error inside it, roll back. A ret_row is filled without looking at what was in it: give it an empty one.
 * Writing to a deleted row is an error (ERR_RESOURCE_NOT_FOUND), deleting it is not.
 *
 * Names are compared without case and kept as first written; names of PostgreSQL objects are compared byte by
 * byte.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "store/rows/rows.h"
#include "store/session/session.h"

/* ---- resource groups and provider registrations ---- */

int store_group_get(struct store *store, const char *subscription_id, const char *name, struct err *err,
                    struct resource_group *ret_group);
int store_group_list(struct store *store, const char *subscription_id, struct err *err,
                     struct resource_group **ret_groups, size_t *ret_count);
/* Inserts or replaces, keyed by subscription and name without case. */
int store_group_put(struct store *store, const struct resource_group *group, struct err *err);
int store_group_delete(struct store *store, const char *subscription_id, const char *name, struct err *err);

/* Microsoft.DBforPostgreSQL is registered unless said otherwise, every other provider is not. */
int store_provider_get(struct store *store, const char *subscription_id, const char *namespace_name,
                       struct err *err, bool *ret_registered);
int store_provider_put(struct store *store, const char *subscription_id, const char *namespace_name,
                       bool registered, struct err *err);

/* ---- servers ---- */

int store_server_get(struct store *store, enum server_kind kind, const char *subscription_id,
                     const char *group, const char *name, struct err *err, struct server *ret_server);
int store_server_get_by_id(struct store *store, int64_t id, struct err *err, struct server *ret_server);
/* Server names are unique over both kinds and all groups, as their DNS names are. */
int store_server_get_by_name(struct store *store, const char *name, struct err *err,
                             struct server *ret_server);
/* group NULL: of the whole subscription. Ordered by name. */
int store_server_list(struct store *store, enum server_kind kind, const char *subscription_id,
                      const char *group, struct err *err, struct server **ret_servers, size_t *ret_count);
/* All servers of all kinds, for the executor's start. */
int store_server_list_all(struct store *store, struct err *err, struct server **ret_servers,
                          size_t *ret_count);
/* Sets server->id, and created_us when it is 0. ERR_SERVER_NAME_TAKEN when there is one of that name. */
int store_server_insert(struct store *store, struct server *server, struct err *err);
/* Writes every column but id and name. */
int store_server_update(struct store *store, const struct server *server, struct err *err);
int store_server_set_state(struct store *store, int64_t id, enum server_state state, const char *message,
                           struct err *err);
/* Where a provisioned server listens. */
int store_server_set_address(struct store *store, int64_t id, const char *host, int port, struct err *err);
/* What the PostgreSQL behind it turned out to be. */
int store_server_set_version(struct store *store, int64_t id, int major, int minor, struct err *err);
/* Migrations of a deleted target go with it, and its children. */
int store_server_delete(struct store *store, int64_t id, struct err *err);

/* ---- children of servers ---- */

int store_child_get(struct store *store, int64_t server_id, enum server_child_kind kind, const char *name,
                    struct err *err, struct server_child *ret_child);
/* Ordered by name. */
int store_child_list(struct store *store, int64_t server_id, enum server_child_kind kind, struct err *err,
                     struct server_child **ret_children, size_t *ret_count);
/* Inserts, or replaces the properties. ERR_RESOURCE_NOT_FOUND when the server was deleted. */
int store_child_put(struct store *store, const struct server_child *child, struct err *err);
int store_child_delete(struct store *store, int64_t server_id, enum server_child_kind kind, const char *name,
                       struct err *err);

/* ---- operations ---- */

int store_operation_insert(struct store *store, const struct operation *operation, struct err *err);
int store_operation_get(struct store *store, const char *subscription_id, const char *id, struct err *err,
                        struct operation *ret_operation);
/* 1 and the oldest operation in progress whose server (or group) has no other claimed one. The claim holds
 * until the operation is finished; that of an earlier process (another owner) is free at once. */
int store_operation_claim(struct store *store, const char *owner, int64_t lease_until_us, struct err *err,
                          struct operation *ret_operation);
/* 1 when a start, stop or restart of this server has not ended. */
int store_operation_power_pending(struct store *store, int64_t server_id, struct err *err);
/* 1 when the deletion of this database has not ended. */
int store_operation_drops(struct store *store, int64_t server_id, const char *database, struct err *err);
/* 1: an operation on this resource has not ended. */
int store_operation_queued(struct store *store, const char *resource_id, struct err *err);
/* 1: somebody is working on an operation of this server. */
int store_operation_running(struct store *store, int64_t server_id, struct err *err);
/* failure NULL: Succeeded; ERR_CANCELED: Canceled; else Failed. One that has ended already stays as it is. */
int store_operation_finish(struct store *store, const char *id, const struct err *failure, struct err *err);
/* Forgets operations that ended before the moment given. */
int store_operation_forget(struct store *store, int64_t ended_before_us, struct err *err);

/* ---- migrations: the user's side ---- */

/* Inserts the migration (id and uuid are set, created_us when it is 0), its databases from spec.databases,
 * and its first event; it gets a worker's attention. ERR_MIGRATION_EXISTS when the name is taken on this
 * target. */
int store_migration_insert(struct store *store, struct migration *migration, struct err *err);
/* Hidden ones are found too. */
int store_migration_get(struct store *store, int64_t target_id, const char *name, struct err *err,
                        struct migration *ret_migration);
int store_migration_get_by_id(struct store *store, int64_t id, struct err *err,
                              struct migration *ret_migration);
int store_migration_get_by_uuid(struct store *store, const char *uuid, struct err *err,
                                struct migration *ret_migration);

struct migration_filter {
    int64_t target_id; /* 0: all targets */
    bool active_only;
    int64_t before_id; /* paging: only rows older than this id; 0: from the newest */
    size_t limit;      /* 0: all */
};
/* Newest first, without hidden ones. */
int store_migration_list(struct store *store, const struct migration_filter *filter, struct err *err,
                         struct migration **ret_migrations, size_t *ret_count);
/* Active migrations to this target, and those from or to this server. Of the first, of the names below and of
 * store_migration_writing(), those that are being canceled as a whole are left out: they end soon. */
int store_migration_count_active(struct store *store, int64_t target_id, struct err *err, int *ret_count);
int store_migration_count_of(struct store *store, int64_t server_id, struct err *err, int *ret_count);
/* Appends the names of at most max active migrations from or to this server; ret_count: of all. */
int store_migration_active_of(struct store *store, int64_t server_id, size_t max, struct err *err,
                              struct str_list *ret_names, size_t *ret_count);
/* Another active migration (not "except_id") of this target that writes this database, if there is one. */
int store_migration_writing(struct store *store, int64_t target_id, const char *database, int64_t except_id,
                            struct err *err, struct migration *ret_migration);
/* 1: another one of this target that is being canceled may still write this database. */
int store_migration_canceling(struct store *store, int64_t target_id, const char *database, int64_t except_id,
                              struct err *err);
/* Writes tags, source_id and spec (with the databases when they changed) and asks for a worker's attention
 * now. All of spec is written: get, change and update inside one store_begin(). An ended migration
 * without pending cleanup gets no attention and keeps no secrets. */
int store_migration_update_spec(struct store *store, const struct migration *migration, struct err *err);
/* The user has answered what the error of a waiting migration was about. */
int store_migration_clear_error(struct store *store, int64_t id, struct err *err);
/* Takes it off all lists and frees its name. */
int store_migration_hide(struct store *store, int64_t id, struct err *err);
/* Marks one that DELETE cancels: a PUT of its name replaces it. */
int store_migration_set_deleting(struct store *store, int64_t id, struct err *err);

/* ---- migrations: the executor's side ---- */

/*
 * 1 and a migration that needs attention now and is not leased, or whose lease has run out; it is leased to
 * owner. An owner never takes over its own lease: a process that was stopped for longer than a lease (a
 * suspended laptop, a paused container) still has the worker that holds it.
 */
int store_migration_claim(struct store *store, const char *owner, int64_t now_us, int64_t lease_until_us,
                          struct err *err, struct migration *ret_migration);
/* Prolongs all leases of this owner, those on operations too. */
int store_migration_renew(struct store *store, const char *owner, int64_t lease_until_us, struct err *err);
/* Gives the lease back, if it is still held. attention and not_before as given, unless the user has written
 * or attention was requested in the meantime; an ended migration without pending cleanup gets
 * none. */
int store_migration_release(struct store *store, const struct migration *migration, bool attention,
                            int64_t not_before_us, struct err *err);
/* At start, when the only process that uses the file is this one: frees the leases of all other owners,
 * forgets what active migrations wait for by the clock (it may have been set since), and gives attention to
 * what needs a process all the time: migrations that wait for the cutover, and ended ones with pending
 * cleanup. */
int store_migration_free_leases(struct store *store, const char *owner, struct err *err);

struct migration_move {
    enum migration_substate from; /* compare */
    enum migration_state state;   /* and swap */
    enum migration_substate substate;
    const char *error; /* NULL: unchanged, "": removed */
    const char *event; /* text of the event row */
};
/* Compare-and-swap of the state plus its event, in one transaction, and only under migration's lease. Returns
 * 1 when moved (migration is updated), 0 when the lease or the substate is not what the caller believes. A
 * terminal state sets ended_us; unless a database still has a replication name, it also ends attention and
 * erases the secrets, in the file and in migration. */
int store_migration_move(struct store *store, struct migration *migration, const struct migration_move *move,
                         struct err *err);
/* Asks for a worker now, as a write of the user does, also while one has it: it is then claimed again. An
 * ended migration without pending cleanup gets none. Any thread. */
int store_migration_attention(struct store *store, int64_t id, struct err *err);
/* The cleanup of an ended migration is complete when no database has a replication name: nothing is left on
 * its servers. Call after the last name was removed: erases the secrets. Does nothing before that. */
int store_migration_cleaned_up(struct store *store, int64_t id, struct err *err);
/* The ended migrations with pending cleanup, oldest first; free() the list. */
int store_migration_list_pending_cleanup(struct store *store, struct err *err, int64_t **ret_ids,
                                         size_t *ret_count);
/* Metadata, validation and window end (unless the user has written since the claim), as found by the
 * executor. ERR_CONFLICT when the lease is lost. */
int store_migration_set_facts(struct store *store, const struct migration *migration, struct err *err);
/* currentStatus.error of a migration that has not ended, until it moves on; NULL: none. ERR_CONFLICT when the
 * lease is lost. */
int store_migration_set_error(struct store *store, const struct migration *migration, const char *error,
                              struct err *err);
/* 1 when the user has asked to cancel (spec.cancel), or the migration was deleted with its server. Cheap:
 * called several times a second. */
int store_migration_cancel_requested(struct store *store, int64_t id, struct err *err);
/* The earliest moment at which this owner's claim can succeed without a new wish of the user: not_before, or
 * the end of somebody else's lease. It may have passed already; 0 when there is none. */
int store_migration_next_due(struct store *store, const char *owner, struct err *err, int64_t *ret_at_us);

/* With the state that the migration has now. The newest 1000 of a migration are kept. */
int store_event_add(struct store *store, int64_t migration_id, const char *text, struct err *err);
int store_event_list(struct store *store, int64_t migration_id, struct err *err,
                     struct migration_event **ret_events, size_t *ret_count);

/* Remembers a change before it is made; a second time replaces "undo". */
int store_cleanup_add(struct store *store, const struct pending_cleanup *cleanup, struct err *err);
/* What is remembered with that key, in new memory; NULL: nothing. */
int store_cleanup_undo(struct store *store, const struct pending_cleanup *cleanup, struct err *err,
                       char **ret_undo);
/* Nothing of the database's changes is left. */
int store_cleanup_done(struct store *store, int64_t migration_id, const char *database, struct err *err);

int store_database_list(struct store *store, int64_t migration_id, struct err *err,
                        struct migration_database **ret_databases, size_t *ret_count);
/* Writes every column of one database row but position and the figures, keyed by migration and name. */
int store_database_update(struct store *store, const struct migration_database *database, struct err *err);
/* Writes the figures of one database and nothing else: once a second while changes follow. Any thread. */
int store_database_set_figures(struct store *store, int64_t migration_id, const char *name,
                               const struct database_figures *figures, struct err *err);
/* Writes one database row and its tables in one transaction: once a second while copying. Tables are keyed by
 * migration, database, schema and name; rows that are not there yet are inserted. */
int store_progress_write(struct store *store, const struct migration_database *database,
                         const struct migration_table *tables, size_t count, struct err *err);
/* Forgets the tables of one database: the copy starts again. */
int store_table_forget(struct store *store, int64_t migration_id, const char *database, struct err *err);
int store_table_list(struct store *store, int64_t migration_id, const char *database, struct err *err,
                     struct migration_table **ret_tables, size_t *ret_count);

/* Figures for /metrics. */
struct store_figures {
    int64_t migrations_by_state[STATE_COUNT];
    int64_t servers[SERVER_KIND_COUNT];
    int64_t operations_in_progress;
    int64_t rows_copied;
    int64_t bytes_copied;
};
int store_figures(struct store *store, struct err *err, struct store_figures *ret_figures);

#endif
