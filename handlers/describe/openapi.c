/* SPDX-License-Identifier: MIT */
#include "handlers/describe/openapi.h"

#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/describe/schema_private.h"
#include "server/reply.h"

static const char error_reference[] = "#/components/responses/Error";

/* ---- parameters ------------------------------------------------------------------------------------------
 */

/* A type that the dialect's own version covers has that version; others, such as Resource Manager's, keep
 * their own list. */
static json_t *write_versions(const char *resource_type, const char *api_version)
{
    const struct resource_type *type = resource_type == NULL ? NULL : resource_type_find(resource_type);
    if (type == NULL) {
        return schema_write_type("string");
    }
    if (resource_type_has_version(type, api_version)) {
        return json_pack("{s:s, s:[s], s:s}", "type", "string", "enum", api_version, "default", api_version);
    }
    json_t *words = json_array();
    const char *word;
    for (size_t i = 0; (word = resource_type_version(type, i)) != NULL; i++) {
        json_array_append_new(words, json_string(word));
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static void add_parameter(json_t *parameters, const char *name, const char *in, bool required, json_t *schema)
{
    json_array_append_new(parameters, json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in, "required",
                                                required, "schema", schema));
}

static void add_path_parameters(json_t *parameters, const char *pattern)
{
    const char *at = pattern;
    while ((at = strchr(at, '{')) != NULL) {
        size_t len = strcspn(at, "}");
        auto_free char *name = memory_checked(strndup(at + 1, len - 1));
        add_parameter(parameters, name, "path", true,
                      schema_write_type(str_equals(name, "subscriptionId") ? "uuid" : "string"));
        at += len;
    }
}

/* "name:type name:type" */
static void add_query_parameters(json_t *parameters, const char *query)
{
    const char *at = query == NULL ? "" : query;
    while (*at != '\0') {
        size_t name_len = strcspn(at, ":");
        size_t len = strcspn(at, " ");
        auto_free char *name = memory_checked(strndup(at, name_len));
        auto_free char *type = memory_checked(strndup(at + name_len + 1, len - name_len - 1));
        add_parameter(parameters, name, "query", false, schema_write_type(type));
        at += at[len] == ' ' ? len + 1 : len;
    }
}

static json_t *write_parameters(const struct route *route, const char *version)
{
    json_t *parameters = json_array();
    add_path_parameters(parameters, route->pattern);
    if ((route->flags & ROUTE_ARM) != 0) {
        add_parameter(parameters, "api-version", "query", true,
                      write_versions(route->resource_type, version));
    }
    add_query_parameters(parameters, route->query);
    return parameters;
}

/* ---- bodies ----------------------------------------------------------------------------------------------
 */

static json_t *write_content(const char *type, json_t *example)
{
    if (strncmp(type, "[]", 2) == 0) {
        return json_pack("{s:{s:{s:s, s:{s:o, s:o, s:o}}}}", "application/json", "schema", "type", "object",
                         "properties", "value", schema_write_type(type), "nextLink", schema_write_type("uri"),
                         "count", schema_write_type("any"));
    }
    if (strchr(type, '/') != NULL) {
        return json_pack("{s:{s:o}}", type, "schema", schema_write_type("string"));
    }
    return json_pack("{s:{s:o, s:o*}}", "application/json", "schema", schema_write_type(type), "example",
                     example);
}

static json_t *write_body(const struct route *route, const char *version)
{
    bool required = (route->flags & ROUTE_BODY) != 0;
    json_t *example = schema_example_request(dialect_find(version), route->body);
    return json_pack("{s:b, s:o}", "required", required, "content", write_content(route->body, example));
}

static json_t *write_header(const char *type, const char *description)
{
    return json_pack("{s:s, s:o}", "description", description, "schema", schema_write_type(type));
}

static json_t *write_accepted(bool with_body)
{
    json_t *headers = json_pack("{s:o, s:o}", "Location", write_header("uri", "URL of the result."),
                                "Retry-After", write_header("integer", "Seconds until the next poll."));
    if (!with_body) {
        return json_pack("{s:s, s:o}", "description", "Accepted.", "headers", headers);
    }
    json_object_set_new(headers, "Azure-AsyncOperation", write_header("uri", "URL of the status."));
    return json_pack("{s:s, s:o, s:o}", "description", "Accepted: a long-running operation has started.",
                     "headers", headers, "content", write_content("AcceptedOperation", NULL));
}

static json_t *write_answer(const struct route *route, const char *version, const char *description)
{
    if (route->answer == NULL) {
        return json_pack("{s:s}", "description", description);
    }
    json_t *example = schema_example_answer(dialect_find(version), route->answer);
    return json_pack("{s:s, s:o}", "description", description, "content",
                     write_content(route->answer, example));
}

static json_t *write_responses(const struct route *route, const char *version)
{
    json_t *responses = json_object();
    unsigned answers = route->answers;
    if ((answers & ROUTE_OK) != 0) {
        json_object_set_new(responses, "200", write_answer(route, version, "Done."));
    }
    if ((answers & ROUTE_OK_EMPTY) != 0) {
        json_object_set_new(responses, "200", json_pack("{s:s}", "description", "Done."));
    }
    if ((answers & ROUTE_CREATED) != 0) {
        json_object_set_new(responses, "201", write_answer(route, version, "Created."));
    }
    if ((answers & (ROUTE_ACCEPTED | ROUTE_ACCEPTED_EMPTY)) != 0) {
        json_object_set_new(responses, "202", write_accepted((answers & ROUTE_ACCEPTED) != 0));
    }
    if ((answers & ROUTE_NONE) != 0) {
        json_object_set_new(responses, "204",
                            json_pack("{s:s}", "description", "Done. There is no content."));
    }
    if ((answers & ROUTE_TIMED_OUT) != 0) {
        json_object_set_new(responses, "408", write_answer(route, version, "Not in time; how it is now."));
    }
    if ((answers & ROUTE_MISSED) != 0) {
        json_object_set_new(responses, "409", write_answer(route, version, "It is not so, and why."));
    }
    if ((answers & ROUTE_CONFLICT) != 0) {
        json_object_set_new(responses, "409", json_pack("{s:s}", "$ref", error_reference));
    }
    if (route->method == METHOD_HEAD) {
        json_object_set_new(responses, "404",
                            json_pack("{s:s}", "description", "The resource does not exist."));
        return responses;
    }
    json_object_set_new(responses, "4XX", json_pack("{s:s}", "$ref", error_reference));
    json_object_set_new(responses, "default", json_pack("{s:s}", "$ref", error_reference));
    return responses;
}

/* ---- paths -----------------------------------------------------------------------------------------------
 */

static json_t *write_operation(const struct route *route, const char *version)
{
    auto_free char *tag = memory_checked(strndup(route->operation_id, strcspn(route->operation_id, "_")));
    json_t *object = json_pack("{s:s, s:s, s:[s], s:o}", "operationId", route->operation_id, "summary",
                               route->summary, "tags", tag, "parameters", write_parameters(route, version));
    if (route->body != NULL) {
        json_object_set_new(object, "requestBody", write_body(route, version));
    }
    json_object_set_new(object, "responses", write_responses(route, version));
    return object;
}

static const char *describe_tag(const char *tag)
{
    static const char *const tags[][2] = {
        {"Migrations", "Migrations to a flexible server."},
        {"Servers", "Flexible servers: real PostgreSQL servers, provisioned or attached."},
        {"ResourceGroups", "Groups of resources."},
        {"Deployments", "Templates of Azure Resource Manager."},
        {"Malachite", "Malachite's own calls, which Azure does not have."},
    };
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        if (str_equals(tags[i][0], tag)) {
            return tags[i][1];
        }
    }
    return str_istarts(tag, "Single") ? "Single servers." : "Calls of the service.";
}

