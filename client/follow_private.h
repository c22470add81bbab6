/* SPDX-License-Identifier: MIT */
/* Follows a migration to its end: displays it, and answers its questions. */
#ifndef CLIENT_FOLLOW_PRIVATE_H
#define CLIENT_FOLLOW_PRIVATE_H

#include "client/options_private.h"
#include "client/server/private_server.h"
#include "client/server/rest.h"
#include "client/sighting_private.h"

struct followed {
    struct rest *rest;
    const char *migration_id;
    const char *path; /* of the ARM resource; NULL: only watch, change nothing */
    const struct client_options *options;
    struct private_server *private_server; /* or NULL */
};

/*
 * Returns the final state. Fails with ERR_CANCELED if watching was interrupted, and with ERR_UNAVAILABLE
 * if Malachite has ended. ret_reason: why this client canceled the migration, or NULL.
 */
int follow(const struct followed *followed, struct err *err, struct sighting *ret_end,
           const char **ret_reason);

#endif
