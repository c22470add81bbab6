/* SPDX-License-Identifier: MIT */
/*
 * The checks before data moves: both servers reachable, credentials right, versions allowed, databases there,
 * encodings, collations and extensions possible, space. The rules and their 603xxx codes are those of the
 * service's validation. Nothing on either server is changed.
 */
#ifndef ENGINE_PRECHECK_PRECHECK_H
#define ENGINE_PRECHECK_PRECHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"
#include "engine/process/tools.h"

enum finding_level { FINDING_WARNING, FINDING_FAILED };

struct finding {
    enum finding_level level;
    const char
        *type;      /* validation type: "SourceVersionValidation", "ExtensionsValidation" ...; static text */
    char *database; /* NULL: about the servers */
    int code;       /* 603xxx, or 0 */
    char sqlstate[6];
    bool passing;  /* a server did not answer: looked at again, it may be gone */
    char *message; /* what is wrong, with the object's name, and what to do */
};

struct findings {
    struct finding *items;
    size_t count;
};

struct precheck {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *heir; /* role of the target that gets what belongs to roles it lacks */
    const struct str_list *databases;
    bool roles;  /* roles are to be copied */
    bool online; /* also what following the source needs */
    bool setup;  /* what logical replication lacks on the source is going to be set up: no reason to fail */
    const struct tools *tools;
    const struct stop *stop;
    const char *target_data_dir; /* for provisioned targets: where to look for free space; else NULL */
};

/* 0: all checks were run, look at findings. -1: a check could not be run (err), e.g. stopped or connection
 * lost. */
int precheck_run(const struct precheck *precheck, struct err *err, struct findings *ret_findings);
/* True when at least one finding is FAILED. */
bool findings_failed(const struct findings *findings);
void findings_done(struct findings *findings);

#endif
