/* SPDX-License-Identifier: MIT */
/*
 * A PostgreSQL server of its own for a unit test: made in a new directory, started on a free port, gone at
 * the end, also when the test crashes. MALACHITE_TEST_POSTGRES names the directory with initdb and postgres;
 * the default is the newest of Debian's. Over the Unix socket everybody is trusted, over TCP a password is
 * wanted.
 */
#ifndef TESTS_UNIT_POSTGRES_H
#define TESTS_UNIT_POSTGRES_H

#include <arpa/inet.h>
#include <ftw.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/pg.h"

#define POSTGRES_PASSWORD "correct horse"

struct postgres {
    char bin[256];
    char directory[64];
    char port_text[16];
    int port;
    pid_t pid;  /* 0: not running */
    bool plain; /* wal_level and similar settings have PostgreSQL's defaults, or the values of ALTER SYSTEM */
};

static inline bool postgres_find(struct postgres *postgres)
{
    const char *given = getenv("MALACHITE_TEST_POSTGRES");
    if (given != NULL) {
        snprintf(postgres->bin, sizeof(postgres->bin), "%s", given);
        return true;
    }
    for (int major = 30; major >= 10; major--) {
        char program[300];
        snprintf(postgres->bin, sizeof(postgres->bin), "/usr/lib/postgresql/%d/bin", major);
        snprintf(program, sizeof(program), "%s/initdb", postgres->bin);
        if (access(program, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* One major: Debian's, or one that "make postgres" has fetched. */
static inline bool postgres_find_major(struct postgres *postgres, int major)
{
    const char *cache = getenv("MALACHITE_POSTGRES_CACHE");
    const char *home = getenv("HOME");
    char own[200];
    snprintf(own, sizeof(own), "%s/.cache/malachite/postgresql", home == NULL ? "" : home);
    const char *const places[] = {"/usr/lib/postgresql",
                                  cache != NULL ? cache : "/var/cache/malachite/postgresql", own};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        char program[300];
        snprintf(postgres->bin, sizeof(postgres->bin), "%s/%d/bin", places[i], major);
        snprintf(program, sizeof(program), "%s/initdb", postgres->bin);
        if (access(program, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* PostgreSQL refuses to run as root. Called in the child process. */
static inline void postgres_drop_root(void)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (user != NULL && (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
        _exit(126);
    }
}

/* Starts a program of the server with its output in the file "log"; argv[0] is the program's name without
 * a path. */
static inline pid_t postgres_spawn(const struct postgres *postgres, const char *const *argv)
{
    char program[300];
    snprintf(program, sizeof(program), "%s/%s", postgres->bin, argv[0]);
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    postgres_drop_root();
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir(postgres->directory) != 0 || freopen("log", "a", stdout) == NULL || dup2(1, 2) < 0) {
        _exit(125);
    }
    /* The programs find each other, and their libraries, from the path in argv[0]. */
    char *arguments[20] = {program};
    for (size_t i = 1; argv[i] != NULL && i + 1 < ARRAY_LEN(arguments); i++) {
        arguments[i] = (char *)(uintptr_t)argv[i];
    }
    execv(program, arguments);
    _exit(127);
}

static inline bool postgres_initialize(const struct postgres *postgres)
{
    char file[100];
    snprintf(file, sizeof(file), "%s/password", postgres->directory);
    FILE *password = fopen(file, "w");
    if (password == NULL) {
        return false;
    }
    fputs(POSTGRES_PASSWORD "\n", password);
    fclose(password);
    const char *const argv[] = {"initdb",
                                "--pgdata=data",
                                "--username=postgres",
                                "--auth-local=trust",
                                "--auth-host=scram-sha-256",
                                "--pwfile=password",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--no-sync",
                                NULL};
    int status = -1;
    pid_t pid = postgres_spawn(postgres, argv);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static inline int postgres_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, len) == 0 &&
                 getsockname(fd, (struct sockaddr *)&address, &len) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return bound ? ntohs(address.sin_port) : 0;
}

static inline void postgres_launch(struct postgres *postgres, const char *setting)
{
    const char *const argv[] = {"postgres",
                                "-Ddata",
                                "-cfsync=off",
                                "-cshared_buffers=16MB",
                                "-cmax_connections=60",
                                postgres->plain ? "-cautovacuum=off" : "-cwal_level=logical",
                                "-cmax_prepared_transactions=5",
                                "-clisten_addresses=127.0.0.1",
                                "-cunix_socket_directories=..",
                                "-p",
                                postgres->port_text,
                                setting != NULL ? setting : "-clog_min_messages=warning",
                                NULL};
    pid_t pid = postgres_spawn(postgres, argv);
    postgres->pid = pid > 0 ? pid : 0;
}

/* The endpoint of a user over the Unix socket. Strings belong to postgres or are static. */
static inline struct endpoint postgres_endpoint(struct postgres *postgres, const char *user)
{
    return (struct endpoint){
        .host = postgres->directory,
        .port = postgres->port,
        .user = (char *)(uintptr_t)user,
        .label = (char *)(uintptr_t) "test server",
        .connect_timeout_s = 5,
    };
}

static inline bool postgres_wait(struct postgres *postgres)
{
    struct endpoint endpoint = postgres_endpoint(postgres, "postgres");
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(60000);
    while (clock_ms_left(deadline_ms) > 0) {
        auto_pg struct pg pg = {0};
        struct err err = {0};
        if (pg_open(&endpoint, "postgres", PG_ADMIN, NULL, &err, &pg) == 0) {
            return true;
        }
        clock_sleep_ms(50);
    }
    return false;
}

static inline int postgres_remove_entry(const char *path, const struct stat *info maybe_unused,
                                        int type maybe_unused, struct FTW *walk maybe_unused)
{
    return remove(path);
}

static inline void postgres_kill(struct postgres *postgres)
{
    if (postgres->pid > 0) {
        kill(postgres->pid, SIGQUIT);
        waitpid(postgres->pid, NULL, 0);
        postgres->pid = 0;
    }
}

static inline void postgres_stop(struct postgres *postgres)
{
    postgres_kill(postgres);
    if (postgres->directory[0] != '\0') {
        nftw(postgres->directory, postgres_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static inline void postgres_print_log(const struct postgres *postgres)
{
    char file[100];
    char line[300];
    snprintf(file, sizeof(file), "%s/log", postgres->directory);
    FILE *log = fopen(file, "r");
    while (log != NULL && fgets(line, sizeof(line), log) != NULL) {
        fputs(line, stderr);
    }
    if (log != NULL) {
        fclose(log);
    }
}

/* Starts a server with the programs in postgres->bin. */
static inline bool postgres_start_found(struct postgres *postgres, const char *setting)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    snprintf(postgres->directory, sizeof(postgres->directory), "/tmp/malachite-unit-XXXXXX");
    bool made = mkdtemp(postgres->directory) != NULL;
    if (made && user != NULL) {
        made = chown(postgres->directory, user->pw_uid, user->pw_gid) == 0;
    }
    postgres->port = postgres_free_port();
    snprintf(postgres->port_text, sizeof(postgres->port_text), "%d", postgres->port);
    if (made && postgres_initialize(postgres)) {
        postgres_launch(postgres, setting);
    }
    if (postgres->pid > 0 && postgres_wait(postgres)) {
        return true;
    }
    postgres_print_log(postgres);
    fprintf(stderr, "PostgreSQL could not be started: skipped.\n");
    postgres_kill(postgres);
    return false;
}

/* False, with a message, if PostgreSQL is not installed; the tests then skip. "setting" is an option of
 * postgres ("-cfoo=bar") or NULL. */
static inline bool postgres_start(struct postgres *postgres, const char *setting)
{
    *postgres = (struct postgres){0};
    if (!postgres_find(postgres) || (geteuid() == 0 && getpwnam("postgres") == NULL)) {
        fprintf(stderr, "No PostgreSQL on this machine: skipped.\n");
        return false;
    }
    return postgres_start_found(postgres, setting);
}

/* The same with one major; false without a message if it is not installed. */
static inline bool postgres_start_major(struct postgres *postgres, int major, const char *setting)
{
    *postgres = (struct postgres){0};
    bool found = postgres_find_major(postgres, major) && (geteuid() != 0 || getpwnam("postgres") != NULL);
    return found && postgres_start_found(postgres, setting);
}

/* Runs SQL as the superuser; a failure is printed and returns false. */
static inline bool postgres_sql(struct postgres *postgres, const char *database, const char *sql)
{
    struct endpoint endpoint = postgres_endpoint(postgres, "postgres");
    auto_pg struct pg pg = {0};
    struct err err = {0};
    if (pg_open(&endpoint, database, PG_ADMIN, NULL, &err, &pg) != 0 || pg_run(&pg, &err, sql) != 0) {
        fprintf(stderr, "%s: %s\n", sql, err.message);
        return false;
    }
    return true;
}

/* One value as a new string, or NULL. */
static inline char *postgres_value(struct postgres *postgres, const char *database, const char *sql)
{
    struct endpoint endpoint = postgres_endpoint(postgres, "postgres");
    auto_pg struct pg pg = {0};
    struct err err = {0};
    char *value = NULL;
    if (pg_open(&endpoint, database, PG_ADMIN, NULL, &err, &pg) != 0 ||
        pg_value(&pg, &err, &value, sql, 0, NULL) != 0) {
        fprintf(stderr, "%s: %s\n", sql, err.message);
    }
    return value;
}

#endif
