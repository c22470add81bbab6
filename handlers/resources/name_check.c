/* SPDX-License-Identifier: MIT */
/* Checks whether a name is available, for migrations of a target and for servers. */
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/resource.h"
#include "handlers/resources/resources.h"

struct question {
    const char *name;
    const char *type;
};

static int read_question(json_t *body, bool type_required, struct err *err, struct question *ret_question)
{
    struct question question = {0};
    if (field_string(body, "", "name", err, &question.name) < 0 ||
        field_string(body, "", "type", err, &question.type) < 0) {
        return -1;
    }
    const char *missing = question.name == NULL                    ? "name"
                          : type_required && question.type == NULL ? "type"
                                                                   : NULL;
    if (missing != NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is required.", missing);
        return err_target(err, "%s", missing);
    }
    *ret_question = question;
    return 0;
}

static int bad_type(const char *type, const char *expected, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The property 'type' is '%.100s'; it must be %s.", type, expected);
    return err_target(err, "type");
}

/* reason NULL: available. Real responses then omit reason and message. */
static void answer(struct request *request, const struct question *question, const char *reason,
                   const char *message)
{
    reply_json(request, 200,
               json_pack("{s:s, s:s*, s:b, s:s*, s:s*}", "name", question->name, "type", question->type,
                         "nameAvailable", reason == NULL, "reason", reason, "message",
                         reason == NULL ? NULL : message));
}

void migration_check_name(struct request *request)
{
    struct err err = {0};
    static const char type[] = POSTGRESQL_NAMESPACE "/flexibleServers/migrations";
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    struct question question = {0};
    if (!find_parent_server(request, "migrations", &target)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (read_question(body, true, &err, &question) < 0 ||
        (!str_iequals(question.type, type) && bad_type(question.type, type, &err) < 0)) {
        reply_error(request, &err);
        return;
    }
    if (!name_is_valid(NAME_MIGRATION, question.name)) {
        answer(request, &question, "Invalid", name_rule(NAME_MIGRATION));
        return;
    }
    int found = store_migration_get(request->app->store, target.id, question.name, &err, &migration);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found > 0) {
        answer(request, &question, "AlreadyExists",
               "Specified migration name is already used on this server. DELETE of that migration frees it.");
    } else {
        answer(request, &question, NULL, NULL);
    }
}

/* Examples of 2017-12-01 send only the namespace. */
static bool is_server_type(const char *type)
{
    return str_iequals(type, POSTGRESQL_NAMESPACE) ||
           str_iequals(type, POSTGRESQL_NAMESPACE "/flexibleServers") ||
           str_iequals(type, POSTGRESQL_NAMESPACE "/servers");
}

void server_check_name(struct request *request)
{
    struct err err = {0};
    struct question question = {0};
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (read_question(body, false, &err, &question) < 0 ||
        (question.type != NULL && !is_server_type(question.type) &&
         bad_type(question.type, POSTGRESQL_NAMESPACE "/flexibleServers or " POSTGRESQL_NAMESPACE "/servers",
                  &err) < 0)) {
        reply_error(request, &err);
        return;
    }
    if (!name_is_valid(NAME_SERVER, question.name)) {
        answer(request, &question, "Invalid", name_rule(NAME_SERVER));
        return;
    }
    auto_server struct server server = {0};
    int found = store_server_get_by_name(request->app->store, request_param(request, "subscriptionId"),
                                         question.name, &err, &server);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        answer(request, &question, found > 0 ? "AlreadyExists" : NULL,
               "Specified server name is already used.");
    }
}
