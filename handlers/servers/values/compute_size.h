/* SPDX-License-Identifier: MIT */
/* The compute sizes of flexible servers that the service offers. Static data, any thread. */
#ifndef HANDLERS_SERVERS_VALUES_COMPUTE_SIZE_H
#define HANDLERS_SERVERS_VALUES_COMPUTE_SIZE_H

#include <stddef.h>

struct compute_size {
    const char *name;
    int cores;
    int iops;
    int memory_per_core_mb;
};

/* A tier and its sizes; the first one is its default. */
struct compute_edition {
    const char *name;
    const struct compute_size *sizes;
    size_t count;
};

extern const struct compute_edition compute_editions[];
extern const size_t compute_edition_count;

/* The tier of a size, whose name is compared without case; NULL for an unknown one. */
const char *compute_size_edition(const char *name);

#endif
