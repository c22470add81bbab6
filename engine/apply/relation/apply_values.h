/* SPDX-License-Identifier: MIT */
/* Rows of values as the stream sends them; for this room only. */
#ifndef ENGINE_APPLY_RELATION_APPLY_VALUES_H
#define ENGINE_APPLY_RELATION_APPLY_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "engine/replication/pgoutput.h"

/* Neither NULL nor unchanged. */
bool value_has_bytes(const struct pgoutput_value *value);
/* The same bytes. */
bool values_are_same(const struct pgoutput_value *a, const struct pgoutput_value *b, size_t count);
uint64_t values_hash(const struct pgoutput_value *values, size_t count);
/* A value of this size is not copied: the change is sent while its message is still there. */
enum { VALUES_LARGE_BYTES = 8 * 1024 * 1024 };

/* Copies of the values and of their bytes, but those of large ones; NULL when memory is out. */
struct pgoutput_value *values_keep(struct arena *arena, const struct pgoutput_value *values, size_t count);
/* Any of them is large. */
bool values_are_large(const struct pgoutput_value *values, size_t count);
/* Values that were not resent are taken from the previous row. */
void values_merge(struct pgoutput_value *kept, const struct pgoutput_value *before, size_t count);
/* Whether every value was sent, none as "unchanged". */
bool values_are_complete(const struct pgoutput_value *values, size_t count);

#endif
