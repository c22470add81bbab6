/* SPDX-License-Identifier: MIT */
/* The parts of the running program; created once by app/main.c, used by handlers. */
#ifndef HANDLERS_ARM_APP_H
#define HANDLERS_ARM_APP_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>

#include "core/options/options.h"
#include "executor/executor.h"
#include "store/store.h"

struct answer_cache;
struct coverage;
struct deployer;
struct description;
struct request;
struct request_durations;
struct request_log;
struct roles;
struct route_table;
struct signing_key;

struct app {
    const struct options *options;
    struct store *store;
    struct executor *executor;
    int64_t started_us;
    struct deployer *deployer;           /* handlers/deployments/deployer.h */
    struct request_log *request_log;     /* server/request_log.h */
    struct signing_key *signing_key;     /* of tokens: core/tokens/signing_key.h */
    char *ca_file;                       /* PEM of Malachite's own certificate authority */
    _Atomic uint64_t requests;           /* answered so far */
    _Atomic uint64_t server_errors;      /* requests with a 5xx status */
    struct request_durations *durations; /* handlers/own/request_durations.h; NULL: none are kept */
    struct coverage *coverage;           /* handlers/own/seeing/coverage.h; NULL: none is kept */
    const struct route_table *routes;
    struct answer_cache *answers; /* server/answer_cache.h; NULL: none are kept */
    /* Rejects a request with an insufficient token (signin); NULL: no check. */
    int (*authenticate)(struct request *request, struct err *err);
    const struct roles *roles; /* core/roles/roles.h; NULL: everybody may do everything */
    /* Whether the caller may do what the request asks for, and may use another resource for it (signin);
     * NULL: no check. */
    int (*authorize)(struct request *request, struct err *err);
    int (*authorize_linked)(struct request *request, const char *action, const char *id, struct err *err);
    /* Whether the caller may see an item of the list that it asks for (signin); NULL: no check. */
    bool (*authorize_item)(struct request *request, const char *id);
    /* Records unknown properties of a body (describe) for the request log; NULL: records nothing. */
    void (*note_unknown)(struct request *request);
    /* A migration as a GET in this api-version shows it (migrations): a new reference. */
    json_t *(*show_migration)(struct app *app, const char *api_version, const struct server *target,
                              const struct migration *migration, struct err *err);
    /* The description of resources of this type (describe), or NULL. */
    const struct description *(*describe)(const char *resource_type);
};

#endif
