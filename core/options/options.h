/* SPDX-License-Identifier: MIT */
/*
 * The options of the service, each a row of OPTION_LIST: see core/options/option_table.h. An invalid value
 * refuses to start.
 */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/options/option_table.h"

/* clang-format off */
/*  kind    field                  flag                     least  most     default        placeholder  what it does */
#define OPTION_LIST(S, I, B, L)                                                                                          \
    S(listen,                 "listen",                               "127.0.0.1,::1",                        "ADDRESSES", "addresses to listen on, separated by ','")                                         \
    B(allow_remote,           "allow-remote",                                                                            "allow --listen beyond loopback although --auth none lets everybody in")             \
    L(allow_host,             "allow-host",                           "",                                     "NAME",    "additional host name that requests may be for; repeatable, or separated by ','")     \
    L(trusted_proxy,          "trusted-proxy",                        "",                                     "ADDRESS", "proxy whose Forwarded and X-Forwarded headers count, besides those on loopback; ADDRESS or ADDRESS/BITS; repeatable") \
    I(http_port,              "http-port",              0, 65535,     "8080",                                 "PORT",    "port for HTTP; 0 picks a free one")                                                  \
    I(https_port,             "https-port",             0, 65535,     "8443",                                 "PORT",    "port for HTTPS; 0 picks a free one")                                                 \
    S(tls_names,              "tls-names",                            "",                                     "NAMES",   "additional host names and addresses for the HTTPS certificate, separated by ','")                   \
    S(data_dir,               "data-dir",                             "",                                     "DIR",     "data directory; default $XDG_STATE_HOME/malachite, or /var/lib/malachite for root") \
    S(endpoints_file,         "endpoints-file",                       "",                                     "FILE",    "write the chosen addresses to this file, as JSON")                         \
    S(postgres_dir,           "postgres-dir",                         "",                                     "DIRS",    "additional directories with PostgreSQL binaries, separated by ':'; each holds bin/ or N/bin/") \
    S(postgres_user,          "postgres-user",                        "postgres",                             "USER",    "user that provisioned PostgreSQL servers run as when Malachite runs as root")        \
    I(server_ports,           "server-ports",           0, 60000,     "0",                                    "BASE",    "provisioned servers use 127.0.0.1 and ports from BASE on; 0: a 127.74.x.y address each, port 5432") \
    S(subscription_id,        "subscription-id",                      "00000000-0000-4000-8000-00000000ca11", "UUID",    "id of the subscription")                                                       \
    S(subscriptions,          "subscriptions",                        "one",                                  "WHICH",   "subscriptions besides that one: one: none; any: the first call with a new UUID makes one; or UUIDs separated by ','") \
    S(tenant_id,              "tenant-id",                            "00000000-0000-4000-8000-00000000da7a", "UUID",    "id of the tenant")                                                                         \
    S(client_id,              "client-id",                            "00000000-0000-4000-8000-00000000c11e", "UUID",    "client id of the application that clients sign in as")                                            \
    S(client_secret,          "client-secret",                        "malachite",                            "SECRET",  "secret of that application")                                                          \
    S(client_secret_file,     "client-secret-file",                   "",                                     "FILE",    "file with the secret of that application, instead of --client-secret")            \
    S(key_file,               "key-file",                             "",                                     "FILE",    "file with the key that encrypts stored secrets; default malachite.key in the data directory") \
    S(auth,                   "auth",                                 "none",                                 "MODE",    "required authentication: none; any: a well-formed bearer token; strict: a valid token from Malachite")        \
    S(roles_file,             "roles-file",                           "",                                     "FILE",    "JSON file with role definitions and assignments: callers may do only what theirs allow; needs --auth strict") \
    I(workers,                "workers",                1, 64,        "4",                                    "N",       "migrations that run at the same time")                                     \
    I(jobs,                   "jobs",                   0, 64,        "0",                                    "N",       "tables of one migration copied at the same time; 0: one per processor, at most 8")   \
    I(max_active_per_target,  "max-active-per-target",  0, 1000,      "0",                                    "N",       "active migrations allowed on one target server; 0: no limit")                        \
    B(strict_api_version,     "strict-api-version",                                                                      "reject api-versions newer than the newest known one")                                \
    S(error_style,            "error-style",                          "malachite",                            "STYLE",   "currentStatus.error of a failed migration: malachite: the reason; azure: the service's own sentence, which names the migration only") \
    B(strict_service,         "strict-service",                                                                          "behave as the service does where Malachite is kinder: docs/strict.md")               \
    B(strict_prerequisites,   "strict-prerequisites",                                                                    "require registration of Microsoft.DataMigration in every api-version")               \
    I(connect_timeout,        "connect-timeout",        1, 600,       "10",                                   "SECONDS", "timeout for connecting to a PostgreSQL server")                          \
    I(lease_seconds,          "lease-seconds",          2, 3600,      "15",                                   "SECONDS", "a worker that has not renewed its lease for this long is considered dead")            \
    I(lifetime_seconds,       "lifetime-seconds",       1, 31536000,  "604800",                               "SECONDS", "an active migration older than this fails (168 hours)")                      \
    I(cutover_wait_seconds,   "cutover-wait-seconds",   1, 31536000,  "259200",                               "SECONDS", "a migration that waits longer than this for its cutover fails (72 hours)")           \
    I(reconnect_seconds,      "reconnect-seconds",      1, 86400,     "600",                                  "SECONDS", "a migration fails when a server is unreachable for this long")                \
    I(evidence_ms,            "evidence-ms",            0, 3600000,   "3000",                                 "MS",      "time limit for counting the rows of source and target at the cutover")                            \
    I(retry_after,            "retry-after",            1, 600,       "1",                                    "SECONDS", "Retry-After of long-running operations")                                             \
    I(max_connections,        "max-connections",        8, 10000,     "1000",                                 "N",       "maximum number of open connections, for HTTP and HTTPS each")                 \
    I(request_timeout,        "request-timeout",        1, 3600,      "60",                                   "SECONDS", "time limit for receiving a request, and for sending its answer")                  \
    I(idle_timeout,           "idle-timeout",           1, 3600,      "60",                                   "SECONDS", "close HTTP connections that are idle for this long")                              \
    I(request_log,            "request-log",            0, 100000,    "1000",                                 "N",       "requests stored for /_malachite/requests; 0: none")                              \
    S(log_level,              "log-level",                            "info",                                 "LEVEL",   "debug, info, warning or error")                                                      \
    S(log_format,             "log-format",                           "text",                                 "FORMAT",  "text or json")
/* clang-format on */

struct options {
    OPTION_FIELDS(OPTION_LIST)
};

extern const struct option_table options_table;

/*
 * Fills options from defaults, environment and the arguments (without program name and command). Returns
 * 0, or -1 with a message for the user. Release with options_done() in either case.
 */
int options_parse(struct options *options, int argc, char **argv, struct err *err);
void options_done(struct options *options);

#endif
