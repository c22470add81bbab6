/* SPDX-License-Identifier: MIT */
/*
 * The migration's properties in all api-versions. A dialect is data: one table with a row per property and
 * spelling says how it is called on the wire, what form it has, who may set it, and from which family of
 * versions to which it is shown. Reading and writing both walk that table; no handler asks for a version.
 *
 * Requests are read leniently, the same for all versions: the spellings of every version, names and enum
 * values in any case, booleans also as strings. Answers are strictly in the dialect.
 */
#ifndef HANDLERS_MIGRATIONS_DIALECT_H
#define HANDLERS_MIGRATIONS_DIALECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/str_list.h"
#include "store/rows.h"

/* Versions that look alike on the wire, in the order of time. BP is 2022-05-01-privatepreview, as the CLI
 * sends it. */
enum family {
    FAMILY_A,
    FAMILY_BP,
    FAMILY_B,
    FAMILY_C,
    FAMILY_C2,
    FAMILY_C3,
    FAMILY_C4,
    FAMILY_D,
    FAMILY_COUNT
};

/* What differs between families besides properties. */
enum dialect_features {
    DIALECT_LOCATION_REQUIRED = 1 << 0,    /* PUT wants a location; else the target's is taken */
    DIALECT_MODE_FROM_CUTOVER = 1 << 1,    /* offline is said by triggerCutover in the PUT */
    DIALECT_NEEDS_DATA_MIGRATION = 1 << 2, /* Microsoft.DataMigration must be registered */
    DIALECT_DELETE_ANSWERS = 1 << 3,       /* DELETE of an active migration answers with the migration */
    DIALECT_DETAILS = 1 << 4,              /* dbDetails and validationDetails are shown */
    DIALECT_SECRETS_OPTIONAL = 1 << 5, /* PUT may leave secretParameters out, as its published example does */
};

struct dialect {
    const char *api_version;
    enum family family;
    unsigned features;
};

/* The dialect of an api-version that api_version_check() let pass; unknown newer ones get the newest. Never
 * NULL. */
const struct dialect *dialect_find(const char *api_version);

enum property_kind {
    /* members of struct migration_spec */
    KIND_TEXT,
    KIND_NAMES,     /* array of strings */
    KIND_FLAG,      /* shown as true or false */
    KIND_FLAG_WORD, /* shown as "True" or "False" */
    KIND_MODE,
    KIND_OPTION,
    KIND_SOURCE_TYPE,
    KIND_SSL_MODE,
    KIND_TIME,
    /* made from the rest of the migration; never read from a request */
    KIND_RUN_ID,
    KIND_NAME,
    KIND_DETAILS_LEVEL,
    KIND_STATUS,
    KIND_TARGET_ID,
    KIND_SOURCE_METADATA,
    KIND_TARGET_METADATA,
};

enum property_access {
    ACCESS_PUT = 1 << 0,
    ACCESS_PATCH = 1 << 1,
    ACCESS_SHOWN = 1 << 2,
    ACCESS_SECRET = 1 << 3, /* never shown, never compared */
    ACCESS_FALSE = 1 << 4,  /* an unset flag is shown as false */
    ACCESS_FALSE_LATER =
        1 << 5, /* likewise, but not in the answer to PUT (as recorded of the real service) */
};

struct property {
    const char *path; /* below "properties": "secretParameters.adminCredentials.sourceServerPassword" */
    enum property_kind kind;
    unsigned field; /* offset in struct migration_spec; 0 and unused for kinds from KIND_RUN_ID on */
    unsigned access;
    enum family from, to; /* families that show it */
};

extern const struct property dialect_properties[];
extern const size_t dialect_property_count; /* at most 64: requests remember what they gave in a bit set */

/* ---- reading ---------------------------------------------------------------------------------------------
 */

struct dialect_request {
    struct migration_spec spec; /* only what was given is set */
    uint64_t given;             /* bit per row of the table */
    struct str_list ignored;    /* paths of properties that no version knows, for the log */
};

