/* SPDX-License-Identifier: MIT */
/* Deployments of templates: one row per name in a resource group, from its last PUT. */
#ifndef STORE_RESOURCES_DEPLOYMENTS_H
#define STORE_RESOURCES_DEPLOYMENTS_H

#include "store/store.h"

struct deployment {
    char *subscription_id;
    char *group;
    char *name;
    char operation_id[ID_TEXT_SIZE];
    char *state; /* "Accepted", "Running", "Succeeded", "Failed", "Canceled" */
    bool cancel;
    char *location;   /* or NULL */
    char *tags;       /* JSON, or NULL */
    char *properties; /* JSON: the GET response without provisioningState */
    char *operations; /* JSON array */
    char *template;   /* JSON, secret: written by store_deployment_put(), read by store_deployment_template()
                         only */
    int64_t started_us;
    int64_t ended_us; /* 0 while running */
};

void deployment_done(struct deployment *row);
void deployments_free(struct deployment *rows, size_t count);
#define auto_deployment __attribute__((cleanup(deployment_done)))

/* 1 and the row, 0 if it does not exist. */
int store_deployment_get(struct store *store, const char *subscription_id, const char *group,
                         const char *name, struct err *err, struct deployment *ret_deployment);
/* Newest first. */
int store_deployment_list(struct store *store, const char *subscription_id, const char *group,
                          struct err *err, struct deployment **ret_deployments, size_t *ret_count);
/* 1 and the template as newly allocated JSON, which the caller wipes; 0 if the deployment or its template
 * is missing. */
int store_deployment_template(struct store *store, const struct deployment *deployment, struct err *err,
                              char **ret_template);
/* The number of deployments in the group. */
int store_deployment_count(struct store *store, const char *subscription_id, const char *group,
                           struct err *err, int64_t *ret_count);
/* Inserts the deployment, or replaces the one of that name. */
int store_deployment_put(struct store *store, const struct deployment *deployment, struct err *err);
/* Writes state, properties, operations and ended_us if operation_id is still the row's. 1: written, 0: the
 * row belongs to another operation now, or was deleted or canceled. */
int store_deployment_update(struct store *store, const struct deployment *deployment, struct err *err);
/* 1: it is running and will be canceled; 0: it is not running. */
int store_deployment_cancel(struct store *store, const char *subscription_id, const char *group,
                            const char *name, struct err *err);
/* name NULL: all of the group. */
int store_deployment_delete(struct store *store, const char *subscription_id, const char *group,
                            const char *name, struct err *err);
/* At start: deployments that were running when the process ended have failed. */
int store_deployment_end_all(struct store *store, const char *properties, struct err *err);

#endif
