/* SPDX-License-Identifier: MIT */
/* The descriptions of servers, and the struct into which the body of a PUT or PATCH is read. */
#ifndef HANDLERS_SERVERS_SERVER_DESCRIPTION_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_DESCRIPTION_PRIVATE_H

#include <jansson.h>

#include "handlers/arm/property.h"
#include "store/rows/rows.h"

/* Pointers into the body but for tags, sku, settings and host. NULL: not given. */
struct server_request {
    enum server_kind kind;
    bool patch;            /* omitted properties stay unchanged */
    const char *tenant_id; /* of identities */
    const char *location;
    char *tags;
    json_t *sku;
    json_t *settings; /* shown later by the resource, under its own names */
    const char *login;
    const char *password;
    const char *version;
    const char *mode;
    char *host; /* tag malachite.host: an existing server to attach; otherwise NULL */
    int port;
};

/* Static. */
const struct description *server_description(enum server_kind kind);

#endif
