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

/* health.c */
void malachite_health(struct request *request);
void malachite_ready(struct request *request);
void malachite_ca(struct request *request);

/* malachite_connection.c */
void malachite_application_list(struct request *request);
void malachite_connection_test(struct request *request); /* asks the live server */

/* malachite_evidence.c */
void malachite_migration_evidence(struct request *request);

/* malachite_migrations.c */
void malachite_migration_get(struct request *request);
void malachite_migration_list(struct request *request);

/* malachite_requests.c */
void malachite_request_list(struct request *request);
void malachite_request_clear(struct request *request);

/* metrics.c */
void metrics_get(struct request *request);

/* descriptions.c */
extern const struct description own_descriptions[];
extern const size_t own_description_count;

#endif
