/* SPDX-License-Identifier: MIT */
/* Wipes memory that may contain secrets. */
#ifndef CORE_WIPE_H
#define CORE_WIPE_H

/* Overwrites a whole malloc() block and frees it. NULL is fine. */
void wipe_free(void *memory);

#endif
