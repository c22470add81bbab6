/* SPDX-License-Identifier: MIT */
/* Includes cmocka.h with the headers that it needs, and defines the deadlines of tests. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A deadline for this kind of build: sanitizers make it slower, and `make asan` and `make tsan` say by how
 * much. */
static inline int64_t patient_ms(int64_t duration_ms)
{
    const char *slowness = getenv("MALACHITE_TEST_SLOWNESS");
    return slowness == NULL ? duration_ms : (int64_t)((double)duration_ms * strtod(slowness, NULL));
}

#endif