static json_t *write_paths(const char *version, json_t *tags)
{
    static const char *const verbs[] = {
        [METHOD_GET] = "get",   [METHOD_HEAD] = "head",   [METHOD_PUT] = "put",
        [METHOD_POST] = "post", [METHOD_PATCH] = "patch", [METHOD_DELETE] = "delete"};
    json_t *paths = json_object();
    json_auto_t *seen = json_object();
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        if (route->summary == NULL || route->method > METHOD_DELETE) {
            continue;
        }
        json_t *path = json_object_get(paths, route->pattern);
        if (path == NULL) {
            path = json_object();
            json_object_set_new(paths, route->pattern, path);
        }
        json_object_set_new(path, verbs[route->method], write_operation(route, version));
        auto_free char *tag = memory_checked(strndup(route->operation_id, strcspn(route->operation_id, "_")));
        if (tag != NULL && json_object_get(seen, tag) == NULL) {
            json_object_set_new(seen, tag, json_true());
            json_array_append_new(tags,
                                  json_pack("{s:s, s:s}", "name", tag, "description", describe_tag(tag)));
        }
    }
    return paths;
}

/* ---- components ------------------------------------------------------------------------------------------
 */

/* In versions that only migrations have, servers are described as in their newest one. */
static json_t *write_named_schema(const char *name, const char *version)
{
    const struct description *description = schema_find(name);
    const struct resource_type *servers = resource_type_find(POSTGRESQL_NAMESPACE "/flexibleServers");
    bool own = resource_type_has_version(servers, version) || str_istarts(name, "Migration");
    return description == NULL ? NULL
                               : schema_write(description, own ? api_version_rank(version) : API_NEWEST);
}

