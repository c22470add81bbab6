/* SPDX-License-Identifier: MIT */
/* Shared by the handlers of deployments. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENT_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENT_PRIVATE_H

#include "handlers/arm/resource.h"
#include "handlers/deployments/deployment_job_private.h"
#include "handlers/deployments/inner_request_private.h"
#include "store/resources/deployments.h"

/* New memory, NULL when memory is out. */
char *deployment_id(const struct deployment *deployment);
/* The whole resource; new reference, NULL when memory is out. */
json_t *deployment_write(const struct deployment *deployment);

/* {deploymentName} of the path; replies 404 and returns false if it does not exist. */
bool find_deployment(struct request *request, struct deployment *ret_deployment);
/* Reads the template of a request into a job whose row can be stored. False: it has replied. Release the
 * job with deployment_job_done() in either case. */
bool deployment_begin(struct request *request, struct deployment_job *ret_job);
/* A client for requests on behalf of the sender of this request. */
struct inner_client deployment_client(struct request *request);

#endif
