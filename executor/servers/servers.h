/* SPDX-License-Identifier: MIT */
/* Questions of REST calls to one server, and the address of a new one. */
#ifndef EXECUTOR_SERVERS_SERVERS_H
#define EXECUTOR_SERVERS_SERVERS_H

#include <jansson.h>

#include "core/err.h"
#include "core/str_list.h"
#include "executor/executor.h"

/* Chooses an unused address and port for a new provisioned server, inside a store transaction of the
 * caller. */
int executor_choose_address(struct executor *executor, struct err *err, char **ret_host, int *ret_port);

/* Queries to a running server. They connect to it and may take up to the connect timeout: only for routes
 * that are marked as slow. Lists are JSON arrays of {name, charset, collation, sizeBytes?, warning?}: the
 * spelling that the client requested, and whether another collation is actually used. */
int executor_list_databases(struct executor *executor, const struct server *server, struct err *err,
                            json_t **ret_databases);
/* 1 and the object, or 0. */
int executor_get_database(struct executor *executor, const struct server *server, const char *name,
                          struct err *err, json_t **ret_database);
/* 1 and the names of a database's tables as PostgreSQL quotes them, or 0. */
int executor_list_tables(struct executor *executor, const struct server *server, const char *database,
                         struct err *err, struct str_list *ret_tables);
/* For an active migration, an array with an object for each of its databases: pending bytes, the last change
 * that was applied ({lastChangeOn, secondsSinceLastChange}, by the source's clock; absent before the first),
 * and {sessions, clients: [{user, application, sessions}]} on the source without Malachite's own. */
int executor_source_use(struct executor *executor, const struct migration *migration, struct err *err,
                        json_t **ret_databases);
/* Version number (150018) of an attached server, read with the given credentials. */
int executor_probe_version(struct executor *executor, const struct server *server, struct err *err,
                           int *ret_version);

/*
 * Server parameters as the service describes them: {name, value, description, defaultValue, dataType,
 * allowedValues, source, isDynamicConfig, isReadOnly, isConfigPendingRestart, unit?}, ordered by name;
 * name NULL: all. Besides PostgreSQL's parameters they include azure.replication_support on single servers
 * (wal_level in the service's terms) and azure.extensions on flexible ones (kept in the store).
 */
int executor_list_configurations(struct executor *executor, const struct server *server, const char *name,
                                 struct err *err, json_t **ret_configurations);

#endif
