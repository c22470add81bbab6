/* SPDX-License-Identifier: MIT */
#include "store/session/memory_error.h"

#include "core/memory.h"

int memory_error(struct err *err)
{
    (void)memory_checked(NULL);
    err_set(err, ERR_STORE_UNAVAILABLE, "Malachite is out of memory: retry.");
    err->lasting = false;
    return -1;
}
