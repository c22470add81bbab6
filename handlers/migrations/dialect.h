/* SPDX-License-Identifier: MIT */
/*
 * The migration's properties in all api-versions. A dialect is data: the description of the migration
 * (handlers/arm/property.h) has a row per property and spelling, with the first and last version that
 * shows it. Reading, merging and writing use that table; no handler checks a version.
 *
 * Requests may use the spellings of every version, enum values in any case, and booleans as strings.
 */
#ifndef HANDLERS_MIGRATIONS_DIALECT_H
#define HANDLERS_MIGRATIONS_DIALECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/str_list.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/property.h"
#include "store/rows/rows.h"

/* Versions with the same format, by the rank of the first. BP is 2022-05-01-privatepreview, as the CLI
 * sends it. END_X: the last rank of X. */
enum family {
    FAMILY_A = API_DATE(2021, 6, 15),
    FAMILY_BP = API_DATE(2022, 5, 1) + API_PRIVATE_PREVIEW,
    FAMILY_B = API_DATE(2022, 5, 1) + API_PREVIEW,
    FAMILY_C = API_DATE(2023, 3, 1),
    FAMILY_C2 = API_DATE(2023, 6, 1),
    FAMILY_C3 = API_DATE(2023, 12, 1),
    FAMILY_C4 = API_DATE(2024, 11, 1),
    FAMILY_D = API_DATE(2025, 6, 1),
    END_A = FAMILY_BP - 1,
    END_BP = FAMILY_B - 1,
    END_B = FAMILY_C - 1,
};

/* Differences between families besides properties. */
enum dialect_features {
    DIALECT_LOCATION_REQUIRED = 1 << 0,    /* PUT requires a location; otherwise the target's is used */
    DIALECT_MODE_FROM_CUTOVER = 1 << 1,    /* triggerCutover in the PUT means offline */
    DIALECT_NEEDS_DATA_MIGRATION = 1 << 2, /* Microsoft.DataMigration must be registered */
    DIALECT_DELETE_ANSWERS = 1 << 3,       /* DELETE of an active migration returns the migration */
    DIALECT_DETAILS = 1 << 4,              /* shows dbDetails and validationDetails */
    DIALECT_SECRETS_OPTIONAL = 1 << 5,     /* PUT may omit secretParameters, like its published example */
};

struct dialect {
    enum family family;
    unsigned features;
};

/* The dialect of an api-version that api_version_check() has accepted; unknown newer ones use the newest.
 * Never NULL. */
const struct dialect *dialect_find(const char *api_version);
/* All dialects, oldest first. */
const struct dialect *dialect_list(size_t *ret_count);

enum migration_access {
    ACCESS_FALSE = ACCESS_OWN, /* an unset flag is shown as false */
    ACCESS_FALSE_LATER =
        ACCESS_OWN << 1, /* likewise, but not in the response to PUT (as recorded from the real service) */
    ACCESS_DECIDES = ACCESS_OWN << 2, /* a decision of the user, which a PUT may add as PATCH does */
};

/* The migration as a resource; its part for ACCESS_PATCH contains the properties that PATCH may change. */
extern const struct description migration_description, migration_patch_description;
/* dbDetails.<name>; its subject is a struct migration_database. */
extern const struct description migration_database_description;

/* ---- reading ---------------------------------------------------------------------------------------------
 */

struct dialect_request {
    struct migration_spec
        spec;             /* only given members are set. Must be first: the rows' fields are offsets in it */
    char *tags;           /* JSON, or NULL */
    const char *location; /* as the client wrote it; belongs to the body; or NULL */
    bool given[PROPERTIES_MAX];
};

/* Reads the body of a request. On failure err names the path. Release with dialect_request_done(). */
int dialect_read(json_t *body, struct err *err, struct dialect_request *ret_request);
void dialect_request_done(struct dialect_request *request);
#define auto_dialect_request __attribute__((cleanup(dialect_request_done)))

/* Whether the request contains this member of struct migration_spec, in any spelling. */
bool dialect_gives_field(const struct dialect_request *request, size_t field);
#define dialect_gives(request, member) dialect_gives_field((request), offsetof(struct migration_spec, member))
/* Whether it contains a property that PATCH may set only while the migration is active. */
bool dialect_gives_patchable(const struct dialect_request *request);

/* The first property of the request whose value differs from spec, among the rows that have all bits of
 * "with" and none of "without"; NULL if there is none. Secrets are never compared. */
const struct property *dialect_first_difference(const struct dialect_request *request,
                                                const struct migration_spec *spec, unsigned with,
                                                unsigned without);
/* The same for a PUT of a migration in this substate, without the properties that it may decide: cutover,
 * cancel, and the one that the substate waits for. */
const struct property *dialect_first_undecided(const struct dialect_request *request,
                                               const struct migration_spec *spec,
                                               enum migration_substate substate);
/* Whether the request contains this member with a value other than the one in spec. */
bool dialect_changes_field(const struct dialect_request *request, const struct migration_spec *spec,
                           size_t field);
/* Forgets the decisions that the request gives and that spec has already; a flag stays with a new list. */
void dialect_forget_decided(struct dialect_request *request, const struct migration_spec *spec);
/* Copies the request's properties that PATCH may set into spec. */
int dialect_merge(const struct dialect_request *request, struct migration_spec *spec, struct err *err);

/* ---- writing ---------------------------------------------------------------------------------------------
 */

#define MIGRATION_CUTOVER_REMEMBERED "The cutover starts automatically when the base copy is complete."

enum migration_detail {
    DETAIL_CREATED, /* response to PUT: state only */
    DETAIL_LISTED,  /* without the servers' metadata */
    DETAIL_FULL,
};

struct migration_view {
    const struct dialect *dialect; /* set by the functions that render */
    const struct migration *migration;
    const char *target_resource_id;
    const char *location; /* to be shown */
    const struct migration_database *databases;
    size_t database_count;
    enum migration_detail detail;
    bool azure_errors; /* a failure as the service words it */
};

/* The whole resource in this dialect; new reference, NULL when memory is out. */
json_t *dialect_write(const struct dialect *dialect, const struct migration_view *view);
/* A request body for this migration in this dialect, including secrets, as a client would send it. access:
 * ACCESS_PUT or ACCESS_PATCH; for PATCH only the flags. */
json_t *dialect_write_request(const struct dialect *dialect, const struct migration_view *view,
                              unsigned access);
/* properties.currentStatus. */
json_t *dialect_write_status(const struct dialect *dialect, const struct migration_view *view);

/* The path of the property in this dialect, for messages; its own path if the dialect does not have it. */
const char *dialect_spelling(const struct dialect *dialect, const struct property *property);

/* The service's spelling of a source type or ssl mode given in any case, or NULL. */
const char *dialect_source_type(const char *text);
const char *dialect_ssl_mode(const char *text);
/* The ssl mode shown in responses: the given one, otherwise the service's default for the source type. (If
 * it is unset, libpq chooses: a local server without TLS must be reachable.) */
const char *dialect_shown_ssl_mode(const struct migration_spec *spec);

#endif
