/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail when they are told to. failing.c defines malloc() and its relatives in the program,
 * in front of ASan's, so that jansson, SQLite, libpq, OpenSSL and libmicrohttpd get them, too.
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
    _Atomic uint64_t fail_at; /* this one fails, counted from 1; 0: none */
    _Atomic uint64_t lasting; /* not 0: all behind it fail as well */
    _Atomic uint64_t every;   /* not 0: fail once at each place that has not failed yet, and then at most once
                                 in so   many allocations */
    _Atomic uint64_t failed;  /* how many have failed */
    _Atomic uint64_t next;    /* with "every": before this one none fails */
    _Atomic uint64_t sites[FAILING_SITES_MAX]; /* hashes of the stacks that failed; 0: free */
};

extern struct failing *failing;

/* In-process use. Only allocations of the calling thread count. */
void failing_arm(uint64_t fail_at, bool lasting);
/* Returns how many allocations there were; none fail from now on. */
uint64_t failing_disarm(void);
/* Writes where the last one failed, to standard error. */
void failing_print(void);

#endif
