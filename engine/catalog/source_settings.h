/* SPDX-License-Identifier: MIT */
/*
 * The settings that the source database's own sessions have. What the target evaluates while data arrives
 * (generated columns, index and partition expressions, checks, materialized views) must run under them: a
 * function may be declared immutable and still depend on TimeZone or search_path. Only what carries values
 * (timeouts, read-only, array_nulls, standard_conforming_strings, xmloption, row_security, role ...) is
 * pinned, in pg_open.c.
 *
 * Values still travel safely: the source writes ISO dates, intervals in the style "postgres" and offsets in
 * UTC, which every server reads as the same value under any style. Text of money depends on lc_monetary, so
 * both sides use one that writes it the same.
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
    char *role;     /* stored for that role in all databases; NULL: elsewhere */
    bool of_server; /* from the server's configuration: not stored with the database or a role */
    bool refused;   /* by the target, see source_settings_try() */
};

/* All-zero is valid: no settings, the pinned ones stay in force. */
struct source_settings {
    struct source_setting *items;
    size_t count;
    const char *encoding; /* of all texts here; the session that uses them has it */
    char *search_path;    /* "$user" stands there as the owners' names */
    char *written;        /* how the source writes some amounts of money; NULL: in the C locale */
    char *money;          /* lc_monetary of both sides while money travels as text; NULL: C */
};

/*
 * Reads them in a session of its own, as the database's owner would get them: by descending precedence what
 * is stored for the owner in the database, for the owner, for the role that owns most tables (likewise), for
 * the database, for all roles, and the server's configuration.
 */
int source_settings_read(const struct endpoint *source, const char *database, const struct stop *stop,
                         struct err *err, struct source_settings *ret_settings);
void source_settings_done(struct source_settings *settings);
#define auto_source_settings __attribute__((cleanup(source_settings_done)))

/* Chooses "money": the source's own lc_monetary where the target writes money as the source does, else C,
 * which is reported ("report" may be NULL). The session is outside a transaction; its lc_monetary changes. */
int source_settings_choose_money(struct source_settings *settings, struct pg *target, struct report *report,
                                 struct err *err);
/* Makes a session of either side write and read money as the other does. */
int source_settings_use_money(const struct source_settings *settings, struct pg *pg, struct err *err);

/*
 * Puts the settings in force in a session of the target, which is outside a transaction. What the target
 * refuses is skipped. "with_path" false: search_path stays empty, for statements whose names are looked up.
 */
int source_settings_use(const struct source_settings *settings, struct pg *target, bool with_path,
                        struct err *err);
/* The same for the first session, without the search_path: remembers and reports what the target refuses. */
int source_settings_try(struct source_settings *settings, struct pg *target, struct report *report,
                        struct err *err);
/* The search_path alone; "on" false: an empty one. */
int source_settings_use_path(const struct source_settings *settings, struct pg *target, bool on,
                             struct err *err);

/* What the setting is on a target of that version. */
const char *source_setting_value(const struct source_settings *settings, const struct source_setting *item,
                                 const struct pg *target);
/* NULL: not in the list. */
struct source_setting *source_settings_find(const struct source_settings *settings, const char *name);

#endif
