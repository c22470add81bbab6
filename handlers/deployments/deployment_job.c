/* SPDX-License-Identifier: MIT */
#include "handlers/deployments/deployment_job_private.h"

#include <string.h>

#include "core/str.h"

void deployment_job_done(struct deployment_job *job)
{
    template_done(&job->template);
    deployment_done(&job->row);
    free(job->host);
    if (job->authorization != NULL) {
        explicit_bzero(job->authorization, strlen(job->authorization));
    }
    free(job->authorization);
    *job = (struct deployment_job){0};
}
