/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_MIGRATIONS_MIGRATION_DECISION_PRIVATE_H
#define HANDLERS_MIGRATIONS_MIGRATION_DECISION_PRIVATE_H

#include "core/options/options.h"
#include "handlers/migrations/dialect.h"
#include "store/store.h"

struct decision {
    const struct dialect *dialect;
    const struct server *target;
    struct migration *migration; /* as stored; the decision is merged into it */
    struct dialect_request given;
    struct store *store;
    const struct options *options;
    const char *event;  /* for the migration's history, or NULL */
    bool allows_setup;  /* of logical replication, which was not allowed before */
    bool early_cutover; /* asked for before the target follows */
    bool new_source;    /* source_id is that of the source which is given, 0: host:port@user */
    int64_t source_id;
};

/* Checks the request against the stored migration, merges it and stores the result with its event. Inside
 * the caller's transaction, in which the migration was read. */
int decision_store(struct decision *decision, struct err *err);

#endif
