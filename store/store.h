/* SPDX-License-Identifier: MIT */
/*
 * The store: Malachite's state in one file (WAL), with one function per query. The interface hides SQLite.
 * Any thread may call; each thread gets its own handle on first use.
 *
 * Functions return 0 or -1 with err set; those that look up one row return 1 if it exists and 0 if not.
 * Every function is its own transaction unless the caller has begun one with store_begin(); after an error
 * inside it, roll back. A ret_row is overwritten without a release: pass an empty one. Writing to a
 * deleted row is an error (ERR_RESOURCE_NOT_FOUND), deleting it is not.
 *
 * Names are compared without case and kept as first written; names of PostgreSQL objects are compared byte
 * by byte.
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

/* Microsoft.DBforPostgreSQL is registered by default, all other providers are not. */
int store_provider_get(struct store *store, const char *subscription_id, const char *namespace_name,
                       struct err *err, bool *ret_registered);
int store_provider_put(struct store *store, const char *subscription_id, const char *namespace_name,
                       bool registered, struct err *err);

/* ---- servers ---- */

int store_server_get(struct store *store, enum server_kind kind, const char *subscription_id,
                     const char *group, const char *name, struct err *err, struct server *ret_server);
int store_server_get_by_id(struct store *store, int64_t id, struct err *err, struct server *ret_server);
/* Server names are unique across both kinds and all groups of a subscription. */
int store_server_get_by_name(struct store *store, const char *subscription_id, const char *name,
                             struct err *err, struct server *ret_server);
/* group NULL: the whole subscription. Ordered by name. */
int store_server_list(struct store *store, enum server_kind kind, const char *subscription_id,
                      const char *group, struct err *err, struct server **ret_servers, size_t *ret_count);
/* All servers of all kinds, for the executor's start. */
int store_server_list_all(struct store *store, struct err *err, struct server **ret_servers,
                          size_t *ret_count);
/* Sets server->id, and created_us if it is 0; chooses its instance, which the next read shows.
 * ERR_SERVER_NAME_TAKEN if the name exists. */
int store_server_insert(struct store *store, struct server *server, struct err *err);
/* Writes every column except id, name and instance. */
int store_server_update(struct store *store, const struct server *server, struct err *err);
int store_server_set_state(struct store *store, int64_t id, enum server_state state, const char *message,
                           struct err *err);
/* Sets the address of a provisioned server. */
int store_server_set_address(struct store *store, int64_t id, const char *host, int port, struct err *err);
/* Sets the version of the server's PostgreSQL. */
int store_server_set_version(struct store *store, int64_t id, int major, int minor, struct err *err);
/* Also deletes its children, and migrations whose target it is. */
int store_server_delete(struct store *store, int64_t id, struct err *err);

/* ---- children of servers ---- */

int store_child_get(struct store *store, int64_t server_id, enum server_child_kind kind, const char *name,
                    struct err *err, struct server_child *ret_child);
/* Ordered by name. */
int store_child_list(struct store *store, int64_t server_id, enum server_child_kind kind, struct err *err,
                     struct server_child **ret_children, size_t *ret_count);
/* Inserts the child, or replaces its properties. ERR_RESOURCE_NOT_FOUND if the server was deleted. */
int store_child_put(struct store *store, const struct server_child *child, struct err *err);
int store_child_delete(struct store *store, int64_t server_id, enum server_child_kind kind, const char *name,
                       struct err *err);

/* ---- operations ---- */

int store_operation_insert(struct store *store, const struct operation *operation, struct err *err);
int store_operation_get(struct store *store, const char *subscription_id, const char *id, struct err *err,
                        struct operation *ret_operation);
/* 1 and the oldest operation in progress whose server (or group) has no other claimed one. The claim holds
 * until the operation is finished; claims of an earlier process (another owner) are released at once. */
int store_operation_claim(struct store *store, const char *owner, int64_t lease_until_us, struct err *err,
                          struct operation *ret_operation);
/* 1 if a start, stop or restart of this server has not ended. */
int store_operation_power_pending(struct store *store, int64_t server_id, struct err *err);
/* 1 if the deletion of this database has not ended. */
int store_operation_drops(struct store *store, int64_t server_id, const char *database, struct err *err);
/* 1: an operation on this resource has not ended. */
int store_operation_queued(struct store *store, const char *resource_id, struct err *err);
/* 1: a thread is executing an operation of this server. */
int store_operation_running(struct store *store, int64_t server_id, struct err *err);
/* failure NULL: Succeeded; ERR_CANCELED: Canceled; otherwise Failed. An ended operation stays unchanged. */
int store_operation_finish(struct store *store, const char *id, const struct err *failure, struct err *err);
/* Deletes operations that ended before the given time. */
int store_operation_forget(struct store *store, int64_t ended_before_us, struct err *err);

/* ---- migrations: the user's side ---- */

/* Inserts the migration (sets id and uuid, and created_us if it is 0), its databases from spec.databases,
 * and its first event, and requests a worker. ERR_MIGRATION_EXISTS if the name is taken on this target. */
