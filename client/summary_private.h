/* SPDX-License-Identifier: MIT */
/* The final state of a migration, as text for the user on standard output. */
#ifndef CLIENT_SUMMARY_PRIVATE_H
#define CLIENT_SUMMARY_PRIVATE_H

#include "client/client.h"
#include "client/server/rest.h"
#include "client/sighting_private.h"

/*
 * Prints the final state with Malachite's evidence. reason: why this client canceled, or NULL.
 * evidence_file: "", or the file for details and evidence as JSON. Returns the exit code.
 */
enum client_exit summary_print(struct rest *rest, const struct sighting *end, const char *reason,
                               const char *evidence_file);

#endif
