/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_RUN_WORKERS_PRIVATE_H
#define EXECUTOR_RUN_WORKERS_PRIVATE_H

/* Thread functions. */
void *worker_main(void *argument);  /* struct worker */
void *monitor_main(void *argument); /* takes struct executor: renews leases, forwards requests to stop */

#endif
