/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL instances that Malachite provisions: a directory cloned from a cached template of its major,
 * started as an unprivileged user, reachable over TCP by its administrator (scram-sha-256) and over a 0700
 * Unix socket by the superuser azuresu alone. The administrator is an ordinary role as on the real service:
 * LOGIN, CREATEDB, CREATEROLE, REPLICATION, member of azure_pg_admin.
 *
 *     <root>/instances/<name>/          0700, of the server's user; holds the Unix socket
 *     <root>/instances/<name>/data/     the data directory
 *     <root>/instances/<name>/log       what the server writes; log.old when it had grown large at a start
 *     <root>/templates/<major>-<digest>/
 *
 * An instance outlives a killed Malachite, which adopts it at the next start; a clean stop stops it.
 * Functions may be called from any thread, but for one instance by one thread at a time.
 */
#ifndef ENGINE_INSTANCE_INSTANCE_H
#define ENGINE_INSTANCE_INSTANCE_H

#include <stdbool.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"
#include "engine/process/child.h"
#include "engine/process/tools.h"

#define INSTANCE_SUPERUSER "azuresu"

struct instance_host {
    char *root;                /* <data-dir>, absolute: instances/ and templates/ are below it */
    struct child_user user;    /* who the servers run as */
    const struct tools *tools; /* not owned */
};

/*
 * Prepares root for instances: makes it when it is not there, resolves postgres_user when we are root (else
 * the servers run as ourselves), and sees to it that this user can pass through root. An err names the
 * directory above root that keeps it out, and what to do.
 */
int instance_host_init(const char *root, const char *postgres_user, const struct tools *tools,
                       struct err *err, struct instance_host *ret_host);
void instance_host_done(struct instance_host *host);

struct instance_spec {
    const char *name; /* server name: directory below instances/ */
    int major;
    const char *administrator;
    const char *password; /* of the administrator; for instance_create() and instance_set_password() */
    const char *address;  /* loopback address to listen on */
    int port;
};

/*
 * Creates the directory (template made first when there is none for this major), starts the server, creates
 * the administrator, and has all of it on disk before it returns. What was left of an attempt that was
 * interrupted is replaced. On failure only a mark is left, with which instance_start() creates it. Errors:
 * ERR_VERSION_UNAVAILABLE, ERR_BAD_RESOURCE_NAME (the path of the socket would be too long), ERR_CONFLICT
 * (address and port in use), ERR_SERVER_UNREACHABLE with the end of the server's log.
 */
int instance_create(const struct instance_host *host, const struct instance_spec *spec,
                    const struct stop *stop, struct err *err);
/* Starts it unless it runs already; creates it when instance_create() has failed before (a server left by a
 * killed Malachite is adopted; one that listens elsewhere is restarted), waits until it answers.
 * ERR_RESOURCE_NOT_FOUND when it has no data directory.
 */
int instance_start(const struct instance_host *host, const struct instance_spec *spec,
                   const struct stop *stop, struct err *err);
/* Fast shutdown; immediate when that takes longer than timeout_ms (the next start then recovers, nothing is
 * lost). Not running is fine. */
int instance_stop(const struct instance_host *host, const char *name, int timeout_ms, struct err *err);
/*
 * Stops it and starts it. When it does not come up with what ALTER SYSTEM has changed since it last ran, the
 * settings it ran with are put back, it is started with those, and -1 says why: the server runs all the same.
 */
int instance_restart(const struct instance_host *host, const struct instance_spec *spec,
                     const struct stop *stop, struct err *err);
/* Gives the administrator of a running instance spec->password. */
int instance_set_password(const struct instance_host *host, const struct instance_spec *spec,
                          const struct stop *stop, struct err *err);
/*
 * Whether clients of a running instance must use TLS (with a certificate of its own, which it signs itself
 * and keeps). Takes effect for sessions that begin after the return.
 */
int instance_require_tls(const struct instance_host *host, const struct instance_spec *spec, bool required,
                         const struct stop *stop, struct err *err);
/* Whether a server could listen there now: no other program does. Another may take it a moment later. */
bool instance_address_is_free(const char *address, int port);
bool instance_is_running(const struct instance_host *host, const char *name);
/* Stops it and removes its directory. Not there is fine. */
int instance_delete(const struct instance_host *host, const char *name, struct err *err);

/* The endpoint of the superuser (Unix socket) of a provisioned instance. */
int instance_superuser_endpoint(const struct instance_host *host, const struct instance_spec *spec,
                                const char *label, struct err *err, struct endpoint *ret_endpoint);

#endif
