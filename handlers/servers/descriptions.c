/* SPDX-License-Identifier: MIT */
/* The bodies of calls on servers that are not resources. */
#include "core/attr.h"
#include "handlers/arm/property.h"
#include "handlers/servers/servers.h"

#define DOC PROPERTY_DOC
#define ANY (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)

/* clang-format off */
static const struct property restart_rows[] = {
    DOC("restartWithFailover", "boolean", ANY, NULL), DOC("failoverMode", "string", ANY, NULL),
};
static const struct property capability_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("supportedServerEditions", "[]object", ANY, NULL),
    DOC("supportedServerVersions", "[]object", ANY, "Major versions installed on this machine."),
};

const struct description servers_descriptions[] = {
    DESCRIPTION("Restart", restart_rows, NULL),
    DESCRIPTION("Capability", capability_rows, NULL),
};
/* clang-format on */
const size_t servers_description_count = ARRAY_LEN(servers_descriptions);
