/* SPDX-License-Identifier: MIT */
/* Virtual networks, private endpoints, private DNS zones. They are deleted with their group. Any thread. */
#ifndef STORE_RESOURCES_NETWORKS_H
#define STORE_RESOURCES_NETWORKS_H

#include "store/store.h"

#define NETWORK_VIRTUAL  "virtualNetworks"
#define NETWORK_ENDPOINT "privateEndpoints"
#define NETWORK_ZONE     "privateDnsZones"

struct network_resource {
    char *subscription_id;
    char *group;
    char *type; /* NETWORK_VIRTUAL, ... */
    char *name; /* in the spelling of the first PUT */
    char *location;
    char *tags;       /* JSON, or NULL */
    char *properties; /* JSON */
    int64_t created_us;
};

void network_resource_done(struct network_resource *row);
void network_resources_free(struct network_resource *rows, size_t count);
#define auto_network_resource __attribute__((cleanup(network_resource_done)))

/* 1 and the row, 0 if it does not exist. */
int store_network_get(struct store *store, const char *subscription_id, const char *group, const char *type,
                      const char *name, struct err *err, struct network_resource *ret_row);
/* group NULL: of the whole subscription. Ordered by name. */
int store_network_list(struct store *store, const char *subscription_id, const char *group, const char *type,
                       struct err *err, struct network_resource **ret_rows, size_t *ret_count);
/* Inserts, or replaces location, tags and properties. ERR_GROUP_NOT_FOUND when the group was deleted. */
int store_network_put(struct store *store, const struct network_resource *row, struct err *err);
int store_network_delete(struct store *store, const struct network_resource *row, struct err *err);

#endif
