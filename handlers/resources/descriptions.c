/* SPDX-License-Identifier: MIT */
/* The bodies of Resource Manager's own resources and of queries to the resource provider. */
#include "core/attr.h"
#include "handlers/arm/property.h"
#include "handlers/resources/resources.h"

#define DOC PROPERTY_DOC
#define RO  ACCESS_SHOWN
#define WO  (ACCESS_PUT | ACCESS_PATCH)
#define ANY (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define REQ (ANY | ACCESS_REQUIRED)
#define PROXY_RESOURCE                                                                                       \
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RO, NULL), DOC("type", "string", RO, NULL)
#define TRACKED_RESOURCE                                                                                     \
    PROXY_RESOURCE, DOC("location", "string", REQ, "Region, as name or display name."),                      \
        DOC("tags", "{}string", ANY, NULL)

/* clang-format off */
static const struct property name_request_rows[] = {
    DOC("name", "string", REQ, NULL), DOC("type", "string", ANY, "The resource type, such as Microsoft.DBforPostgreSQL/flexibleServers."),
};
static const struct property name_answer_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("type", "string", ANY, NULL), DOC("nameAvailable", "boolean", ANY, NULL),
    DOC("reason", "Invalid|AlreadyExists", ANY, NULL), DOC("message", "string", ANY, NULL),
};
static const struct property group_rows[] = {
    TRACKED_RESOURCE, DOC("managedBy", "string", ANY, NULL), DOC("properties.provisioningState", "string", RO, NULL),
};
static const struct property group_patch_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("tags", "{}string", ANY, NULL), DOC("managedBy", "string", ANY, NULL), DOC("properties", "object", ANY, NULL),
};
static const struct property generic_rows[] = {
    PROXY_RESOURCE, DOC("location", "string", ANY, NULL), DOC("tags", "{}string", ANY, NULL), DOC("sku", "object", ANY, NULL),
    DOC("kind", "string", ANY, NULL), DOC("managedBy", "string", ANY, NULL), DOC("identity", "object", ANY, NULL), DOC("plan", "object", ANY, NULL),
    DOC("createdTime", "date-time", RO, NULL), DOC("changedTime", "date-time", RO, NULL), DOC("provisioningState", "string", RO, NULL),
    DOC("properties", "object", ANY, NULL),
};
static const struct property tags_rows[] = {
    PROXY_RESOURCE, DOC("operation", "Merge|Replace|Delete", WO, "For PATCH."), DOC("properties.tags", "{}string", ANY, NULL),
};
static const struct property subscription_rows[] = {
    DOC("id", "string", ANY, NULL), DOC("subscriptionId", "string", ANY, NULL), DOC("tenantId", "string", ANY, NULL),
    DOC("displayName", "string", ANY, NULL), DOC("state", "string", ANY, NULL), DOC("authorizationSource", "string", ANY, NULL),
    DOC("subscriptionPolicies", "object", ANY, NULL), DOC("managedByTenants", "[]object", ANY, NULL), DOC("tags", "{}string", ANY, NULL),
};
static const struct property location_rows[] = {
    DOC("id", "string", ANY, NULL), DOC("name", "string", ANY, NULL), DOC("type", "string", ANY, NULL), DOC("displayName", "string", ANY, NULL),
    DOC("regionalDisplayName", "string", ANY, NULL), DOC("metadata", "object", ANY, NULL),
    DOC("availabilityZoneMappings", "[]object", ANY, NULL),
};
static const struct property tenant_rows[] = {
    DOC("id", "string", ANY, NULL), DOC("tenantId", "string", ANY, NULL), DOC("tenantCategory", "string", ANY, NULL),
    DOC("displayName", "string", ANY, NULL), DOC("defaultDomain", "string", ANY, NULL), DOC("domains", "[]string", ANY, NULL),
    DOC("countryCode", "string", ANY, NULL), DOC("tenantType", "string", ANY, NULL), DOC("country", "string", ANY, NULL),
    DOC("tenantBrandingLogoUrl", "string", ANY, NULL),
};
static const struct property provider_rows[] = {
    DOC("id", "string", ANY, NULL), DOC("namespace", "string", ANY, NULL), DOC("registrationState", "string", ANY, NULL),
    DOC("registrationPolicy", "string", ANY, NULL), DOC("resourceTypes", "[]ProviderResourceType", ANY, NULL),
};
static const struct property provider_type_rows[] = {
    DOC("resourceType", "string", ANY, NULL), DOC("locations", "[]string", ANY, NULL), DOC("apiVersions", "[]string", ANY, "Newest first."),
    DOC("defaultApiVersion", "string", ANY, NULL), DOC("capabilities", "string", ANY, NULL), DOC("zoneMappings", "[]object", ANY, NULL),
    DOC("properties", "object", ANY, NULL),
};
static const struct property operation_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("display", "object", ANY, NULL), DOC("isDataAction", "boolean", ANY, NULL),
    DOC("origin", "string", ANY, NULL), DOC("properties", "object", ANY, NULL),
};

const struct description resources_descriptions[] = {
    DESCRIPTION("NameQuestion", name_request_rows, NULL),
    DESCRIPTION("NameAnswer", name_answer_rows, NULL),
    DESCRIPTION("ResourceGroup", group_rows, NULL),
    DESCRIPTION("ResourceGroupPatch", group_patch_rows, NULL),
    DESCRIPTION("GenericResource", generic_rows, NULL),
    DESCRIPTION("Tags", tags_rows, NULL),
    DESCRIPTION("Subscription", subscription_rows, NULL),
    DESCRIPTION("Location", location_rows, NULL),
    DESCRIPTION("Tenant", tenant_rows, NULL),
    DESCRIPTION("Provider", provider_rows, NULL),
    DESCRIPTION("ProviderResourceType", provider_type_rows, NULL),
    DESCRIPTION("Operation", operation_rows, NULL),
};
/* clang-format on */
const size_t resources_description_count = ARRAY_LEN(resources_descriptions);
