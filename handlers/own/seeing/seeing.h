/* SPDX-License-Identifier: MIT */
/*
 * Calls for testers that wait for what happens, or show it: migrations, requests, coverage, events. Not part
 * of Azure's interface. The route table assigns each handler to a request.
 */
#ifndef HANDLERS_OWN_SEEING_SEEING_H
#define HANDLERS_OWN_SEEING_SEEING_H

#include "server/request.h"

/* migration_wait.c: a long poll */
void malachite_migration_wait(struct request *request);

/* request_wait.c: a long poll, and a check of the journal */
void malachite_request_wait(struct request *request);
void malachite_request_verify(struct request *request);

/* events.c: a stream without an end */
void malachite_events(struct request *request);

/* coverage.c */
void malachite_coverage(struct request *request);
void malachite_coverage_clear(struct request *request);

/* recordings.c */
void malachite_recording_export(struct request *request);
void malachite_recording_list(struct request *request);
void malachite_recording_put(struct request *request);
void malachite_recording_get(struct request *request);
void malachite_recording_delete(struct request *request);

#endif
