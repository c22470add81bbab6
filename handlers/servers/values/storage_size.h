/* SPDX-License-Identifier: MIT */
/* The disks that a flexible server can have, and what goes with their size. Static data, any thread. */
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

/* The smallest one that holds so much, else the largest; never NULL. */
const struct storage_size *storage_size_for(int64_t size_gb);

#endif