/* Adds the schemas that value refers to, recursively. */
static void add_schemas(json_t *to, json_t *value, const char *version)
{
    static const char prefix[] = "#/components/schemas/";
    size_t index;
    const char *key;
    json_t *member;
    if (json_is_array(value)) {
        json_array_foreach (value, index, member) {
            add_schemas(to, member, version);
        }
    }
    json_object_foreach (value, key, member) {
        const char *reference = str_equals(key, "$ref") ? json_string_value(member) : NULL;
        if (reference == NULL || !str_istarts(reference, prefix)) {
            add_schemas(to, member, version);
        } else if (json_object_get(to, reference + strlen(prefix)) == NULL) {
            const char *name = reference + strlen(prefix);
            json_t *schema = write_named_schema(name, version);
            if (json_object_set_new(to, name, schema) == 0) {
                add_schemas(to, schema, version);
            }
        }
    }
}

static json_t *write_components(json_t *paths, const char *version)
{
    json_t *error = json_pack("{s:{s:s, s:s}}", "error", "code", "ResourceNotFound", "message",
                              "The Resource 'Microsoft.DBforPostgreSQL/flexibleServers/shop' under resource "
                              "group 'rg' was not found.");
    json_t *responses = json_pack("{s:{s:s, s:o}}", "Error", "description", "The error.", "content",
                                  write_content("Error", error));
    json_t *schemas_object = json_object();
    add_schemas(schemas_object, paths, version);
    add_schemas(schemas_object, responses, version);
    return json_pack("{s:o, s:o, s:{s:{s:s, s:s, s:s}}}", "schemas", schemas_object, "responses", responses,
                     "securitySchemes", "bearer", "type", "http", "scheme", "bearer", "bearerFormat", "JWT");
}

json_t *openapi_document(const char *version, const char *base)
{
    auto_free char *text = str_format("Malachite, a local control plane for migrations to Azure Database for "
                                      "PostgreSQL. This document describes api-version %s.",
                                      version);
    json_t *tags = json_array();
    json_t *paths = write_paths(version, tags);
    json_t *info =
        json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "title", "Malachite", "version", version, "description",
                  text, "license", "name", "MIT", "url", "https://spdx.org/licenses/MIT.html");
    json_t *components = write_components(paths, version);
    return json_pack("{s:s, s:o, s:[{s:s}], s:[{s:[]}, {}], s:o, s:o, s:o}", "openapi", "3.0.3", "info", info,
                     "servers", "url", base, "security", "bearer", "tags", tags, "paths", paths, "components",
                     components);
}

/* ---- calls -----------------------------------------------------------------------------------------------
 */

void api_note_unknown(struct request *request)
{
    schema_note_unknown(request, request->route->body);
}

const struct description *api_description_of(const char *resource_type)
{
    for (size_t i = 0; i < route_count; i++) {
        bool shows = routes[i].method == METHOD_GET && str_iequals(routes[i].resource_type, resource_type);
        const struct description *description = shows ? schema_find(routes[i].answer) : NULL;
        if (description != NULL) {
            return description;
        }
    }
    return NULL;
}

/* By index, newest first; NULL after the last one. */
static const char *document_version(size_t index)
{
    return resource_type_version(resource_type_find(POSTGRESQL_NAMESPACE "/flexibleServers/migrations"),
                                 index);
}

void openapi_index(struct request *request)
{
    json_t *value = json_array();
    const char *version;
    for (size_t i = 0; (version = document_version(i)) != NULL; i++) {
        auto_free char *path = str_format("/_malachite/openapi/%s.json", version);
        auto_free char *url = path == NULL ? NULL : reply_absolute_url(request, path);
        json_array_append_new(value, json_pack("{s:s, s:s*}", "apiVersion", version, "url", url));
    }
    reply_json(request, 200, json_pack("{s:o}", "value", value));
}

void openapi_get(struct request *request)
{
    static const char ending[] = ".json";
    const char *file = request_param(request, "document");
    size_t len = strlen(file);
    bool named = len > strlen(ending) && str_iequals(file + len - strlen(ending), ending);
    auto_free char *asked = memory_checked(strndup(file, named ? len - strlen(ending) : len));
    auto_free char *base = reply_absolute_url(request, "");
    const char *version;
    for (size_t i = 0; (version = document_version(i)) != NULL; i++) {
        if (str_iequals(version, asked)) {
            reply_json(request, 200, base == NULL ? NULL : openapi_document(version, base));
            return;
        }
    }
    reply_fail(request, ERR_NOT_FOUND,
               "There is no document '%.80s'. /_malachite/openapi lists the available documents.", file);
}
