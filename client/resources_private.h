/* SPDX-License-Identifier: MIT */
/* The resources that a migration needs: the README's curl calls create the same ones. */
#ifndef CLIENT_RESOURCES_PRIVATE_H
#define CLIENT_RESOURCES_PRIVATE_H

#include <jansson.h>

#include "client/input/server_uri.h"
#include "client/options_private.h"
#include "client/server/rest.h"

/* Logs in to a server. Returns the names of its databases, a new reference, and prints its version. */
int resources_probe(struct rest *rest, const struct server_uri *uri, struct err *err, json_t **ret_databases);

/* Creates a server resource for the target. Returns its ARM path, which the caller frees. */
int resources_put_target(struct rest *rest, const struct client_options *options,
                         const struct server_uri *target, struct err *err, char **ret_path);

struct created {
    char *path; /* of the ARM resource */
    char *id;   /* its migrationId */
    bool resumed;
};

/* All borrowed. */
struct migration_plan {
    const struct client_options *options;
    const struct server_uri *source, *target;
    const char *target_path; /* of the target's resource */
    json_t *databases;       /* names */
    const char *name;        /* of the migration, if a new one is created */
    bool roles;              /* migrate them, too */
};

/* The migrations of this mode between the two servers, newest first: the first page of them. filter: "All" or
 * "Active". ret_rows is a new reference. */
int resources_list_migrations(struct rest *rest, const struct migration_plan *migration_plan,
                              const char *filter, struct err *err, json_t **ret_rows);
/* Whether two arrays have the same names, in any order. */
bool resources_same_names(json_t *a, json_t *b);

/* Resumes the active migration of these databases between the two, or creates one. Release with
 * created_done() in either case. */
int resources_put_migration(struct rest *rest, const struct migration_plan *migration_plan, struct err *err,
                            struct created *ret_created);
void created_done(struct created *created);
#define auto_created __attribute__((cleanup(created_done)))

#endif
