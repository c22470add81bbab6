/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_WAKE_H
#define EXECUTOR_WAKE_H

#include <stdint.h>

#include "executor/executor_parts.h"

/* Reads the wake generation; a later executor_wait() with it returns at once if a wake has happened in the
 * meantime. */
uint64_t executor_generation(struct executor *executor);
/* Waits for a wake newer than "seen", a stop, or at most timeout_ms. */
void executor_wait(struct executor *executor, uint64_t seen, int timeout_ms);
/* Sleeps regardless of wakes. False: the executor stops. */
bool executor_sleep(struct executor *executor, int ms);

#endif
