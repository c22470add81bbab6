/* SPDX-License-Identifier: MIT */
/* The options of migrate and watch, each a row of CLIENT_OPTION_LIST: see core/options/option_table.h. */
#ifndef CLIENT_OPTIONS_PRIVATE_H
#define CLIENT_OPTIONS_PRIVATE_H

#include <stdbool.h>

#include "core/err.h"
#include "core/options/option_table.h"

/* clang-format off */
/*  kind     field                flag                  default     placeholder  what it does */
#define CLIENT_OPTION_LIST(S, I, B, L)                                                                               \
    S(source,             "source",             "",         "URI",      "source server: postgresql://user@host:port/database") \
    S(target,             "target",             "",         "URI",      "target server: postgresql://user@host:port")        \
    L(databases,          "database",           "",         "NAME",     "database to migrate; repeatable; default: the database in --source, or all databases there") \
    B(online,             "online",                                     "replicate changes until the cutover, while applications use the source") \
    S(cutover,            "cutover",            "",         "WHEN",     "cutover of an online migration: ask, when-caught-up, or manual (by a REST call of yours)") \
    B(overwrite,          "overwrite",                                  "replace databases that exist on the target and hold objects") \
    B(roles,              "roles",                                      "migrate roles, too")                                \
    B(setup_replication,  "setup-replication",                          "let Malachite set wal_level on the source if it is not logical; the source then has to be restarted") \
    S(passfile,           "passfile",           "",         "FILE",     "file with passwords in libpq's format; default: PGPASSFILE or ~/.pgpass") \
    S(evidence_file,      "evidence-file",      "",         "FILE",     "write the migration's details and evidence to this file, as JSON") \
    S(state_dir,          "state-dir",          "",         "DIR",      "folder for the state of migrations without --server; default $XDG_STATE_HOME/malachite-migrate") \
    S(server,             "server",             "",         "URL",      "use the Malachite at this address instead of a private one; watch: default http://127.0.0.1:8080") \
    S(ca_file,            "ca-file",            "",         "FILE",     "certificate authority of --server https://...")    \
    S(subscription_id,    "subscription-id",    "00000000-0000-4000-8000-00000000ca11", "UUID", "id of the subscription at --server") \
    S(tenant_id,          "tenant-id",          "00000000-0000-4000-8000-00000000da7a", "UUID", "id of the tenant at --server") \
    S(client_id,          "client-id",          "00000000-0000-4000-8000-00000000c11e", "UUID", "client id to sign in with at --server") \
    S(client_secret_file, "client-secret-file", "",         "FILE",     "file with the client secret for --server; default: MALACHITE_CLIENT_SECRET")
/* clang-format on */

struct client_options {
    OPTION_FIELDS(CLIENT_OPTION_LIST)
};

/* Returns 0, or -1 with a message for the user. Release with client_options_done() in either case. */
int client_options_parse(struct client_options *options, int argc, char **argv, struct err *err);
void client_options_done(struct client_options *options);
#define auto_client_options __attribute__((cleanup(client_options_done)))

#endif
