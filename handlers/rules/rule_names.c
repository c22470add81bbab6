/* SPDX-License-Identifier: MIT */
/* Names in a rule that the store knows. */
#include "core/str.h"
#include "executor/servers/server_faults.h"
#include "handlers/arm/app.h"
#include "handlers/rules/rules_private.h"

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

static int check(const struct rule_request *rule, const struct server *servers, size_t count, struct err *err)
{
    const char *wanted = rule->match[ATTRIBUTE_SERVER];
    bool may_come = rule->at == POINT_PROVISION || rule->at == POINT_REQUEST || rule->at == POINT_REPLY;
    if (wanted != NULL && !may_come && find(servers, count, wanted) == NULL) {
        return refuse_server("match.server", wanted, servers, count, err);
    }
    return 0;
}

/* Unknown actions and servers, and attached servers. */
static int check_fault(struct request *request, const struct rule_request *rule, struct err *err)
{
    const char *of = rule->effect.subscription;
    if (rule->effect.action != ACTION_SERVER) {
        return 0;
    }
    const char *subscription = of[0] != '\0' ? of : request->app->options->subscription_id;
    return server_fault_check(request->app->executor, subscription, rule->effect.server,
                              rule->effect.server_action, err);
}

int rule_check_names(struct request *request, const struct rule_request *rule, struct err *err)
{
    struct server *servers = NULL;
    size_t count = 0;
    if (rule->match[ATTRIBUTE_SERVER] == NULL || check_fault(request, rule, err) < 0) {
        return check_fault(request, rule, err);
    }
    if (store_server_list_all(request->app->store, err, &servers, &count) < 0) {
        return -1;
    }
    int result = check(rule, servers, count, err);
    servers_free(servers, count);
    return result;
}
