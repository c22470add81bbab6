/* SPDX-License-Identifier: MIT */
/* Names in a rule that the store knows, and tables that a server knows. */
#include <stdio.h>

#include "core/str.h"
#include "executor/servers/server_faults.h"
#include "executor/servers/servers.h"
#include "handlers/arm/app.h"
#include "handlers/rules/rules_private.h"

enum { TABLES_SHOWN = 20 };

static int refuse_server(const char *path, const char *name, const struct server *servers, size_t count,
                         struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "There is no server '%.100s'. These exist: %s", name,
            count == 0 ? "none" : "");
    for (size_t i = 0; i < count; i++) {
        err_append(err, "%s%s", i == 0 ? "" : ", ", servers[i].name);
    }
    err_append(err, ".");
    return err_target(err, "%s", path);
}

static const struct server *find(const struct server *servers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_iequals(servers[i].name, name)) {
            return &servers[i];
        }
    }
    return NULL;
}

/* Moves those of the rule's subscription, if it names one, to the front. */
static void drop_other_subscriptions(const char *subscription, struct server *servers, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (subscription == NULL || str_iequals(servers[i].subscription_id, subscription)) {
            struct server wanted = servers[i];
            servers[i] = servers[kept];
            servers[kept++] = wanted;
        }
    }
    *count = kept;
}

/* ---- tables ----------------------------------------------------------------------------------------------
 */

static bool is_table(const char *schema, const char *table, const char *quoted)
{
    auto_free char *its_schema = NULL;
    auto_free char *its_table = NULL;
    struct err ignored = {0};
    return rule_split_table(quoted, &ignored, &its_schema, &its_table) == 0 && str_equals(table, its_table) &&
           (schema == NULL || str_equals(schema, its_schema));
}

static int refuse_table(const struct rule_request *rule, const struct str_list *tables, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER,
            "Database '%.100s' of server '%.100s' has no table '%.100s'. These exist: ",
            rule->match[ATTRIBUTE_DATABASE], rule->match[ATTRIBUTE_SERVER], rule->match[ATTRIBUTE_TABLE]);
    for (size_t i = 0; i < tables->count && i < TABLES_SHOWN; i++) {
        err_append(err, "%s%s", i == 0 ? "" : ", ", tables->items[i]);
    }
    if (tables->count > TABLES_SHOWN) {
        err_append(err, " and %zu more", tables->count - TABLES_SHOWN);
    }
    err_append(err, ".");
    return err_target(err, "match.table");
}

/* Only where a look is cheap and sure: the rule names a server and a database that exist. A server that does
 * not answer, and a database without tables, which is perhaps a target, may get the table later. */
static int check_table(struct request *request, const struct rule_request *rule, const struct server *server,
                       struct err *err)
{
    struct err ignored = {0};
    auto_free char *schema = NULL;
    auto_free char *table = NULL;
    auto_str_list struct str_list tables = {0};
    const char *database = rule->match[ATTRIBUTE_DATABASE];
    const char *wanted = rule->match[ATTRIBUTE_TABLE];
    if (wanted == NULL || database == NULL || server->state != SERVER_STATE_READY ||
        rule_split_table(wanted, &ignored, &schema, &table) < 0 ||
        executor_list_tables(request->app->executor, server, database, &ignored, &tables) != 1) {
        return 0;
    }
    for (size_t i = 0; i < tables.count; i++) {
        if (is_table(schema, table, tables.items[i])) {
            return 0;
        }
    }
    return tables.count == 0 ? 0 : refuse_table(rule, &tables, err);
}

static int check_server(struct request *request, const struct rule_request *rule, struct server *servers,
                        size_t count, struct err *err)
{
    const char *wanted = rule->match[ATTRIBUTE_SERVER];
    bool may_come = rule->at == POINT_PROVISION || rule->at == POINT_REQUEST || rule->at == POINT_REPLY;
    size_t in_reach = count;
    drop_other_subscriptions(rule->match[ATTRIBUTE_SUBSCRIPTION], servers, &in_reach);
    const struct server *server = find(servers, in_reach, wanted);
    if (server == NULL) {
        return may_come ? 0 : refuse_server("match.server", wanted, servers, in_reach, err);
    }
    return check_table(request, rule, server, err);
}

/* Unknown actions and servers, and attached servers. */
static int check_fault(struct request *request, struct rule_request *rule, struct err *err)
{
    struct point_effect *effect = &rule->effect;
    if (effect->action != ACTION_SERVER) {
        return 0;
    }
    if (effect->subscription[0] == '\0') {
        /* Rules that share a fault are found by comparing it. */
        snprintf(effect->subscription, sizeof(effect->subscription), "%s",
                 request->app->options->subscription_id);
    }
    return server_fault_check(request->app->executor, effect->subscription, effect->server,
                              effect->server_action, err);
}

int rule_check_names(struct request *request, struct rule_request *rule, struct err *err)
{
    struct server *servers = NULL;
    size_t count = 0;
    if (check_fault(request, rule, err) < 0) {
        return -1;
    }
    if (rule->match[ATTRIBUTE_SERVER] == NULL) {
        return 0;
    }
    if (store_server_list_all(request->app->store, err, &servers, &count) < 0) {
        return -1;
    }
    int result = check_server(request, rule, servers, count, err);
    servers_free(servers, count);
    return result;
}
