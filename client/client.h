/* SPDX-License-Identifier: MIT */
/*
 * `malachite migrate` and `malachite watch`: the two commands for users who want to migrate databases
 * without REST calls. Both are ordinary clients of the REST interface, and use nothing else of Malachite.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>

#include "core/options/option_table.h"

/* Exit codes. Only a migration that has Succeeded ends with 0. */
enum client_exit {
    CLIENT_SUCCEEDED = 0,
    CLIENT_NOT_SUCCEEDED = 1, /* Failed, Canceled, ValidationFailed, or it could not be created */
    CLIENT_USAGE = 2,
    CLIENT_UNAVAILABLE = 69,  /* Malachite does not respond */
    CLIENT_INTERRUPTED = 130, /* by Ctrl-C or SIGTERM */
};

/* Overwrites the passwords in connection strings, so that process lists do not show them. Returns whether
 * there were any. */
bool client_hide_passwords(int argc, char **argv);

/* argc and argv are the arguments after the command; passwords in them are overwritten. Return an exit code,
 * and print everything the user must know. Call them while the process has a single thread. */
int client_migrate(int argc, char **argv);
int client_watch(int argc, char **argv);
int client_request(int argc, char **argv);

/* The options of both. */
extern const struct option_table client_option_table;

#endif
