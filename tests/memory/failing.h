/* SPDX-License-Identifier: MIT */
/*
 * Injects allocation failures. failing.c defines malloc() and related functions in the program, in front
 * of ASan's, so that jansson, SQLite, libpq, OpenSSL and libmicrohttpd use them, too.
 */
#ifndef TESTS_MEMORY_FAILING_H
#define TESTS_MEMORY_FAILING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { FAILING_SITES_MAX = 1 << 16 };

/* The control block. A program that finds MALACHITE_ALLOCATIONS in its environment maps that file as its
 * block, and another process may write to it; the layout is known to tests/memory/allocations.py, too. */
struct failing {
    _Atomic uint64_t count;   /* allocations since the block was last armed */
    _Atomic uint64_t fail_at; /* this allocation fails, counted from 1; 0: none */
    _Atomic uint64_t lasting; /* not 0: all later ones fail, too */
    _Atomic uint64_t
        every; /* not 0: fail once at each new call site, and then at most once in this many allocations */
    _Atomic uint64_t failed;                   /* how many have failed */
    _Atomic uint64_t next;                     /* with "every": no earlier allocation fails */
    _Atomic uint64_t sites[FAILING_SITES_MAX]; /* hashes of the stacks that failed; 0: free */
};

extern struct failing *failing;

/* In-process use. Only allocations of the calling thread count. */
void failing_arm(uint64_t fail_at, bool lasting);
/* Returns the number of allocations; none fail from now on. */
uint64_t failing_disarm(void);
/* Prints the stack of the last failure to standard error. */
void failing_print(void);

#endif
