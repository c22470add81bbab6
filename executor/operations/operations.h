/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_OPERATIONS_OPERATIONS_H
#define EXECUTOR_OPERATIONS_OPERATIONS_H

/* A thread that executes long-running operations; "argument" is the executor. */
void *operations_main(void *argument);

#endif