int store_migration_insert(struct store *store, struct migration *migration, struct err *err);
/* Also finds hidden ones. */
int store_migration_get(struct store *store, int64_t target_id, const char *name, struct err *err,
                        struct migration *ret_migration);
int store_migration_get_by_id(struct store *store, int64_t id, struct err *err,
                              struct migration *ret_migration);
int store_migration_get_by_uuid(struct store *store, const char *uuid, struct err *err,
                                struct migration *ret_migration);
/* The newest migration of this name in a subscription, hidden ones left out. */
int store_migration_get_newest(struct store *store, const char *subscription_id, const char *name,
                               struct err *err, struct migration *ret_migration);

struct migration_filter {
    int64_t target_id;           /* 0: all targets */
    const char *subscription_id; /* with target_id 0: only its targets; NULL: all */
    bool active_only;
    int64_t before_id; /* paging: only rows older than this id; 0: from the newest */
    size_t limit;      /* 0: all */
};
/* Newest first, without hidden ones. */
int store_migration_list(struct store *store, const struct migration_filter *filter, struct err *err,
                         struct migration **ret_migrations, size_t *ret_count);
/* Active migrations to this target, and those from or to this server. The first, the names below and
 * store_migration_writing() leave out migrations that are being canceled as a whole, because they end
 * soon. */
int store_migration_count_active(struct store *store, int64_t target_id, struct err *err, int *ret_count);
int store_migration_count_of(struct store *store, int64_t server_id, struct err *err, int *ret_count);
/* Appends the names of at most max active migrations from or to this server; ret_count: their total number.
 */
int store_migration_active_of(struct store *store, int64_t server_id, size_t max, struct err *err,
                              struct str_list *ret_names, size_t *ret_count);
/* Another active migration (not "except_id") of this target that writes this database, if any. */
int store_migration_writing(struct store *store, int64_t target_id, const char *database, int64_t except_id,
                            struct err *err, struct migration *ret_migration);
/* 1: another migration of this target that is being canceled may still write this database. */
int store_migration_canceling(struct store *store, int64_t target_id, const char *database, int64_t except_id,
                              struct err *err);
/* Writes tags, source_id and spec (with the databases if they changed) and requests a worker now. Writes all
 * of spec: get, change and update it inside one store_begin(). An ended migration without pending cleanup
 * gets no worker and keeps no secrets. */
int store_migration_update_spec(struct store *store, const struct migration *migration, struct err *err);
/* The user has answered the question in a waiting migration's error. */
int store_migration_clear_error(struct store *store, int64_t id, struct err *err);
/* Takes it off all lists and frees its name. */
int store_migration_hide(struct store *store, int64_t id, struct err *err);
/* Marks a migration that DELETE cancels: a PUT of its name replaces it. */
int store_migration_set_deleting(struct store *store, int64_t id, struct err *err);

/* ---- migrations: the executor's side ---- */

/*
 * 1 and a migration that needs a worker now and has no lease, or one that has expired; it is leased to owner.
 * An owner never takes over its own lease: a process that was suspended for longer than a lease (a laptop, a
 * paused container) still has the worker that holds it.
 */
int store_migration_claim(struct store *store, const char *owner, int64_t now_us, int64_t lease_until_us,
                          struct err *err, struct migration *ret_migration);
/* Extends all leases of this owner, including those on operations. */
int store_migration_renew(struct store *store, const char *owner, int64_t lease_until_us, struct err *err);
/* Releases the lease, if it is still held. Sets attention and not_before, unless the user has written or
 * attention was requested in the meantime; an ended migration without pending cleanup gets none. */
int store_migration_release(struct store *store, const struct migration *migration, bool attention,
                            int64_t not_before_us, struct err *err);
/* At start, when this process is the only one that uses the file: releases the leases of all other owners,
 * clears the times that active migrations wait for (the clock may have been set), and requests workers for
 * migrations that always need one: those that wait for the cutover, and ended ones with pending cleanup. */
int store_migration_free_leases(struct store *store, const char *owner, struct err *err);

/* What currentStatus.error shows. Decisions use the code and the facts, never the text. */
struct migration_error {
    const char *text;
    const char *code;  /* 603xxx of the service, a SQLSTATE, or a code of core/err.h; NULL: none */
    const char *facts; /* what a wait has read on the servers, to notice changes; NULL: nothing */
};

struct migration_move {
    enum migration_substate from; /* compare */
    enum migration_state state;   /* and swap */
    enum migration_substate substate;
    const struct migration_error *error; /* NULL: unchanged; without a text: removed */
    const char *event;                   /* text of the event row */
};
/* Changes the state by compare-and-swap and adds its event, in one transaction, and only under migration's
 * lease. Returns 1 if moved (migration is updated), 0 if the lease or the substate has changed. A terminal
 * state sets ended_us; unless a database still has a replication name, it also clears attention and erases
 * the secrets, in the file and in migration. */
int store_migration_move(struct store *store, struct migration *migration, const struct migration_move *move,
                         struct err *err);
