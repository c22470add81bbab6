/* SPDX-License-Identifier: MIT */
/* A snapshot of a running migration: Malachite's own description of it, with the sums over databases. */
#ifndef CLIENT_SIGHTING_PRIVATE_H
#define CLIENT_SIGHTING_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/server/rest.h"

struct sighting {
    json_t *json; /* owned; the strings below belong to it */
    const char *state, *substate;
    const char *error;     /* or NULL */
    const char *operation; /* of the first database that has one; or NULL */
    json_t *databases, *events;
    int64_t bytes_copied, rows_copied; /* as they were sent */
    int64_t size_copied, size_left;    /* of tables, in bytes on the source's disk */
    int64_t tables_open, tables_loading, tables_done;
    int64_t pending_bytes, latency_s, applied_changes;
};

/* Reads the migration. Release with sighting_done() in either case. */
int sighting_take(struct rest *rest, const char *migration_id, struct err *err,
                  struct sighting *ret_sighting);
void sighting_done(struct sighting *sighting);
#define auto_sighting __attribute__((cleanup(sighting_done)))

bool sighting_is_end(const struct sighting *sighting);
/* The same for a state of Azure: "Failed". */
bool sighting_is_end_state(const char *state);
/* The share of the tables that is copied, each as heavy as its size on disk; 0 to 100. */
int sighting_percent(const struct sighting *sighting);
/* A few names of tables that are being copied now; the caller frees. NULL for none. */
char *sighting_tables(struct rest *rest, const char *migration_id, const struct sighting *sighting);

#endif
