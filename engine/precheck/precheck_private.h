/* SPDX-License-Identifier: MIT */
/*
 * Shared by engine/precheck/precheck*.c only. A rule is one row of one of the tables: either a function,
 * or a query on the source database that lists the affected objects.
 */
#ifndef ENGINE_PRECHECK_PRECHECK_PRIVATE_H
#define ENGINE_PRECHECK_PRECHECK_PRIVATE_H

#include "core/buf.h"
#include "engine/pg/pg.h"
#include "engine/precheck/precheck.h"

#define TYPE_CONNECTIVITY "AuthenticationAndConnectivityValidation"
#define TYPE_VERSION      "SourceVersionValidation"
#define TYPE_PARAMETERS   "ServerParametersValidation"
#define TYPE_SCHEMA       "SchemaValidation"
#define TYPE_COLLATIONS   "CollationsValidation"
#define TYPE_EXTENSIONS   "ExtensionsValidation"

enum { PRECHECK_OLDEST = 100000 }; /* server_version_num of the oldest supported source */

struct precheck_rule;

struct check {
    const struct precheck *plan;
    struct findings *findings;
    struct err *err;
    struct pg source; /* a maintenance database of the source */
    struct pg target; /* a maintenance database of the target */
    struct str_list target_roles;
    bool extensions_known;                     /* false: the target could not list them */
    struct str_list target_extensions;         /* that CREATE EXTENSION can create */
    struct str_list target_extension_versions; /* "name version" */
    const struct precheck_rule *rule;          /* the current one */
    const char *database;                      /* NULL in server rules */
    struct pg inside;                          /* this database on the source; closed in server rules */
};

enum precheck_when { /* all that are set must hold */
                     ALWAYS = 0,
                     TARGET_NOT_SUPERUSER =
                         1 << 0, /* the target's user is not a superuser, or --strict-service is on */
                     WHEN_STRICT = 1 << 1,
                     WHEN_ONLINE = 1 << 2,
                     WHEN_ROLES = 1 << 3, /* roles are to be copied */
};

struct precheck_rule {
    enum finding_level level;
    int code;
    unsigned when;
    bool strict;      /* with --strict-service, its findings are failures */
    int source_since; /* server_version_num of the source, 0: any */
    const char *type;
    int (*run)(struct check *check); /* 0, or -1 with check->err */
    /* Where run is NULL: */
    const char *sql;    /* one column: names of the objects, most important first */
    const char *title;  /* "Casts were created by users" */
    const char *advice; /* what to do; with --strict-service, a failure says what the service says */
};

extern const struct precheck_rule precheck_server_rules[];
extern const size_t precheck_server_rule_count;
extern const struct precheck_rule precheck_service_rules[];
extern const size_t precheck_service_rule_count;
extern const struct precheck_rule precheck_database_rules[];
extern const size_t precheck_database_rule_count;
/* They follow the other rules, for online migrations only. */
extern const struct precheck_rule precheck_online_server_rules[];
extern const size_t precheck_online_server_rule_count;
extern const struct precheck_rule precheck_online_database_rules[];
extern const size_t precheck_online_database_rule_count;

/* Adds a finding with level, type and code of the current rule. 0, or -1 when memory is out. */
int precheck_add(struct check *check, const char *format, ...) printf_like(2, 3);
/* The same with another level and code. */
int precheck_add_as(struct check *check, enum finding_level level, int code, const char *format, ...)
    printf_like(4, 5);

/* Appends "`a`, `b`, ... and 7 more" from a column of a result; at most ten names. */
void precheck_add_names(struct buf *text, const PGresult *result, int column);
/* Adds the names that a query on the database returns. 1: some, 0: none, -1: error. */
int precheck_list(struct check *check, const char *sql, struct buf *names);
/* Adds one name to a list of that form; index counts from 0. */
void precheck_add_name(struct buf *text, size_t index, const char *name);
/* Ends such a list: says how many of count are not shown. */
void precheck_end_names(struct buf *text, size_t count);

/* Reads the first column of a query into a list. */
int precheck_fetch(struct pg *pg, const char *sql, struct err *err, struct str_list *ret_list);

int precheck_extensions(struct check *check);
int precheck_extension_versions(struct check *check);
int precheck_preload(struct check *check);
int precheck_allowed_extensions(struct check *check);
int precheck_untrusted_extensions(struct check *check);
int precheck_refused_extensions(struct check *check);
int precheck_configuration_tables(struct check *check);
/* Name and version of the extensions of the database, without plpgsql. */
int precheck_read_extensions(struct check *check, PGresult **ret_result);
int precheck_database_locale(struct check *check);
int precheck_column_collations(struct check *check);
int precheck_own_collations(struct check *check);

#endif
