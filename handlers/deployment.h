/* SPDX-License-Identifier: MIT */
/* What the handlers of deployments share. */
#ifndef HANDLERS_DEPLOYMENT_H
#define HANDLERS_DEPLOYMENT_H

#include "handlers/resource.h"
#include "store/deployments.h"

/* New memory; NULL when there is none. */
char *deployment_id(const struct deployment *deployment);
/* The whole resource; new reference, NULL when memory is out. */
json_t *deployment_write(const struct deployment *deployment);

#endif
