/* SPDX-License-Identifier: MIT */
/* The row of a running deployment. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENT_ROW_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENT_ROW_PRIVATE_H

#include "handlers/deployments/deployment_job_private.h"

/* Writes the row. False: it belongs to another deployment now, or was deleted. Takes ownership of error
 * and outputs (NULL: none). */
bool deployment_row_store(struct deployment_run *run, const char *state, json_t *outputs, json_t *error);
/* The error of a deployment with failed steps. New reference. */
json_t *deployment_row_failure(const struct deployment_run *run);

#endif
