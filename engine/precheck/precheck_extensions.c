/* SPDX-License-Identifier: MIT */
/* Checks whether the target can create the extensions of the source's databases. */
#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "engine/precheck/precheck_private.h"

enum { TEXT_MAX_BYTES = 8192 };

#define EXTENSIONS_SQL                                                                                       \
    "SELECT extname, extversion FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY extname"

int precheck_read_extensions(struct check *check, PGresult **ret_result)
{
    return pg_query(&check->inside, check->err, ret_result, EXTENSIONS_SQL, 0, NULL);
}

int precheck_extensions(struct check *check)
{
    if (!check->extensions_known) {
        return 0;
    }
    auto_result PGresult *result = NULL;
    if (precheck_read_extensions(check, &result) != 0) {
        return -1;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    size_t count = 0;
    for (int i = 0; i < PQntuples(result); i++) {
        if (!str_list_has(&check->target_extensions, PQgetvalue(result, i, 0))) {
            precheck_add_name(&names, count++, PQgetvalue(result, i, 0));
        }
    }
    if (count == 0) {
        return 0;
    }
    precheck_end_names(&names, count);
    return precheck_add(
        check,
        "Extensions are missing on the target server. %zu extension(s) of the database cannot be "
        "created there: %s. Install them on the target's machine, or drop them on the source.",
        count, buf_text(&names));
}

int precheck_extension_versions(struct check *check)
{
    if (!check->extensions_known) {
        return 0;
    }
    auto_result PGresult *result = NULL;
    if (precheck_read_extensions(check, &result) != 0) {
        return -1;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    size_t count = 0;
    for (int i = 0; i < PQntuples(result); i++) {
        auto_free char *wanted = str_format("%s %s", PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
        if (wanted == NULL) {
            return err_no_memory(check->err);
        }
        if (str_list_has(&check->target_extensions, PQgetvalue(result, i, 0)) &&
            !str_list_has(&check->target_extension_versions, wanted)) {
            precheck_add_name(&names, count++, wanted);
        }
    }
    if (count == 0) {
        return 0;
    }
    precheck_end_names(&names, count);
    return precheck_add(
        check,
        "Extensions have another version on the target server. It does not offer %s and will create "
        "its own default version. Check that your application works with that.",
        buf_text(&names));
}

struct preload {
    const char *extension;
    const char *library;
    bool needed; /* CREATE EXTENSION itself fails without it */
};

static const struct preload preloads[] = {
    {"citus", "citus", true},
    {"pg_cron", "pg_cron", true},
    {"pgaudit", "pgaudit", true},
    {"pglogical", "pglogical", true},
    {"timescaledb", "timescaledb", true},
    {"pg_hint_plan", "pg_hint_plan", false},
    {"pg_partman", "pg_partman_bgw", false},
    {"pg_prewarm", "pg_prewarm", false},
    {"pg_stat_statements", "pg_stat_statements", false},
};

/* Whether a list of extensions or libraries holds a name; a library may be given with its folder. */
static bool list_has(const char *list, const char *name)
{
    while (*list != '\0') {
        list += strspn(list, ", \"");
        const char *end = list + strcspn(list, ", \"");
        const char *folder = memrchr(list, '/', (size_t)(end - list));
        const char *item = folder == NULL ? list : folder + 1;
        if ((size_t)(end - item) == strlen(name) && strncasecmp(item, name, strlen(name)) == 0) {
            return true;
        }
        list = end;
    }
    return false;
}

static int check_preload(struct check *check, const struct preload *preload, const char *loaded)
{
    if (list_has(loaded, preload->library)) {
        return 0;
    }
    return precheck_add_as(
        check, preload->needed ? FINDING_FAILED : FINDING_WARNING, check->rule->code,
        "A library is not preloaded on the target server. The extension `%s` needs `%s` in "
        "shared_preload_libraries%s. Add it there and restart the target server.",
        preload->extension, preload->library, preload->needed ? "" : " to work in full");
}

int precheck_preload(struct check *check)
{
    auto_free char *loaded = NULL;
    auto_result PGresult *result = NULL;
    /* The view omits settings that the user may not see, where current_setting() would fail. */
    if (precheck_read_extensions(check, &result) != 0 ||
        pg_value(&check->target, check->err, &loaded,
                 "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'shared_preload_libraries'", 0,
                 NULL) != 0) {
        return -1;
    }
    for (int i = 0; loaded != NULL && i < PQntuples(result); i++) {
        for (size_t j = 0; j < ARRAY_LEN(preloads); j++) {
            if (strcmp(preloads[j].extension, PQgetvalue(result, i, 0)) == 0 &&
                check_preload(check, &preloads[j], loaded) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* The parameter exists inside real flexible servers only; here, the target's resource may have it. */
int precheck_allowed_extensions(struct check *check)
{
    auto_free char *allowed = NULL;
    auto_result PGresult *result = NULL;
    if (precheck_read_extensions(check, &result) != 0 ||
        pg_value(&check->target, check->err, &allowed,
                 "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'azure.extensions'", 0,
                 NULL) != 0) {
        return -1;
    }
    const char *list = allowed == NULL && check->plan->strict ? check->plan->allowed_extensions : allowed;
    for (int i = 0; list != NULL && i < PQntuples(result); i++) {
        const char *name = PQgetvalue(result, i, 0);
        if (!list_has(list, name) &&
            precheck_add(check,
                         "An extension is not allowed on the target server. `%s` is not in its parameter "
                         "azure.extensions. Add it there.",
                         name) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Only a superuser may create an extension that is not marked as trusted; its author decides that for each
 * version. */
int precheck_untrusted_extensions(struct check *check)
{
    if (!check->extensions_known) {
        return 0;
    }
    auto_str_list struct str_list untrusted = {0};
    const char *sql =
        check->target.version >= 130000
            ? "SELECT e.name FROM pg_catalog.pg_available_extensions e"
              " JOIN pg_catalog.pg_available_extension_versions v"
              " ON v.name = e.name AND v.version = e.default_version WHERE v.superuser AND NOT v.trusted"
            : "SELECT e.name FROM pg_catalog.pg_available_extensions e"
              " JOIN pg_catalog.pg_available_extension_versions v"
              " ON v.name = e.name AND v.version = e.default_version WHERE v.superuser";
    auto_result PGresult *result = NULL;
    if (precheck_fetch(&check->target, sql, check->err, &untrusted) != 0 ||
        precheck_read_extensions(check, &result) != 0) {
        return -1;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    size_t count = 0;
    for (int i = 0; i < PQntuples(result); i++) {
        if (str_list_has(&untrusted, PQgetvalue(result, i, 0))) {
            precheck_add_name(&names, count++, PQgetvalue(result, i, 0));
        }
    }
    if (count == 0) {
        return 0;
    }
    precheck_end_names(&names, count);
    return precheck_add(
        check,
        "Extensions need a superuser on the target server. The user `%s` may not be allowed to create "
        "%s. If the target refuses, create them there as a superuser first.",
        check->plan->target->user, buf_text(&names));
}
