/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_RUN_WORKERS_PRIVATE_H
#define EXECUTOR_RUN_WORKERS_PRIVATE_H

/* Thread functions. */
void *worker_main(void *argument);  /* struct worker */
void *monitor_main(void *argument); /* struct executor: renews leases, passes on what is to stop */

#endif
