/* SPDX-License-Identifier: MIT */
/* The bodies of deployments. */
#include "core/attr.h"
#include "handlers/arm/property.h"
#include "handlers/deployments/deployments.h"

#define DOC PROPERTY_DOC
#define RO  ACCESS_SHOWN
#define WO  (ACCESS_PUT | ACCESS_PATCH)
#define ANY (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define PROXY_RESOURCE                                                                                       \
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RO, NULL), DOC("type", "string", RO, NULL)

/* clang-format off */
static const struct property deployment_rows[] = {
    PROXY_RESOURCE, DOC("location", "string", ANY, NULL), DOC("tags", "{}string", ANY, NULL),
    DOC("properties.template", "object", WO, "The template itself; linked templates are rejected."),
    DOC("properties.templateLink", "object", WO, NULL),
    DOC("properties.parameters", "object", ANY, "{\"name\": {\"value\": ...}}"),
    DOC("properties.parametersLink", "object", WO, NULL),
    DOC("properties.mode", "Incremental|Complete", ANY, NULL),
    DOC("properties.expressionEvaluationOptions", "object", WO, NULL), DOC("properties.debugSetting", "object", ANY, NULL),
    DOC("properties.onErrorDeployment", "object", ANY, NULL),
    DOC("properties.templateHash", "string", RO, NULL), DOC("properties.provisioningState", "string", RO, NULL),
    DOC("properties.timestamp", "date-time", RO, NULL), DOC("properties.duration", "string", RO, NULL),
    DOC("properties.correlationId", "string", RO, NULL), DOC("properties.providers", "[]object", RO, NULL),
    DOC("properties.dependencies", "[]object", RO, NULL), DOC("properties.outputs", "object", RO, NULL),
    DOC("properties.outputResources", "[]object", RO, NULL), DOC("properties.validatedResources", "[]object", RO, NULL),
    DOC("properties.error", "ErrorDetail", RO, NULL),
};
static const struct property deployment_operation_rows[] = {
    DOC("id", "string", RO, NULL), DOC("operationId", "string", RO, NULL),
    DOC("properties.provisioningOperation", "string", RO, NULL), DOC("properties.provisioningState", "string", RO, NULL),
    DOC("properties.timestamp", "date-time", RO, NULL), DOC("properties.duration", "string", RO, NULL),
    DOC("properties.statusCode", "string", RO, NULL), DOC("properties.statusMessage", "object", RO, NULL),
    DOC("properties.targetResource", "object", RO, NULL), DOC("properties.serviceRequestId", "string", RO, NULL),
};

const struct description deployments_descriptions[] = {
    DESCRIPTION("Deployment", deployment_rows, "A template that was deployed. Secure parameters are never shown."),
    DESCRIPTION("DeploymentOperation", deployment_operation_rows, NULL),
};
/* clang-format on */
const size_t deployments_description_count = ARRAY_LEN(deployments_descriptions);
