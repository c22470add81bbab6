/* SPDX-License-Identifier: MIT */
/* Time: points in time of the wall clock as microseconds since 1970 UTC, deadlines on the monotonic clock
 * in milliseconds. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 32 };

/* Now, in microseconds since 1970 UTC. */
int64_t clock_now_us(void);
/*
 * The same without jumps: the wall clock at the first call plus the elapsed monotonic time. For leases and
 * waits that are stored as points in time; setting the system's clock does not affect them.
 */
int64_t clock_steady_us(void);
/* The monotonic clock in milliseconds, for deadlines and durations. */
int64_t clock_monotonic_ms(void);
/* Milliseconds until a deadline on the monotonic clock, never negative, at most INT_MAX. */
int clock_ms_left(int64_t deadline_ms);
/* Sleeps; returns early if a signal arrives. */
void clock_sleep_ms(int ms);

/*
 * Formats a time like the service: RFC 3339, UTC, seven fractional digits ("2026-10-07T17:37:19.2424720Z",
 * as recorded from the real service). Returns text.
 */
const char *clock_format(int64_t at_us, char text[static CLOCK_TEXT_SIZE]);
/* Parses an RFC 3339 date-time with any offset. False if it is malformed. */
bool clock_parse(const char *text, int64_t *ret_us);

#endif
