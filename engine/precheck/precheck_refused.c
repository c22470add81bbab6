/* SPDX-License-Identifier: MIT */
/* Extensions that the migration service refuses or moves only in part. Malachite migrates them all. */
#include <string.h>

#include "core/str.h"
#include "engine/precheck/precheck_private.h"

enum refusal {
    REFUSED_ONLINE,        /* timescaledb moves offline only */
    REFUSED_FOREIGN_DATA,  /* unless roles are copied from a single server up to 15 */
    REFUSED_NEXT_MAJOR,    /* from pg_partman 4 to 5 */
    REFUSED_FROM_FLEXIBLE, /* the platform's own */
};

static const struct refused {
    const char *extension;
    enum refusal when;
    const char *text; /* continues "`name` ..." */
} refused_extensions[] = {
    {"timescaledb", REFUSED_ONLINE, "is migrated by the service offline only"},
    {"postgres_fdw", REFUSED_FOREIGN_DATA,
     "is migrated by the service only with migrateRoles, from a single server, up to PostgreSQL 15"},
    {"pg_partman", REFUSED_NEXT_MAJOR, "is not migrated by the service from version 4 to version 5"},
    {"azure", REFUSED_FROM_FLEXIBLE, "is not migrated by the service from a flexible server"},
    {"pgaadauth", REFUSED_FROM_FLEXIBLE, "is not migrated by the service from a flexible server"},
};

static bool is_refused(const struct check *check, const struct refused *row, const char *version)
{
    auto_free char *same = NULL;
    switch (row->when) {
    case REFUSED_ONLINE:
        return check->plan->online;
    case REFUSED_FOREIGN_DATA:
        return !check->plan->roles || !check->plan->single_source || check->source.version >= 160000;
    case REFUSED_NEXT_MAJOR:
        same = str_format("pg_partman %s", version);
        return version[0] == '4' && same != NULL && !str_list_has(&check->target_extension_versions, same);
    case REFUSED_FROM_FLEXIBLE:
        return check->plan->flexible_source;
    }
    return false;
}

int precheck_refused_extensions(struct check *check)
{
    auto_result PGresult *result = NULL;
    if (precheck_read_extensions(check, &result) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        for (size_t j = 0; j < ARRAY_LEN(refused_extensions); j++) {
            const struct refused *row = &refused_extensions[j];
            if (strcmp(row->extension, PQgetvalue(result, i, 0)) == 0 &&
                is_refused(check, row, PQgetvalue(result, i, 1)) &&
                precheck_add(
                    check,
                    "An extension is not supported by the migration service. `%s` %s. Drop it on the "
                    "source before the migration, and create it on the target after.",
                    row->extension, row->text) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* Rows that an extension keeps for its user are easily overlooked. */
int precheck_configuration_tables(struct check *check)
{
    static const char *const names[] = {"postgis_topology", "postgis_tiger_geocoder"};
    auto_result PGresult *result = NULL;
    if (precheck_read_extensions(check, &result) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        for (size_t j = 0; j < ARRAY_LEN(names); j++) {
            if (strcmp(names[j], PQgetvalue(result, i, 0)) == 0 &&
                precheck_add(
                    check,
                    "An extension has configuration tables. Compare the rows of the tables of `%s` on "
                    "source and target after the migration.",
                    names[j]) != 0) {
                return -1;
            }
        }
    }
    return 0;
}