/* Requests a worker now, like a write of the user. If a worker has the migration, it is claimed again
 * afterwards. An ended migration without pending cleanup gets none. Any thread. */
int store_migration_attention(struct store *store, int64_t id, struct err *err);
/* The cleanup of an ended migration is complete when no database has a replication name. Call it after the
 * last name was removed: erases the secrets. Does nothing before that. */
int store_migration_cleaned_up(struct store *store, int64_t id, struct err *err);
/* The ended migrations with pending cleanup, oldest first; free() the list. */
int store_migration_list_pending_cleanup(struct store *store, struct err *err, int64_t **ret_ids,
                                         size_t *ret_count);
/* Stores metadata, validation and window end (unless the user has written since the claim), as determined
 * by the executor. ERR_CONFLICT if the lease is lost. */
int store_migration_set_facts(struct store *store, const struct migration *migration, struct err *err);
/* Sets currentStatus.error of a migration that has not ended, until it moves; without a text: none.
 * ERR_CONFLICT if the lease is lost. */
int store_migration_set_error(struct store *store, const struct migration *migration,
                              const struct migration_error *error, struct err *err);
/* 1 if the user has requested to cancel (spec.cancel), or the migration was deleted with its server.
 * Cheap: called several times a second. */
int store_migration_cancel_requested(struct store *store, int64_t id, struct err *err);
/* The earliest time at which this owner's claim can succeed without a new request of the user: not_before, or
 * the end of another owner's lease. It may be in the past; 0 if there is none. */
int store_migration_next_due(struct store *store, const char *owner, struct err *err, int64_t *ret_at_us);

/* Adds an event with the migration's current state. Keeps the newest 1000 of a migration. */
int store_event_add(struct store *store, int64_t migration_id, const char *text, struct err *err);
int store_event_list(struct store *store, int64_t migration_id, struct err *err,
                     struct migration_event **ret_events, size_t *ret_count);

/* Records a change before it is made; a second call replaces "undo". */
int store_cleanup_add(struct store *store, const struct pending_cleanup *cleanup, struct err *err);
/* The record with that key, newly allocated; NULL: none. */
int store_cleanup_undo(struct store *store, const struct pending_cleanup *cleanup, struct err *err,
                       char **ret_undo);
/* Deletes the records: all changes of the database have been undone. */
int store_cleanup_done(struct store *store, int64_t migration_id, const char *database, struct err *err);

int store_database_list(struct store *store, int64_t migration_id, struct err *err,
                        struct migration_database **ret_databases, size_t *ret_count);
/* Writes every column of one database row except position and the figures, keyed by migration and name. */
int store_database_update(struct store *store, const struct migration_database *database, struct err *err);
/* Writes only the figures of one database: once a second while changes are applied. Any thread. */
int store_database_set_figures(struct store *store, int64_t migration_id, const char *name,
                               const struct database_figures *figures, struct err *err);
/* Writes one database row and its tables in one transaction: once a second while copying. Tables are keyed
 * by migration, database, schema and name; missing rows are inserted. */
int store_progress_write(struct store *store, const struct migration_database *database,
                         const struct migration_table *tables, size_t count, struct err *err);
/* Deletes the tables of one database: the copy restarts. */
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

/* What a database that is being followed has not applied yet. */
struct store_lag {
    char *migration; /* migrationId */
    char *database;
    int64_t pending_bytes;
};
/* The newest STORE_LAGS_MAX of active migrations. */
enum { STORE_LAGS_MAX = 1000 };
int store_lag_list(struct store *store, struct err *err, struct store_lag **ret_lags, size_t *ret_count);
void store_lags_free(struct store_lag *lags, size_t count);

/* The bytes on disk of a database's tables on the source, by the state of their copy. */
struct store_sizes {
    char *database;
    int64_t completed;
    int64_t loading;
    int64_t loaded; /* of loading: copied already */
    int64_t queued;
    int64_t errored;
};
int store_sizes_list(struct store *store, int64_t migration_id, struct err *err,
                     struct store_sizes **ret_sizes, size_t *ret_count);
void store_sizes_free(struct store_sizes *sizes, size_t count);

/* What the time series of a migration is made of: sums over its databases, and the longest lag. */
struct store_counters {
    int64_t migration_id;
    bool active;
    int64_t rows;
    int64_t bytes;
    int64_t changes;
    int64_t pending_bytes;
    int64_t lag_seconds;
    bool following;
};
/* All active migrations, by id; free() the list. */
int store_counters_list(struct store *store, struct err *err, struct store_counters **ret_rows,
                        size_t *ret_count);
int store_counters_get(struct store *store, int64_t migration_id, struct err *err,
                       struct store_counters *ret_counters);
/* The points of a series, as executor/series/ writes them. Put does nothing if the migration was deleted; get
 * returns memory of the caller's, NULL for no points. */
int store_series_put(struct store *store, int64_t migration_id, const void *points, size_t len,
                     struct err *err);
int store_series_get(struct store *store, int64_t migration_id, struct err *err, void **ret_points,
                     size_t *ret_len);

#endif
