/* SPDX-License-Identifier: MIT */
/*
 * The handlers of calls for testers that concern a whole subscription: its removal, its time. A handler reads
 * the request, checks it, does one thing with the store or the executor and replies exactly once. Any
 * thread; none keeps a pointer to the request.
 */
#ifndef HANDLERS_UNIVERSES_UNIVERSES_H
#define HANDLERS_UNIVERSES_UNIVERSES_H

#include "handlers/arm/property.h"
#include "server/request.h"

/* universe.c */
void universe_list(struct request *request);
void universe_delete(struct request *request); /* waits for the executor */
void universe_reset(struct request *request);  /* waits for the executor */

/* clock.c */
void clock_get(struct request *request);
void clock_advance(struct request *request);

/* descriptions.c */
extern const struct description universe_descriptions[];
extern const size_t universe_description_count;

#endif
