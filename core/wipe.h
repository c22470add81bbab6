/* SPDX-License-Identifier: MIT */
/* Memory that may hold secrets leaves the process without them. */
#ifndef CORE_WIPE_H
#define CORE_WIPE_H

/* Overwrites what malloc() gave, as a whole, and frees it. NULL is fine. */
void wipe_free(void *memory);

#endif
