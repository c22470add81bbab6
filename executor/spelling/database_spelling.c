/* SPDX-License-Identifier: MIT */
#include "executor/spelling/database_spelling.h"

#include <ctype.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/str.h"

static const char asked_charset[] = "charset";
static const char asked_collation[] = "collation";
static const char live_charset[] = "liveCharset";
static const char live_collation[] = "liveCollation";

/* "en_US.UTF-8" is "en_us.utf8". */
static bool same_letters(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '-') {
            a++;
        }
        while (*b == '-') {
            b++;
        }
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
            return false;
        }
        if (*a == '\0') {
            return true;
        }
    }
}

static bool is_plain(const char *collation)
{
    return str_equals(collation, "C") || str_equals(collation, "POSIX");
}

static bool same_collation(const char *a, const char *b)
{
    return same_letters(a, b) || (is_plain(a) && is_plain(b));
}

/* What clients of the service send when their user has said nothing. */
static bool is_service_default(const char *collation)
{
    return same_letters(collation, "en_US.utf8");
}

int database_spelling_keep(struct store *store, const struct server *server,
                           const struct database_info *database, const char *charset, const char *collation,
                           struct err *err)
{
    bool other = collation != NULL && !same_collation(collation, database->collation);
    if (other && !is_service_default(collation)) {
        err_set(
            err, ERR_CONFLICT,
            "The database '%s' exists with the collation '%s', and a collation cannot be changed to '%s'. "
            "Delete the database first, or ask for the collation that it has.",
            database->name, database->collation, collation);
        return err_target(err, "properties.collation");
    }
    if (other) {
        log_event(LOG_WARNING, "the server lacks the collation and uses another", "server", server->name,
                  "database", database->name, "asked", collation, "used", database->collation, NULL);
    }
    bool differs = (charset != NULL && !str_equals(charset, database->encoding)) ||
                   (collation != NULL && !str_equals(collation, database->collation));
    if (!differs) {
        return database_spelling_forget(store, server, database->name, err);
    }
    json_auto_t *properties =
        json_pack("{s:s, s:s, s:s, s:s}", asked_charset, charset != NULL ? charset : database->encoding,
                  asked_collation, collation != NULL ? collation : database->collation, live_charset,
                  database->encoding, live_collation, database->collation);
    auto_server_child struct server_child child = {
        .server_id = server->id, .kind = CHILD_DATABASE, .name = str_dup(database->name)};
    child.properties = properties == NULL ? NULL : json_dumps(properties, JSON_COMPACT);
    return child.name == NULL || child.properties == NULL ? err_no_memory(err)
                                                          : store_child_put(store, &child, err);
}

int database_spelling_forget(struct store *store, const struct server *server, const char *name,
                             struct err *err)
{
    return store_child_delete(store, server->id, CHILD_DATABASE, name, err);
}

static bool is_live(const json_t *kept, const char *key, const char *live)
{
    return str_equals(json_string_value(json_object_get(kept, key)), live);
}

static json_t *describe(const struct database_info *database, const char *charset, const char *collation)
{
    json_t *object = json_pack("{s:s, s:s, s:s}", "name", database->name, asked_charset, charset,
                               asked_collation, collation);
    if (object != NULL && database->size_bytes >= 0) {
        json_object_set_new(object, "sizeBytes", json_integer(database->size_bytes));
    }
    if (object == NULL || same_collation(collation, database->collation)) {
        return object;
    }
    auto_free char *warning =
        str_format("The server has no collation %s: the database uses %s.", collation, database->collation);
    json_object_set_new(object, "warning", json_string(warning));
    return object;
}

json_t *database_describe(struct store *store, const struct server *server,
                          const struct database_info *database, struct err *err)
{
    auto_server_child struct server_child child = {0};
    int found = store_child_get(store, server->id, CHILD_DATABASE, database->name, err, &child);
    if (found < 0) {
        return NULL;
    }
    json_auto_t *kept = found == 0 ? NULL : memory_parse_text(child.properties, 0);
    /* Names of databases differ in case; those of rows do not. */
    bool current = found > 0 && str_equals(child.name, database->name) &&
                   is_live(kept, live_charset, database->encoding) &&
                   is_live(kept, live_collation, database->collation);
    const char *charset = current ? json_string_value(json_object_get(kept, asked_charset)) : NULL;
    const char *collation = current ? json_string_value(json_object_get(kept, asked_collation)) : NULL;
    json_t *object = describe(database, charset != NULL ? charset : database->encoding,
                              collation != NULL ? collation : database->collation);
    if (object == NULL) {
        err_no_memory(err);
    }
    return object;
}
