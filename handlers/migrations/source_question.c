/* SPDX-License-Identifier: MIT */
/*
 * Questions about a source before there is a migration. The service documents both actions by their names
 * only, so the bodies are Malachite's own: the properties are those of the migration that would be created.
 */
#include "core/parse/json_fields.h"
#include "core/parse/ssl_mode.h"
#include "core/str.h"
#include "executor/servers/servers.h"
#include "handlers/arm/page.h"
#include "handlers/arm/server_reference.h"
#include "handlers/migrations/migration.h"
#include "handlers/migrations/migrations.h"

static const char source_path[] = "properties.sourceDbServerResourceId";
static const char password_path[] = "properties.secretParameters.adminCredentials.sourceServerPassword";

/* A migration reaches an attached server, or one that is no resource, by the name and TLS mode it wants. */
static int apply_wishes(const struct migration_spec *spec, struct err *err, struct server *source)
{
    const char *sslmode = ssl_mode_to_libpq(spec->ssl_mode);
    if (!source->attached) {
        return 0;
    }
    if (sslmode != NULL) {
        free(source->tags);
        source->tags = str_format("{\"malachite.sslmode\":\"%s\"}", sslmode);
    }
    bool failed = (sslmode != NULL && source->tags == NULL) ||
                  (spec->source_fqdn != NULL && !str_replace(&source->host, spec->source_fqdn));
    return failed ? err_no_memory(err) : 0;
}

static int find_source(struct request *request, const struct migration_spec *spec, struct err *err,
                       struct server *ret_source)
{
    bool is_resource = false;
    if (spec->source_server_id == NULL || spec->source_password == NULL) {
        const char *path = spec->source_server_id == NULL ? source_path : password_path;
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is required.", path);
        return err_target(err, "%s", path);
    }
    if (server_reference_read(request, "source", spec->source_server_id, err, ret_source, &is_resource) < 0) {
        return err_target(err, "%s", source_path);
    }
    if (!str_replace(&ret_source->password, spec->source_password) ||
        (spec->source_user != NULL && !str_replace(&ret_source->administrator, spec->source_user))) {
        return err_no_memory(err);
    }
    return apply_wishes(spec, err, ret_source);
}

/* The target exists and the body names a source; otherwise it has replied. */
static bool read_question(struct request *request, struct server *ret_source)
{
    struct err err = {0};
    auto_server struct server target = {0};
    auto_dialect_request struct dialect_request given = {0};
    if (!find_parent_server(request, "migrations", &target)) {
        return false;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return false;
    }
    if (dialect_read(body, &err, &given) < 0 || find_source(request, &given.spec, &err, ret_source) < 0) {
        reply_error(request, &err);
        return false;
    }
    return true;
}

static int check_usable(const struct server *source, struct err *err)
{
    return source->id == 0 ? 0 : server_check_ready(source, err);
}

/* A source that cannot be reached is an answer, not a failed request. */
void migration_test_connectivity(struct request *request)
{
    struct err err = {0};
    int version = 0;
    auto_server struct server source = {0};
    if (!read_question(request, &source)) {
        return;
    }
    if (check_usable(&source, &err) < 0 ||
        executor_probe_version(request->app->executor, &source, &err, &version) < 0) {
        reply_json(request, 200,
                   json_pack("{s:s, s:s, s:s}", "status", "Failed", "code", err_wire_code(err.code),
                             "message", err.message));
        return;
    }
    auto_free char *text = version >= 100000
                               ? str_format("%d.%d", version / 10000, version % 10000)
                               : str_format("%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
    reply_json(
        request, 200,
        json_pack("{s:s, s:s*, s:s}", "status", "Succeeded", "version", text, "login", source.administrator));
}

void migration_list_source_databases(struct request *request)
{
    struct err err = {0};
    json_t *databases = NULL;
    auto_server struct server source = {0};
    if (!read_question(request, &source)) {
        return;
    }
    if (check_usable(&source, &err) < 0 ||
        executor_list_databases(request->app->executor, &source, &err, &databases) < 0) {
        reply_error(request, &err);
        return;
    }
    page_reply_whole(request, databases);
}
