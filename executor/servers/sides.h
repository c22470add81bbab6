/* SPDX-License-Identifier: MIT */
/*
 * The two servers of a migration. Each has a login (given by the client, so it must be valid) and an
 * endpoint for the engine: the superuser azuresu over the Unix socket of a provisioned server, so that
 * objects of every owner are read and copied, or the login itself for an attached one.
 */
#ifndef EXECUTOR_SERVERS_SIDES_H
#define EXECUTOR_SERVERS_SIDES_H

#include "engine/pg/endpoint.h"
#include "executor/executor_parts.h"

struct side {
    struct server server; /* all-zero for a source given as host:port@user */
    struct endpoint login;
    struct endpoint work;
};

struct sides {
    struct side source;
    struct side target;
};

/* Looks both servers up. err is lasting if a server was deleted, not lasting if it is still starting. */
int sides_find(struct executor *executor, const struct migration *migration, struct err *err,
               struct sides *ret_sides);
/* For cleanup at the end: a source whose resource was deleted in the meantime is left out (work.host is
 * NULL). */
int sides_find_left(struct executor *executor, const struct migration *migration, struct err *err,
                    struct sides *ret_sides);
void sides_done(struct sides *sides);
#define auto_sides __attribute__((cleanup(sides_done)))

/* The login of the administrator stored with a server, for the REST calls on databases. */
int server_login(const struct executor *executor, const struct server *server, struct err *err,
                 struct endpoint *ret_login);
/* The login that may change server parameters: the superuser of a provisioned server, otherwise the login
 * above. */
int server_superuser_login(const struct executor *executor, const struct server *server, struct err *err,
                           struct endpoint *ret_login);
/* Whether a server has turned on one of the service's own parameters that are off by default. */
int server_parameter_is_on(const struct executor *executor, const struct server *server, const char *name,
                           struct err *err, bool *ret_on);
/* The value of one of the service's own parameters of type Integer. */
int server_parameter_number(const struct executor *executor, const struct server *server, const char *name,
                            struct err *err, int64_t *ret_number);
/* Of a version number: 18 of 150018. */
int server_minor_version(int version);
/* Reads the version of a reachable server and stores it; a failure keeps the known one. */
void server_note_version(struct executor *executor, const struct server *server);
/* The description of a provisioned server's instance; its pointers point into the row. */
struct instance_spec server_instance(const struct server *server);

#endif
