/* SPDX-License-Identifier: MIT */
/* What virtual networks and private endpoints have in common. Any thread. */
#ifndef HANDLERS_NETWORK_NETWORK_RESOURCE_PRIVATE_H
#define HANDLERS_NETWORK_NETWORK_RESOURCE_PRIVATE_H

#include "handlers/arm/resource.h"
#include "store/networks.h"

/* The resource of this type that the path names with this parameter. Answers 404 itself and returns false. */
bool network_find(struct request *request, const char *type, const char *parameter,
                  struct network_resource *ret_row);
/* Fills the row of a PUT from path and body, but for its properties; the group lives. Answers itself and
 * returns false when it cannot. ret_body is borrowed. */
bool network_read(struct request *request, const char *type, const char *parameter,
                  struct network_resource *ret_row, json_t **ret_body);
/* 1: there was one already, whose name and birth the row takes over; 0: new. Call in a transaction. */
int network_adopt(struct store *store, struct network_resource *row, struct err *err,
                  struct network_resource *ret_before);
char *network_id(const struct network_resource *row);
/* The resource with these properties, which are taken. New reference; NULL when memory is out. */
json_t *network_write(const struct network_resource *row, json_t *properties);

typedef json_t *network_writer(struct request *request, const struct network_resource *row);
/* Answers with the resources of one type; group NULL: of the subscription. */
void network_reply_list(struct request *request, const char *group, const char *type, network_writer *write);

#endif
