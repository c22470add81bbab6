/* SPDX-License-Identifier: MIT */
/* GET of one migration, and the paged list of a target's migrations. */
#include <stdio.h>
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/points/rules.h"
#include "core/str.h"
#include "handlers/migrations/migration.h"
#include "handlers/migrations/migrations.h"

enum { PAGE_SIZE = 100 };
static const char token_prefix[] = "m1-";

void migration_get(struct request *request)
{
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    if (find_parent_server(request, "migrations", &target) && find_migration(request, &target, &migration)) {
        reply_migration(request, 200, &target, &migration, DETAIL_FULL);
        rules_note_poll(migration.uuid, word_of(WORDS_SUBSTATE, (int)migration.substate));
    }
}

/* $skipToken: the start of the next page. Opaque to clients; the prefix and a row id in hexadecimal. */
static bool parse_token(const char *token, int64_t *ret_before_id)
{
    size_t len = strlen(token);
    size_t prefix_len = sizeof(token_prefix) - 1;
    const char *digits = token + prefix_len;
    if (!str_istarts(token, token_prefix) || len == prefix_len || len > prefix_len + 15 ||
        strspn(digits, "0123456789abcdef") != len - prefix_len) {
        return false;
    }
    *ret_before_id = (int64_t)strtoull(digits, NULL, 16);
    return *ret_before_id > 0;
}

static int read_filter(const struct request *request, struct err *err, struct migration_filter *ret_filter)
{
    struct migration_filter filter = {.active_only = true, .limit = PAGE_SIZE + 1};
    const char *which = request_query(request, "migrationListFilter");
    const char *token = request_query(request, "$skipToken");
    if (which != NULL && which[0] != '\0') {
        if (!str_iequals(which, "Active") && !str_iequals(which, "All")) {
            err_set(err, ERR_BAD_PARAMETER,
                    "The query parameter migrationListFilter is '%.60s'; it must be Active or "
                    "All.",
                    which);
            return err_target(err, "migrationListFilter");
        }
        filter.active_only = str_iequals(which, "Active");
    }
    int64_t top = PAGE_SIZE;
    const char *size = request_query(request, "$top");
    if (size != NULL && !str_to_int(size, 0, INT64_MAX, &top)) {
        err_set(err, ERR_BAD_PARAMETER, "The query parameter $top is '%.40s'; it must be a number.", size);
        return err_target(err, "$top");
    }
    filter.limit = (size_t)(top < PAGE_SIZE ? top : PAGE_SIZE) + 1;
    if (token != NULL && !parse_token(token, &filter.before_id)) {
        err_set(err, ERR_BAD_PARAMETER, "The $skipToken is not valid. Start again from the first page.");
        return err_target(err, "$skipToken");
    }
    *ret_filter = filter;
    return 0;
}

static char *next_link(const struct request *request, const char *target_id,
                       const struct migration_filter *filter, int64_t before_id)
{
    char top[32] = "";
    if (request_query(request, "$top") != NULL) {
        snprintf(top, sizeof(top), "&%%24top=%zu", filter->limit - 1);
    }
    auto_free char *path =
        str_format("%s/migrations?api-version=%s&migrationListFilter=%s%s&%%24skipToken=%s%llx", target_id,
                   request->api_version, filter->active_only ? "Active" : "All", top, token_prefix,
                   (unsigned long long)before_id);
    return path == NULL ? NULL : reply_absolute_url(request, path);
}

/* One element of the list, with its databases. NULL after a failure. */
static json_t *write_element(struct request *request, const struct server *target, const char *target_id,
                             const struct migration *row, struct err *err)
{
    struct migration_database *databases = NULL;
    size_t count = 0;
    if (store_database_list(request->app->store, row->id, err, &databases, &count) < 0) {
        return NULL;
    }
    const struct migration_view view = {.migration = row,
                                        .target_resource_id = target_id,
                                        .databases = databases,
                                        .database_count = count,
                                        .detail = DETAIL_LISTED,
                                        .azure_errors =
                                            str_equals(request->app->options->error_style, "azure")};
    json_t *element = migration_write(dialect_find(request->api_version), target, &view, NULL);
    migration_databases_free(databases, count);
    if (element == NULL) {
        err_no_memory(err);
    }
    return element;
}

static json_t *write_page(struct request *request, const struct server *target,
                          const struct migration_filter *filter, const struct migration *rows, size_t count,
                          struct err *err)
{
    auto_free char *target_id = server_resource_id(target);
    json_auto_t *page = json_object();
    json_t *value = json_array();
    if (target_id == NULL || json_object_set_new_nocheck(page, "value", value) < 0) {
        err_no_memory(err);
        return NULL;
    }
    const size_t size = filter->limit - 1;
    for (size_t i = 0; i < count && i < size; i++) {
        json_t *element = write_element(request, target, target_id, &rows[i], err);
        if (element == NULL || json_array_append_new(value, element) < 0) {
            return NULL;
        }
    }
    if (size > 0 && count > size) {
        auto_free char *link = next_link(request, target_id, filter, rows[size - 1].id);
        json_set_text(page, "nextLink", link);
    }
    return TAKE(page);
}

void migration_list(struct request *request)
{
    struct err err = {0};
    auto_server struct server target = {0};
    struct migration_filter filter = {0};
    if (!find_parent_server(request, "migrations", &target)) {
        return;
    }
    struct migration *rows = NULL;
    size_t count = 0;
    if (read_filter(request, &err, &filter) < 0) {
        reply_error(request, &err);
        return;
    }
    filter.target_id = target.id;
    json_t *page = NULL;
    if (store_migration_list(request->app->store, &filter, &err, &rows, &count) == 0) {
        page = write_page(request, &target, &filter, rows, count, &err);
    }
    migrations_free(rows, count);
    if (page == NULL) {
        reply_error(request, &err);
    } else {
        reply_json(request, 200, page);
    }
}
