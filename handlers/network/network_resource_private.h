/* SPDX-License-Identifier: MIT */
/* Common functions of virtual networks and private endpoints. Any thread. */
#ifndef HANDLERS_NETWORK_NETWORK_RESOURCE_PRIVATE_H
#define HANDLERS_NETWORK_NETWORK_RESOURCE_PRIVATE_H

#include "handlers/arm/resource.h"
#include "store/resources/networks.h"

/* The resource of this type whose name is in this parameter of the path. Replies 404 and returns false if
 * it does not exist. */
bool network_find(struct request *request, const char *type, const char *parameter,
                  struct network_resource *ret_row);
/* Fills the row of a PUT from path and body, except its properties, and checks the group. Replies and
 * returns false on failure. ret_body is borrowed. */
bool network_read(struct request *request, const char *type, const char *parameter,
                  struct network_resource *ret_row, json_t **ret_body);
/* 1: one exists already, whose name and creation time the row adopts; 0: new. Call it in a transaction. */
int network_adopt(struct store *store, struct network_resource *row, struct err *err,
                  struct network_resource *ret_before);
char *network_id(const struct network_resource *row);
/* Adds the etag, which changes with the resource; returns the reference, or releases it and returns NULL
 * when memory is out. */
json_t *network_add_etag(json_t *resource);
/* The resource with these properties, whose reference it takes over. New reference; NULL when memory is
 * out. */
json_t *network_write(const struct network_resource *row, json_t *properties);

typedef json_t *network_writer(struct request *request, const struct network_resource *row);
/* Replies with the resources of one type; group NULL: of the whole subscription. */
void network_reply_list(struct request *request, const char *group, const char *type, network_writer *write);

/* Deletes one resource and what depends on it, in a transaction of its own. */
typedef int network_deleter(struct store *store, const struct network_resource *row, struct err *err);
/* Handles a DELETE: 200, or 204 if the resource does not exist. */
void network_delete(struct request *request, const char *type, const char *parameter,
                    network_deleter *delete_row);

#endif
