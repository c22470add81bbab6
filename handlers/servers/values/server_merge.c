/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/server_merge.h"

#include <string.h>

#include "core/parse/id.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/servers/values/server_rules.h"
#include "handlers/servers/values/value_check.h"

static const char flexible_sku[] = "{\"name\":\"Standard_D2s_v3\",\"tier\":\"GeneralPurpose\"}";
static const char single_sku[] =
    "{\"name\":\"GP_Gen5_2\",\"tier\":\"GeneralPurpose\",\"capacity\":2,\"family\":\"Gen5\"}";
static const char own_prefix[] = "malachite.";

/* ---- tags ------------------------------------------------------------------------------------------------
 */

int tags_merge(const char *given, const char *before, struct err *err, char **ret_tags)
{
    json_auto_t *old = json_from_text(before);
    json_auto_t *tags = given == NULL ? json_object() : json_from_text(given);
    const char *name;
    json_t *value;
    json_object_foreach (old, name, value) {
        if (str_istarts(name, own_prefix) && field_get(tags, name) == NULL &&
            json_object_set(tags, name, value) < 0) {
            return err_no_memory(err);
        }
    }
    if (given == NULL && json_object_size(tags) == 0) {
        *ret_tags = NULL;
        return 0;
    }
    *ret_tags = tags == NULL ? NULL : json_dumps(tags, JSON_COMPACT);
    return *ret_tags == NULL ? err_no_memory(err) : 0;
}

/* ---- sku -------------------------------------------------------------------------------------------------
 */

json_t *sku_merge(enum server_kind kind, json_t *given, const char *before, bool patch)
{
    bool flexible = kind == SERVER_FLEXIBLE;
    bool fresh = before == NULL || (given != NULL && !patch);
    json_t *sku = given != NULL && fresh ? json_object()
                  : before != NULL       ? json_from_text(before)
                                         : json_from_text(flexible ? flexible_sku : single_sku);
    if (sku == NULL || (given != NULL && merge_patch(sku, given) < 0)) {
        json_decref(sku);
        return NULL;
    }
    if (json_object_get(sku, "tier") == NULL) {
        const char *tier = tier_of_size(kind, json_string_value(json_object_get(sku, "name")));
        json_object_set_new(sku, "tier", json_string(tier == NULL ? "GeneralPurpose" : tier));
    }
    return sku;
}

/* ---- identity --------------------------------------------------------------------------------------------
 */

static void add_id(json_t *object, const char *name)
{
    char id[ID_TEXT_SIZE];
    if (json_object_get(object, name) == NULL) {
        json_object_set_new(object, name, json_string(id_new(id)));
    }
}

/* What Microsoft Entra would add: an id for each principal. */
static void complete_identity(json_t *identity, const char *tenant_id)
{
    const char *type = json_string_value(json_object_get(identity, "type"));
    if (type != NULL && strstr(type, "SystemAssigned") != NULL) {
        add_id(identity, "principalId");
        json_object_set_new(identity, "tenantId", json_string(tenant_id));
    } else {
        json_object_del(identity, "principalId");
        json_object_del(identity, "tenantId");
    }
    if (type == NULL || strstr(type, "UserAssigned") == NULL) {
        json_object_del(identity, "userAssignedIdentities");
    }
    const char *name;
    json_t *user;
    json_object_foreach (json_object_get(identity, "userAssignedIdentities"), name, user) {
        if (json_is_object(user)) {
            add_id(user, "principalId");
            add_id(user, "clientId");
        }
    }
}

/* A PUT keeps only the identities that it names, with the ids that they have. */
static void drop_unnamed(json_t *given, json_t *kept)
{
    json_t *named = json_object_get(given, "userAssignedIdentities");
    json_t *old = json_object_get(kept, "userAssignedIdentities");
    const char *name;
    json_t *user;
    void *next;
    json_object_foreach_safe(old, next, name, user)
    {
        if (json_object_get(named, name) == NULL) {
            json_object_del(old, name);
        }
    }
}

/* ---- settings --------------------------------------------------------------------------------------------
 */

json_t *settings_merge(json_t *given, const char *before, bool patch, const char *tenant_id)
{
    json_t *settings = before == NULL ? json_object() : json_from_text(before);
    json_t *identity = json_object_get(given, "identity");
    if (!patch && json_is_object(identity)) {
        drop_unnamed(identity, json_object_get(settings, "identity"));
    }
    if (settings == NULL || merge_patch(settings, given) < 0) {
        json_decref(settings);
        return NULL;
    }
    if (json_is_object(identity)) {
        complete_identity(json_object_get(settings, "identity"), tenant_id);
    }
    return settings;
}
