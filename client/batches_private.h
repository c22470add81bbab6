/* SPDX-License-Identifier: MIT */
/*
 * A migration moves at most 8 databases, so many databases are several migrations, one after the other: a
 * job. Its migrations have the job in their names ("<job>-2of3"), so that a job that was interrupted resumes
 * with the same command.
 */
#ifndef CLIENT_BATCHES_PRIVATE_H
#define CLIENT_BATCHES_PRIVATE_H

#include "client/resources_private.h"

enum { BATCH_DATABASES_MAX = 8 };

struct batch {
    json_t *databases; /* names */
    char *earlier;     /* the migration of an earlier run, or NULL */
    char *state;       /* its state */
};

struct batches {
    char *job;
    struct batch *items;
    size_t count;
};

/*
 * Divides the databases of `all`, and looks for an unfinished job of the same databases: one with an active
 * migration, or, unless all are to be overwritten, one that has not come to its last migration. Release with
 * batches_done() in either case.
 */
int batches_plan(struct rest *rest, const struct migration_plan *all, struct err *err,
                 struct batches *ret_batches);
void batches_done(struct batches *batches);
#define auto_batches __attribute__((cleanup(batches_done)))

/* Whether an earlier run has ended its migration: there is nothing left to do. */
bool batch_is_ended(const struct batch *batch);
/* The name of the migration; the caller frees. */
char *batches_name(const struct batches *batches, size_t index);

#endif
