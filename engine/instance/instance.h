/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL instances that Malachite provisions: a directory cloned from a cached template of its major,
 * started as an unprivileged user. The administrator connects over TCP (scram-sha-256); only the superuser
 * azuresu can use the Unix socket in its 0700 directory. The administrator is an ordinary role as on the
 * real service: LOGIN, CREATEDB, CREATEROLE, REPLICATION, member of azure_pg_admin.
 *
 * <root>/instances/<name>/          0700, owned by the server's user; holds the Unix socket
 * <root>/instances/<name>/data/     the data directory
 * <root>/instances/<name>/log       the server's log; log.old if it was large at a start
 * <root>/templates/<major>-<digest>/
 *
 * An instance outlives a killed Malachite, which adopts it at the next start; a clean stop stops it.
 * Functions may be called from any thread. For one instance they run one after the other.
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
    char *root;                /* <data-dir>, absolute; contains instances/ and templates/ */
    struct child_user user;    /* the user that the servers run as */
    const struct tools *tools; /* not owned */
};

/* Prepares root for instances: creates it if necessary, resolves postgres_user if Malachite runs as root
 * (otherwise the servers run as Malachite's user), and ensures that this user can traverse root. If a
 * directory above root denies access, err names it and says what to do. */
int instance_host_init(const char *root, const char *postgres_user, const struct tools *tools,
                       struct err *err, struct instance_host *ret_host);
void instance_host_done(struct instance_host *host);

struct instance_spec {
    const char *name; /* directory below instances/: a server name, or one and a number behind a dot */
    int major;
    const char *administrator;
    const char *password; /* of the administrator; for instance_create() and instance_set_password() */
    const char *address;  /* loopback address to listen on */
    int port;
};

/* Creates the directory (and the template, if this major has none yet), starts the server, creates the
 * administrator, and syncs everything to disk before it returns. Leftovers of an interrupted attempt are
 * replaced. A failure leaves only a mark, which lets instance_start() create the instance. Errors:
 * ERR_VERSION_UNAVAILABLE, ERR_BAD_RESOURCE_NAME (the path of the socket would be too long), ERR_CONFLICT
 * (address and port in use), ERR_SERVER_UNREACHABLE with the end of the server's log. */
int instance_create(const struct instance_host *host, const struct instance_spec *spec,
                    const struct stop *stop, struct err *err);
/* Starts the server unless it runs, and waits until it accepts connections. Creates the instance if
 * instance_create() failed before, adopts a server that a killed Malachite left, and restarts one that
 * listens elsewhere. ERR_RESOURCE_NOT_FOUND if it has no data directory. */
int instance_start(const struct instance_host *host, const struct instance_spec *spec,
                   const struct stop *stop, struct err *err);
/* Fast shutdown, or immediate if that takes longer than timeout_ms (the next start then recovers, nothing
 * is lost). It is no error if the server does not run. */
int instance_stop(const struct instance_host *host, const char *name, int timeout_ms, struct err *err);
/* Restarts the server. If it does not start with the settings that ALTER SYSTEM has changed since its last
 * start, restores the previous settings, starts it with those, and returns -1 with the reason: the server
 * runs nevertheless. */
int instance_restart(const struct instance_host *host, const struct instance_spec *spec,
                     const struct stop *stop, struct err *err);
/* Sets the password of a running instance's administrator to spec->password. */
int instance_set_password(const struct instance_host *host, const struct instance_spec *spec,
                          const struct stop *stop, struct err *err);
/* Sets whether clients of a running instance must use TLS (with a self-signed certificate, which it keeps).
 * Takes effect for sessions that begin after the return. */
int instance_require_tls(const struct instance_host *host, const struct instance_spec *spec, bool required,
                         const struct stop *stop, struct err *err);
/* Whether a server could listen there now because no other program does. Another program may take the port
 * afterwards. */
bool instance_address_is_free(const char *address, int port);
bool instance_is_running(const struct instance_host *host, const char *name);
/* Stops it and removes its directory. It is no error if it does not exist. */
int instance_delete(const struct instance_host *host, const char *name, struct err *err);

/* The endpoint of the superuser (Unix socket) of a provisioned instance. */
int instance_superuser_endpoint(const struct instance_host *host, const struct instance_spec *spec,
                                const char *label, struct err *err, struct endpoint *ret_endpoint);

#endif
