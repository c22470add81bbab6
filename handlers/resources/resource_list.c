/* SPDX-License-Identifier: MIT */
/* GET resources of a subscription or group: servers of both kinds, migrations and networks, without their
 * properties. */
#include <string.h>

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/resources/resource_filter_private.h"
#include "handlers/resources/resources.h"
#include "store/resources/networks.h"

/* One list under way. */
struct listing {
    struct request *request;
    const char *filter;
    struct page page;
    bool times; /* $expand asks for createdTime and changedTime */
    bool state; /* ... for provisioningState */
    json_t *value;
};

/* A resource, before filtering and rendering. */
struct entry {
    struct filter_item item;
    const char *id;
    json_t *sku;
    int64_t created_us;
};

static json_t *write_entry(const struct listing *listing, const struct entry *entry)
{
    char created[CLOCK_TEXT_SIZE] = "";
    if (listing->times && entry->created_us != 0) {
        clock_format(entry->created_us, created);
    }
    const char *time = created[0] == '\0' ? NULL : created;
    return json_pack("{s:s, s:s, s:s, s:s*, s:O*, s:O*, s:s*, s:s*, s:s*}", "id", entry->id, "name",
                     entry->item.name, "type", entry->item.type, "location", entry->item.location, "tags",
                     entry->item.tags, "sku", entry->sku, "createdTime", time, "changedTime", time,
                     "provisioningState", listing->state ? "Succeeded" : NULL);
}

static int add_entry(struct listing *listing, const struct entry *entry, struct err *err)
{
    bool passes = false;
    if (resource_filter_match(listing->filter, &entry->item, err, &passes) < 0) {
        return -1;
    }
    if (!passes || !page_takes(&listing->page)) {
        return 0;
    }
    return json_array_append_new(listing->value, write_entry(listing, entry)) < 0 ? err_no_memory(err) : 0;
}

static int add_migration(struct listing *listing, const struct server *target,
                         const struct migration *migration, struct err *err)
{
    auto_free char *id = migration_resource_id(target, migration->name);
    auto_free char *name = str_format("%s/%s", target->name, migration->name);
    if (id == NULL || name == NULL) {
        return err_no_memory(err);
    }
    json_auto_t *tags = json_from_text(migration->tags);
    const struct entry entry = {.item = {.type = POSTGRESQL_NAMESPACE "/flexibleServers/migrations",
                                         .name = name,
                                         .location = target->location,
                                         .group = target->group,
                                         .tags = tags},
                                .id = id,
                                .created_us = migration->created_us};
    return add_entry(listing, &entry, err);
}

static int add_migrations(struct listing *listing, const struct server *target, struct err *err)
{
    const struct migration_filter filter = {.target_id = target->id};
    struct migration *rows = NULL;
    size_t count = 0;
    if (store_migration_list(listing->request->app->store, &filter, err, &rows, &count) < 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = add_migration(listing, target, &rows[i], err);
    }
    migrations_free(rows, count);
    return result;
}

static int add_server(struct listing *listing, const struct server *server, struct err *err)
{
    auto_free char *id = server_resource_id(server);
    auto_free char *type =
        str_format("%s/%s", POSTGRESQL_NAMESPACE, word_of(WORDS_SERVER_KIND, (int)server->kind));
    if (id == NULL || type == NULL) {
        return err_no_memory(err);
    }
    json_auto_t *tags = json_from_text(server->tags);
    json_auto_t *sku = json_from_text(server->sku);
    const struct entry entry = {.item = {.type = type,
                                         .name = server->name,
                                         .location = server->location,
                                         .group = server->group,
                                         .tags = tags},
                                .id = id,
                                .sku = sku,
                                .created_us = server->created_us};
    if (add_entry(listing, &entry, err) < 0) {
        return -1;
    }
    return server->kind == SERVER_FLEXIBLE ? add_migrations(listing, server, err) : 0;
}

static int add_servers(struct listing *listing, enum server_kind kind, const char *group, struct err *err)
{
    struct server *rows = NULL;
    size_t count = 0;
    if (store_server_list(listing->request->app->store, kind,
                          request_param(listing->request, "subscriptionId"), group, err, &rows, &count) < 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = add_server(listing, &rows[i], err);
    }
    servers_free(rows, count);
    return result;
}

static int add_network(struct listing *listing, const struct network_resource *row, struct err *err)
{
    auto_free char *id =
        armid_resource(row->subscription_id, row->group, NETWORK_NAMESPACE, row->type, row->name);
    auto_free char *type = str_format("%s/%s", NETWORK_NAMESPACE, row->type);
    if (id == NULL || type == NULL) {
        return err_no_memory(err);
    }
    json_auto_t *tags = json_from_text(row->tags);
    const struct entry entry = {.item = {.type = type,
                                         .name = row->name,
                                         .location = row->location,
                                         .group = row->group,
                                         .tags = tags},
                                .id = id,
                                .created_us = row->created_us};
    return add_entry(listing, &entry, err);
}

static int add_networks(struct listing *listing, const char *type, const char *group, struct err *err)
{
    struct network_resource *rows = NULL;
    size_t count = 0;
    if (store_network_list(listing->request->app->store, request_param(listing->request, "subscriptionId"),
                           group, type, err, &rows, &count) < 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = add_network(listing, &rows[i], err);
    }
    network_resources_free(rows, count);
    return result;
}

static int read_query(struct request *request, struct listing *listing, struct err *err)
{
    static const struct filter_item nothing = {0};
    const char *expand = request_query(request, "$expand");
    bool ignored = false;
    listing->filter = request_query(request, "$filter");
    listing->times = expand != NULL && strcasestr(expand, "Time") != NULL;
    listing->state = expand != NULL && strcasestr(expand, "provisioningState") != NULL;
    if (page_read(request, err, &listing->page) < 0) {
        return -1;
    }
    /* An invalid filter is an error even without any resource. */
    return resource_filter_match(listing->filter, &nothing, err, &ignored);
}

/* group NULL: of the whole subscription. */
static void list(struct request *request, const char *group)
{
    struct err err = {0};
    json_auto_t *value = json_array();
    struct listing listing = {.request = request, .value = value};
    int result = read_query(request, &listing, &err);
    for (int kind = 0; kind < SERVER_KIND_COUNT && result == 0; kind++) {
        result = add_servers(&listing, (enum server_kind)kind, group, &err);
    }
    if (result == 0) {
        result = add_networks(&listing, NETWORK_VIRTUAL, group, &err);
    }
    if (result == 0) {
        result = add_networks(&listing, NETWORK_ENDPOINT, group, &err);
    }
    if (result == 0) {
        result = add_networks(&listing, NETWORK_ZONE, group, &err);
    }
    if (result < 0) {
        reply_error(request, &err);
    } else {
        page_reply(request, &listing.page, json_incref(value));
    }
}

void resource_list(struct request *request)
{
    list(request, NULL);
}

void resource_list_of_group(struct request *request)
{
    auto_resource_group struct resource_group group = {0};
    if (find_group(request, &group)) {
        list(request, group.name);
    }
}
