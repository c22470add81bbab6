/* SPDX-License-Identifier: MIT */
/*
 * The handlers of Malachite's own calls, below /_malachite/, and of the metrics. The route table assigns
 * each to a request. A handler reads the request, checks it, does one thing with the store or the executor
 * and replies exactly once. Any thread; none keeps a pointer to the request.
 */
#ifndef HANDLERS_OWN_OWN_H
#define HANDLERS_OWN_OWN_H

#include "handlers/arm/property.h"
#include "server/request.h"
#include "store/store.h"

struct request_log_filter;

/* health.c */
void malachite_health(struct request *request);
void malachite_ready(struct request *request);
void malachite_ca(struct request *request);

/* malachite_connection.c */
void malachite_application_list(struct request *request);
void malachite_connection_test(struct request *request); /* asks the live server */

/* malachite_databases.c */
void malachite_database_list(struct request *request); /* asks the live server */

/* malachite_evidence.c */
void malachite_migration_evidence(struct request *request);

/* malachite_migrations.c */
void malachite_migration_get(struct request *request);
void malachite_migration_list(struct request *request);

/* The migration that {migrationId} names: its uuid, or its name and the query parameter subscription
 * (default:
 * --subscription-id); the newest of several. ERR_NOT_FOUND. */
int own_migration_find(const struct request *request, struct err *err, struct migration *ret_migration);
/* Replies with its details; those of tables if the query names a database, the points of its time series
 * (pointsAfter) and the resource as the service shows it (resource: its api-version) on request. */
void own_migration_reply(struct request *request, int status, const struct migration *migration);

/* malachite_series.c */
void malachite_migration_series(struct request *request);
/* Adds the array "points" of those that end after a date and time (NULL: all). */
int own_series_add(const struct request *request, const char *after, int64_t migration_id, json_t *object,
                   struct err *err);

/* malachite_requests.c */
void malachite_request_list(struct request *request);
/* Reads the filters of the journal from the query; the texts are the request's. */
int own_request_filter(const struct request *request, struct err *err, struct request_log_filter *ret_filter);
void malachite_request_clear(struct request *request);

/* malachite_source.c */
void malachite_migration_source(struct request *request); /* asks the live server */

/* metrics.c */
void metrics_get(struct request *request);

/* descriptions.c */
extern const struct description own_descriptions[];
extern const size_t own_description_count;

#endif
