/* SPDX-License-Identifier: MIT */
/*
 * The checks before data moves: both servers reachable, credentials valid, versions supported, databases
 * present, encodings, collations and extensions available, disk space. The rules and their 603xxx codes
 * are those of the service's validation. Changes nothing on either server.
 */
#ifndef ENGINE_PRECHECK_PRECHECK_H
#define ENGINE_PRECHECK_PRECHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"
#include "engine/process/tools.h"

enum finding_level { FINDING_WARNING, FINDING_FAILED };

struct finding {
    enum finding_level level;
    const char
        *type; /* validation type: "SourceVersionValidation", "ExtensionsValidation" ...; static string */
    char *database; /* NULL: about the servers */
    int code;       /* 603xxx, or 0 */
    char sqlstate[6];
    bool passing;  /* a server did not answer: the finding may disappear at the next check */
    char *message; /* the problem with the object's name, and what to do */
};

struct findings {
    struct finding *items;
    size_t count;
};

struct precheck {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *fallback_owner; /* role of the target that owns objects whose owner it lacks */
    const struct str_list *databases;
    bool roles;  /* roles will be copied */
    bool online; /* also check the requirements of following the source */
    bool setup; /* missing settings for logical replication on the source will be set up: no reason to fail */
    bool strict;        /* fail where the migration service fails, although Malachite could go on */
    bool single_source; /* the source is one of our single servers, or one of our flexible ones */
    bool flexible_source;
    const char *allowed_extensions; /* azure.extensions of the target, separated by ','; NULL: unknown */
    const struct tools *tools;
    const struct stop *stop;
    bool skip_extensions;      /* extensions will not be created: no rule is about them */
    int64_t target_storage_mb; /* that the target's resource asks for; 0: unknown */
    const char
        *target_data_dir; /* for provisioned targets: the directory to check for free space; otherwise NULL */
};

/* 0: all checks ran, see findings. -1: a check could not run (err), for example after a stop or a lost
 * connection. */
int precheck_run(const struct precheck *precheck, struct err *err, struct findings *ret_findings);
/* True if at least one finding is FAILED. */
bool findings_failed(const struct findings *findings);
void findings_done(struct findings *findings);

#endif
