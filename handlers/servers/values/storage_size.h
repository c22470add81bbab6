/* SPDX-License-Identifier: MIT */
/* The disk sizes of a flexible server, and the properties that depend on them. Static data, any thread. */
#ifndef HANDLERS_SERVERS_VALUES_STORAGE_SIZE_H
#define HANDLERS_SERVERS_VALUES_STORAGE_SIZE_H

#include <stddef.h>
#include <stdint.h>

struct storage_size {
    int size_mb;
    int iops;
    const char *tier; /* "P10" */
};

extern const struct storage_size storage_sizes[]; /* ascending */
extern const size_t storage_size_count;

/* The smallest size with at least this capacity, otherwise the largest; never NULL. */
const struct storage_size *storage_size_for(int64_t size_gb);

#endif
