/* SPDX-License-Identifier: MIT */
/* The progress of copying one table. */
#ifndef ENGINE_COPY_COPY_STATE_H
#define ENGINE_COPY_COPY_STATE_H

enum copy_state { COPY_QUEUED, COPY_LOADING, COPY_COMPLETED, COPY_ERRORED };

#endif
