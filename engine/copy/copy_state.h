/* SPDX-License-Identifier: MIT */
/* How far the copy of one table is. */
#ifndef ENGINE_COPY_COPY_STATE_H
#define ENGINE_COPY_COPY_STATE_H

enum copy_state { COPY_QUEUED, COPY_LOADING, COPY_COMPLETED, COPY_ERRORED };

#endif
