/* SPDX-License-Identifier: MIT */
/* A private Malachite for one pair of servers: a child process that nobody else can use, with a folder
 * that is kept until its migration has succeeded. */
#ifndef CLIENT_SERVER_PRIVATE_SERVER_H
#define CLIENT_SERVER_PRIVATE_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"

struct private_server {
    char *dir;    /* its state, and its log */
    char *url;    /* "http://127.0.0.1:34567" */
    char *secret; /* the client secret for its sign-in */
    int lock_fd;
    pid_t pid;   /* or 0 */
    bool is_new; /* no earlier run has left files */
};

/*
 * Starts one for this pair, and waits until it is ready. pair: text that names both servers; the same text
 * leads to the same folder, so that a killed migration resumes. state_dir: "" for the default. Release
 * with private_server_stop() in either case.
 */
int private_server_start(const char *pair, const char *state_dir, struct err *err,
                         struct private_server *ret_server);
bool private_server_runs(struct private_server *server);
/* Ends it. forget: removes the folder, too. */
void private_server_stop(struct private_server *server, bool forget);

#endif
