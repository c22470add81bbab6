/* SPDX-License-Identifier: MIT */
/* What the store reports when memory is out. */
#ifndef STORE_MEMORY_ERROR_PRIVATE_H
#define STORE_MEMORY_ERROR_PRIVATE_H

#include "core/err.h"

/* Memory is out: transient, as a store that is busy. Returns -1. */
int memory_error(struct err *err);

#endif