/* Reads "properties" (NULL: nothing given). Read-only properties are passed over, so that an answer can be
 * sent back. On failure err names the path. Release with dialect_request_done(). */
int dialect_read(json_t *properties, struct err *err, struct dialect_request *ret_request);
void dialect_request_done(struct dialect_request *request);
#define auto_dialect_request __attribute__((cleanup(dialect_request_done)))

/* Whether the request gives this member of struct migration_spec, in any spelling. */
bool dialect_gives_field(const struct dialect_request *request, size_t field);
#define dialect_gives(request, member) dialect_gives_field((request), offsetof(struct migration_spec, member))
/* Whether it gives a property that PATCH may set. */
bool dialect_gives_patchable(const struct dialect_request *request);

/* The first property of the request whose value is another one in spec, among the rows that have all bits of
 * "with" and none of "without"; NULL when there is none. Secrets are never compared. */
const struct property *dialect_first_difference(const struct dialect_request *request,
                                                const struct migration_spec *spec, unsigned with,
                                                unsigned without);
/* Whether the request gives this member with a value that is not the one in spec. */
bool dialect_changes_field(const struct dialect_request *request, const struct migration_spec *spec,
                           size_t field);
/* Copies what the request gives and PATCH may set into spec. */
int dialect_merge(const struct dialect_request *request, struct migration_spec *spec, struct err *err);

/* ---- writing ---------------------------------------------------------------------------------------------
 */

#define MIGRATION_CUTOVER_REMEMBERED "The cutover starts automatically when the base copy is complete."

enum migration_detail {
    DETAIL_CREATED, /* answer to PUT: state only */
    DETAIL_LISTED,  /* without the servers' metadata */
    DETAIL_FULL,
};

struct migration_view {
    const struct migration *migration;
    const char *target_resource_id;
    const struct migration_database *databases;
    size_t database_count;
    enum migration_detail detail;
};

/* The "properties" object in this dialect; new reference, NULL when memory is out. */
json_t *dialect_write(const struct dialect *dialect, const struct migration_view *view);
/* "properties" of a request that asks for this migration, in this dialect, with secrets: what a client would
 * send. access: ACCESS_PUT or ACCESS_PATCH; for PATCH the flags alone. */
json_t *dialect_write_request(const struct dialect *dialect, const struct migration_view *view,
                              unsigned access);
/* properties.currentStatus. */
json_t *dialect_write_status(const struct dialect *dialect, const struct migration_view *view);

/* How this dialect spells the property, for messages; its own path when the dialect does not have it. */
const char *dialect_spelling(const struct dialect *dialect, const struct property *property);

/* All dialects, newest first. */
const struct dialect *dialect_list(size_t *ret_count);
/* The words of this dialect, for its description: requests may use those of all. Static. */
const char *const *dialect_source_types(const struct dialect *dialect, size_t *ret_count);
const char *const *dialect_ssl_modes(size_t *ret_count);
/* How this dialect tells a state: words that it does not have are told as the nearest that it has. */
const char *dialect_state_word(const struct dialect *dialect, enum migration_state state);
const char *dialect_substate_word(const struct dialect *dialect, enum migration_substate substate);
/* "storageMB" or "storageMb". */
const char *dialect_storage_name(const struct dialect *dialect);
/* Where a property that was not understood ("properties.foo") should have stood, or NULL. */
const char *dialect_place(const char *path);

/* The service's spelling of a source type or ssl mode given in any case, or NULL. */
const char *dialect_source_type(const char *text);
const char *dialect_ssl_mode(const char *text);
/* The ssl mode that answers show: the one given, else the service's default for the source type. (Unset, what
 * is used is up to libpq: a local server without TLS must be reachable.) */
const char *dialect_shown_ssl_mode(const struct migration_spec *spec);

#endif
