/* SPDX-License-Identifier: MIT */
#include "executor/steps/service_checks_private.h"

#include <jansson.h>
#include <string.h>

#include "core/memory.h"
#include "core/str.h"
#include "executor/spelling/configuration_words.h"
#include "executor/steps/validation_private.h"

/* A member of a member of the server's properties, such as "highAvailability", "mode"; NULL when missing. */
static const json_t *property(const json_t *properties, const char *object, const char *member)
{
    return json_object_get(object == NULL ? properties : json_object_get(properties, object), member);
}

static bool property_is(const json_t *properties, const char *object, const char *member, const char *word)
{
    const char *text = json_string_value(property(properties, object, member));
    return text != NULL && str_iequals(text, word);
}

static int add(struct work *work, struct findings *findings, bool failed, char *message)
{
    auto_free char *text = message;
    return text != NULL && validation_add(findings, failed ? FINDING_FAILED : FINDING_WARNING,
                                          "ServerParametersValidation", text)
               ? 0
               : err_no_memory(&work->err);
}

static int check_availability(struct work *work, const struct server *target, const json_t *properties,
                              struct findings *findings)
{
    bool on = property_is(properties, "highAvailability", "mode", "ZoneRedundant") ||
              property_is(properties, "highAvailability", "mode", "SameZone");
    return !on ? 0
               : add(work, findings, false,
                     str_format("High availability is on at the target server. The service asks for `%s` "
                                "without it during a migration; switch it on afterwards.",
                                target->name));
}

static int check_networks(struct work *work, const struct sides *sides, const json_t *target,
                          struct findings *findings)
{
    json_auto_t *source = memory_parse_text(sides->source.server.properties, 0);
    bool private_source = property_is(source, NULL, "publicNetworkAccess", "Disabled");
    bool private_target = json_is_string(property(target, "network", "delegatedSubnetResourceId"));
    if (!private_source || private_target) {
        return 0;
    }
    return add(work, findings, work->executor->options->strict_service,
               str_format("The service does not migrate from a private source to a public target. `%s` has "
                          "publicNetworkAccess Disabled, and `%s` is in no virtual network.",
                          sides->source.server.name, sides->target.server.name));
}

int service_checks(struct work *work, const struct sides *sides, struct findings *findings)
{
    const struct server *target = &sides->target.server;
    json_auto_t *properties = memory_parse_text(target->properties, 0);
    return check_availability(work, target, properties, findings) < 0
               ? -1
               : check_networks(work, sides, properties, findings);
}

char *service_allowed_extensions(struct work *work, const struct server *target)
{
    auto_server_child struct server_child child = {0};
    int found =
        store_child_get(work->store, target->id, CHILD_CONFIGURATION, allowed_extensions, &work->err, &child);
    if (found < 0) {
        return NULL;
    }
    json_auto_t *kept = found > 0 ? memory_parse_text(child.properties, 0) : NULL;
    const char *value = json_string_value(json_object_get(kept, "value"));
    char *text = str_dup(value == NULL ? "" : value);
    if (text == NULL) {
        err_no_memory(&work->err);
    }
    return text;
}
