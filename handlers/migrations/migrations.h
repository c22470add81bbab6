/* SPDX-License-Identifier: MIT */
/*
 * The handlers of migrations. The route table assigns each to a request. A handler reads the request,
 * checks it, does one thing with the store or the executor and replies exactly once. Any thread; none
 * keeps a pointer to the request.
 */
#ifndef HANDLERS_MIGRATIONS_MIGRATIONS_H
#define HANDLERS_MIGRATIONS_MIGRATIONS_H

#include "handlers/arm/property.h"
#include "server/request.h"
#include "store/store.h"

struct app;

/* migration_delete.c */
void migration_delete(struct request *request);

/* migration_get.c */
void migration_get(struct request *request);
void migration_list(struct request *request);

/* migration_view.c */
/* The resource as a GET shows it, a new reference; the caller counts as one that polls. */
json_t *migration_show(struct app *app, const char *api_version, const struct server *target,
                       const struct migration *migration, struct err *err);

/* migration_patch.c */
void migration_patch(struct request *request);

/* migration_put.c */
void migration_put(struct request *request);

/* source_question.c */
void migration_test_connectivity(struct request *request);
void migration_list_source_databases(struct request *request);

/* descriptions.c */
extern const struct description migrations_descriptions[];
extern const size_t migrations_description_count;

#endif
