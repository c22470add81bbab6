/* SPDX-License-Identifier: MIT */
/*
 * The settings that sessions of the source database have. Expressions that the target evaluates while data
 * arrives (generated columns, index and partition expressions, checks, materialized views) must run under
 * them: a function may be declared immutable and still depend on TimeZone or search_path. Only settings
 * that affect the transfer of values (timeouts, read-only, array_nulls, standard_conforming_strings,
 * xmloption, row_security, role ...) are fixed, in pg_open.c.
 *
 * Values still arrive unchanged: the source writes ISO dates, intervals in the style "postgres" and
 * offsets in UTC, which every server reads as the same value under any style. The text of money depends on
 * lc_monetary, so both sides use a locale that writes it in the same way.
 */
#ifndef ENGINE_CATALOG_SOURCE_SETTINGS_H
#define ENGINE_CATALOG_SOURCE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"

struct source_setting {
    char *name;
    char *value;    /* NULL: the server's built-in default */
    char *role;     /* stored for that role in all databases; NULL: stored elsewhere */
    bool of_server; /* from the server's configuration: not stored with the database or a role */
    bool refused;   /* rejected by the target, see source_settings_try() */
};

/* An all-zero struct is valid: no settings, only the fixed ones apply. */
struct source_settings {
    struct source_setting *items;
    size_t count;
    const char *encoding; /* of all strings here; sessions that apply the settings use it */
    char *search_path;    /* "$user" is replaced by the owners' names */
    char *written;        /* how the source writes some amounts of money; NULL: in the C locale */
    char *money;          /* lc_monetary of both sides while money is copied as text; NULL: C */
};

/* Reads, in a separate session, the settings that the database's owner would get. In descending
 * precedence: those stored for the owner in the database, for the owner, for the role that owns most
 * tables (likewise), for the database, for all roles, and the server's configuration. */
int source_settings_read(const struct endpoint *source, const char *database, const struct stop *stop,
                         struct err *err, struct source_settings *ret_settings);
void source_settings_done(struct source_settings *settings);
#define auto_source_settings __attribute__((cleanup(source_settings_done)))

/* Chooses "money": the source's lc_monetary if the target writes money as the source does, otherwise C,
 * which is reported ("report" may be NULL). The session is outside a transaction; its lc_monetary changes. */
int source_settings_choose_money(struct source_settings *settings, struct pg *target, struct report *report,
                                 struct err *err);
/* Makes a session of either side read and write money like the other side. */
int source_settings_use_money(const struct source_settings *settings, struct pg *pg, struct err *err);

/* Applies the settings in a session of the target that is outside a transaction. Skips settings that the
 * target rejects. "with_path" false: search_path stays empty, for statements whose names are looked up. */
int source_settings_use(const struct source_settings *settings, struct pg *target, bool with_path,
                        struct err *err);
/* The same for the first session, without the search_path: records and reports the settings that the
 * target rejects. */
int source_settings_try(struct source_settings *settings, struct pg *target, struct report *report,
                        struct err *err);
/* Applies only the search_path; "on" false: an empty one. */
int source_settings_use_path(const struct source_settings *settings, struct pg *target, bool on,
                             struct err *err);

/* The setting's value on a target of that version. */
const char *source_setting_value(const struct source_settings *settings, const struct source_setting *item,
                                 const struct pg *target);
/* NULL: not in the list. */
struct source_setting *source_settings_find(const struct source_settings *settings, const char *name);

#endif
