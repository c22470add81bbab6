/* SPDX-License-Identifier: MIT */
#include "executor/spelling/configuration_spelling.h"

#include <jansson.h>
#include <stdlib.h>

#include "core/str.h"

static const char asked_key[] = "asked";
static const char live_key[] = "live";

int configuration_spellings_read(struct store *store, const struct server *server, struct err *err,
                                 struct configuration_spellings *ret_spellings)
{
    return store_child_list(store, server->id, CHILD_CONFIGURATION, err, &ret_spellings->rows,
                            &ret_spellings->count);
}

void configuration_spellings_done(struct configuration_spellings *spellings)
{
    server_children_free(spellings->rows, spellings->count);
    *spellings = (struct configuration_spellings){0};
}

int configuration_spelling_restore(const struct configuration_spellings *spellings,
                                   struct server_setting *setting, struct err *err)
{
    for (size_t i = 0; i < spellings->count; i++) {
        if (!str_iequals(spellings->rows[i].name, setting->name)) {
            continue;
        }
        json_auto_t *kept = json_loads(spellings->rows[i].properties, 0, NULL);
        const char *asked = json_string_value(json_object_get(kept, asked_key));
        if (asked != NULL && str_equals(json_string_value(json_object_get(kept, live_key)), setting->value) &&
            !str_replace(&setting->value, asked)) {
            return err_no_memory(err);
        }
        return 0;
    }
    return 0;
}

static const struct server_setting *find(const struct server_setting *settings, size_t count,
                                         const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_iequals(settings[i].name, name)) {
            return &settings[i];
        }
    }
    return NULL;
}

static int store_spelling(struct store *store, const struct server *server,
                          const struct server_setting *setting, const char *asked, struct err *err)
{
    json_auto_t *properties = json_pack("{s:s, s:s}", asked_key, asked, live_key, setting->value);
    auto_server_child struct server_child child = {
        .server_id = server->id, .kind = CHILD_CONFIGURATION, .name = str_dup(setting->name)};
    child.properties = properties == NULL ? NULL : json_dumps(properties, JSON_COMPACT);
    return child.name == NULL || child.properties == NULL ? err_no_memory(err)
                                                          : store_child_put(store, &child, err);
}

int configuration_spellings_keep(struct store *store, const struct server *server,
                                 const struct setting_change *changes, size_t count,
                                 const struct server_setting *settings, size_t setting_count, struct err *err)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct server_setting *setting = find(settings, setting_count, changes[i].name);
        bool differs =
            setting != NULL && changes[i].value != NULL && !str_equals(changes[i].value, setting->value);
        if (differs) {
            result = store_spelling(store, server, setting, changes[i].value, err);
        } else {
            result = store_child_delete(store, server->id, CHILD_CONFIGURATION, changes[i].name, err);
        }
    }
    return result;
}
