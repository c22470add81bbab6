/* SPDX-License-Identifier: MIT */
/*
 * Finds the resources that the path names, as the first step of most handlers. The find functions reply
 * themselves (404 in ARM's words, or the store's error) and return false if the handler must stop.
 */
#ifndef HANDLERS_ARM_RESOURCE_H
#define HANDLERS_ARM_RESOURCE_H

#include <stdbool.h>

#include "handlers/arm/api_version.h"
#include "handlers/arm/app.h"
#include "handlers/arm/naming/armid.h"
#include "server/reply.h"
#include "server/request.h"
#include "store/store.h"

/* {subscriptionId}, {resourceGroupName} */
bool find_group(struct request *request, struct resource_group *ret_group);
/* Also rejects a group that is being deleted (409): for writes. */
bool find_living_group(struct request *request, struct resource_group *ret_group);
/* The kind of server of the request's route. */
enum server_kind server_kind_of(const struct request *request);
/* {serverName}, as the requested resource. */
bool find_server(struct request *request, struct server *ret_server);
/* The same as the parent of a child of this type, such as "migrations". */
bool find_parent_server(struct request *request, const char *child_type, struct server *ret_server);
/* Also rejects a server that cannot be queried now. */
bool find_ready_server(struct request *request, const char *child_type, struct server *ret_server);
/* ERR_SERVER_NOT_READY for a server that cannot be queried now. */
int server_check_ready(const struct server *server, struct err *err);
/* 409 MissingSubscriptionRegistration unless the resource provider is registered. */
bool provider_is_registered(struct request *request, const char *namespace_name);

/* 404 ResourceNotFound: name is "flexibleServers/x/migrations/y", below Microsoft.DBforPostgreSQL. */
void reply_resource_not_found(struct request *request, const char *group, const char *name);
/* The same as an error. Returns -1. */
int resource_not_found(struct err *err, const char *group, const char *name);

/* New memory, NULL when memory is out. */
char *server_resource_id(const struct server *server);
char *migration_resource_id(const struct server *target, const char *migration);

/* Appends the names of active migrations from or to one of these servers (ids), for a message: "'a', 'b'";
 * nothing if there are none. */
int active_migrations_of(struct request *request, const int64_t *server_ids, size_t count, struct err *err,
                         struct buf *ret_names);

/*
 * Inside a transaction: whether earlier lookups are still valid. ERR_GROUP_NOT_FOUND,
 * ERR_GROUP_BEING_DELETED; ERR_RESOURCE_NOT_FOUND or ERR_SERVER_NOT_READY if the server or its group was
 * deleted.
 */
int group_check_lives(struct store *store, const char *subscription_id, const char *name, struct err *err);
int server_read_again(struct store *store, const struct server *seen, struct err *err,
                      struct server *ret_server);

#endif
