/* SPDX-License-Identifier: MIT */
/* What the store reports when memory is out. */
#ifndef STORE_SESSION_MEMORY_ERROR_H
#define STORE_SESSION_MEMORY_ERROR_H

#include "core/err.h"

/* Memory is out: transient, like a busy store. Returns -1. */
int memory_error(struct err *err);

#endif
