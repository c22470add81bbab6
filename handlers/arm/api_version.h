/* SPDX-License-Identifier: MIT */
/*
 * The supported api-versions of each resource type, like those of the real Azure Resource Manager: a list
 * per type, newest first. The dispatcher checks requests against it; GET providers shows it. Static data,
 * any thread.
 */
#ifndef HANDLERS_ARM_API_VERSION_H
#define HANDLERS_ARM_API_VERSION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

#define POSTGRESQL_NAMESPACE     "Microsoft.DBforPostgreSQL"
#define DATA_MIGRATION_NAMESPACE "Microsoft.DataMigration"
#define RESOURCES_NAMESPACE      "Microsoft.Resources"
#define NETWORK_NAMESPACE        "Microsoft.Network"

struct resource_type {
    const char *namespace_name;
    const char *name;   /* "flexibleServers/migrations" */
    unsigned holds_for; /* the versions that cover it (api_version.c) */
    unsigned since;     /* api_version_rank() of the first one; 0: all */
    bool regional;      /* exists per location */
};

extern const struct resource_type resource_types[];
extern const size_t resource_type_count;

/*
 * The order of api-versions across all types: by date, then private preview, preview, stable. NULL and
 * malformed versions count as the newest. API_DATE() is the first of a day.
 */
#define API_DATE(year, month, day) ((((year)*100U + (month)) * 100U + (day)) * 10U)
enum { API_PRIVATE_PREVIEW, API_PREVIEW, API_STABLE };
#define API_NEWEST UINT_MAX
unsigned api_version_rank(const char *version);

/* The row of "Namespace/type" (compared without case), or NULL. */
const struct resource_type *resource_type_find(const char *resource_type);

/* Its api-versions by index, newest first; NULL after the last one. */
const char *resource_type_version(const struct resource_type *type, size_t index);
/* Compared without case. */
bool resource_type_has_version(const struct resource_type *type, const char *version);

/*
 * Whether requests for this resource type may use this api-version. 0: yes; *ret_warning is then NULL, or
 * a static text for the client if the version is newer than all of the namespace (the newest dialect
 * answers it; strict rejects it). -1: err is ARM's: MissingApiVersionParameter, NoRegisteredProviderFound
 * for types of a resource provider, InvalidApiVersionParameter for ARM's own. A type without a row accepts
 * every well-formed version. location (may be NULL) is only for the message.
 */
int api_version_check(const char *resource_type, const char *version, bool strict, const char *location,
                      struct err *err, const char **ret_warning);

/* Appends the versions of all types of the namespace, newest first: "2025-08-01, 2024-08-01". */
void api_versions_of_namespace(const char *namespace_name, struct buf *text);

#endif
