/* SPDX-License-Identifier: MIT */
/*
 * One signal for the whole process: something that a client can observe has changed. Threads that wait for
 * a condition check it after each change. Any thread; nothing here blocks except change_wait().
 */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include <stdint.h>

/* Reports a change that other threads can see by now: a commit of the store, an answered request, a rule. */
void change_report(void);
/* The number of changes so far. Take it before looking at the condition. */
uint64_t change_count(void);
/* Waits until there are more changes than seen, or until the deadline (monotonic clock, milliseconds). */
void change_wait(uint64_t seen, int64_t deadline_ms);

#endif
