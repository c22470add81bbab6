/* SPDX-License-Identifier: MIT */
/*
 * The values of the service's own parameters, which the store keeps: {"value": "..."} under the name of the
 * parameter, with "reset": true when the client asked for the default, and in "running" the value that the
 * server was started with, if a static one has changed since.
 */
#ifndef EXECUTOR_SPELLING_KEPT_PARAMETERS_H
#define EXECUTOR_SPELLING_KEPT_PARAMETERS_H

#include <jansson.h>

#include "executor/spelling/configuration_spelling.h"
#include "executor/spelling/service_parameters.h"

/* Clients of a provisioned server must use TLS. New servers start with "off", as if their administrator had
 * turned it off: programs on this machine rarely ask for TLS. */
extern const char secure_transport[];

/* As executor_list_configurations() describes parameters. New reference, NULL when memory is out. */
json_t *kept_parameter_describe(const struct service_parameter *parameter,
                                const struct configuration_spellings *kept);

/* value NULL: the default. */
int kept_parameter_put(struct store *store, const struct server *server,
                       const struct service_parameter *parameter, const char *value, struct err *err);

/* A provisioned server has started: nothing waits for that any longer. */
int kept_parameters_restarted(struct store *store, const struct server *server, struct err *err);

/* The value that a server has now; the caller frees. */
int kept_parameter_get(struct store *store, const struct server *server, const char *name, struct err *err,
                       char **ret_value);
bool kept_parameter_is_on(const char *value);

#endif
