/* SPDX-License-Identifier: MIT */
/* What the handlers of deployments share. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENT_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENT_PRIVATE_H

#include "handlers/arm/resource.h"
#include "handlers/deployments/deployment_job_private.h"
#include "handlers/deployments/inner_request_private.h"
#include "store/deployments.h"

/* New memory; NULL when there is none. */
char *deployment_id(const struct deployment *deployment);
/* The whole resource; new reference, NULL when memory is out. */
json_t *deployment_write(const struct deployment *deployment);

/* {deploymentName} of the path; answers 404 itself and returns false when it does not exist. */
bool find_deployment(struct request *request, struct deployment *ret_deployment);
/* Reads the template of a request into a job whose row is ready to be stored. False: answered already.
 * Release the job with deployment_job_done() in either case. */
bool deployment_begin(struct request *request, struct deployment_job *ret_job);
/* Requests in the name of the one who sent this request. */
struct inner_client deployment_client(struct request *request);

#endif
