/* SPDX-License-Identifier: MIT */
/*
 * Starts and stops the program. Ports are bound before the executor starts, so that a port in use is
 * reported before any PostgreSQL server is started for nothing. Stopping happens in reverse order and
 * never takes longer than STOP_LIMIT_MS: work that is interrupted then is not lost, because the next start
 * resumes it.
 */
#include "app/lost_rules_private.h"
#include "app/serve_private.h"

#include <jansson.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/notify_private.h"
#include "core/change.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/roles/roles.h"
#include "core/str.h"
#include "core/tokens/signing_key.h"
#include "executor/run/run.h"
#include "handlers/arm/app.h"
#include "handlers/arm/dispatch/dispatch.h"
#include "handlers/deployments/deployer.h"
#include "handlers/describe/openapi.h"
#include "handlers/migrations/migrations.h"
#include "handlers/own/request_durations.h"
#include "handlers/own/seeing/coverage.h"
#include "handlers/rules/request_points.h"
#include "handlers/signin/auth.h"
#include "handlers/signin/authorize.h"
#include "server/answer_cache.h"
#include "server/httpd.h"
#include "server/request_log.h"
#include "server/tls/file.h"

enum {
    DRAIN_MS = 1000,
    LATE_DRAIN_MS = 300,
    STOP_LIMIT_MS = 5500,
    FILES_BESIDE_CONNECTIONS = 512,
};

static void count_and_log(const struct request *request, bool sent)
{
    struct app *app = request->app;
    atomic_fetch_add_explicit(&app->requests, 1, memory_order_relaxed);
    if (request->reply.status >= 500) {
        atomic_fetch_add_explicit(&app->server_errors, 1, memory_order_relaxed);
    }
    request_durations_add(app->durations, request);
    coverage_add(app->coverage, request);
    if (request->route == NULL || (request->route->flags & ROUTE_QUIET) == 0) {
        request_log_add(app->request_log, request, sent);
        change_report(); /* for those who wait for a request */
    }
}

static void end_thread(struct app *app)
{
    if (app->store != NULL) {
        store_thread_done(app->store);
    }
}

struct serving {
    const struct options *options;
    struct app app;
    struct roles *roles; /* or NULL */
    struct service service;
    int lock_fd;
    struct route_table *table;
    struct tls_material tls;
    struct httpd *httpd;
    bool wrote_endpoints;
};

/* Servers that run as another user have their files below the data directory: that user must be able to
 * traverse it, but not to read it. */
static int prepare_data_dir(struct serving *serving, struct err *err)
{
    const char *dir = serving->options->data_dir;
    if (file_make_directory(dir, 0711, err) < 0) {
        return -1;
    }
    struct stat info;
    if (geteuid() == 0 && stat(dir, &info) == 0 && info.st_uid == 0 && (info.st_mode & S_IXOTH) == 0) {
        (void)chmod(dir, (info.st_mode & 07777) | S_IXGRP | S_IXOTH);
    }
    return file_lock_directory(dir, err, &serving->lock_fd);
}

/* The usual limit of 1024 files would be less than the configured number of connections. */
static void raise_file_limit(const struct options *options)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)options->max_connections * 2 + FILES_BESIDE_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Blocks all signals except those for this program's own faults, in this thread and those it starts. */
static void block_signals(void)
{
    sigset_t blocked;
    sigfillset(&blocked);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        sigdelset(&blocked, faults[i]);
    }
    pthread_sigmask(SIG_SETMASK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int wait_for_signal(void)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGHUP);
    int number = 0;
    while (sigwait(&awaited, &number) != 0) {
    }
    return number;
}

static int write_endpoints(struct serving *serving, struct err *err)
{
    const struct options *options = serving->options;
    if (options->endpoints_file[0] == '\0') {
        return 0;
    }
    json_auto_t *endpoints =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "http", httpd_http_url(serving->httpd), "https",
                  httpd_https_url(serving->httpd), "ca", serving->tls.ca_file, "subscriptionId",
                  options->subscription_id, "tenantId", options->tenant_id, "clientId", options->client_id);
    if (endpoints != NULL && options->client_secret_file[0] != '\0') {
        json_object_set_new(endpoints, "clientSecretFile", json_string(options->client_secret_file));
    }
    auto_free char *text = endpoints == NULL ? NULL : json_dumps(endpoints, JSON_INDENT(2));
    auto_free char *lines = text == NULL ? NULL : str_format("%s\n", text);
    if (lines == NULL) {
        return err_no_memory(err);
    }
    if (file_write(options->endpoints_file, 0644, lines, err) < 0) {
        return -1;
    }
    serving->wrote_endpoints = true;
    return 0;
}

/* Makes ca_file absolute, because clients read it from other working directories. */
static void make_ca_file_absolute(struct serving *serving)
{
    char *absolute = realpath(serving->tls.ca_file, NULL);
    if (absolute != NULL) {
        free(serving->tls.ca_file);
        serving->tls.ca_file = absolute;
    }
    serving->app.ca_file = serving->tls.ca_file;
}

static int open_signing_key(struct serving *serving, struct err *err)
{
    auto_free char *path = str_format("%s/tls/token.key", serving->options->data_dir);
    return path == NULL ? err_no_memory(err) : signing_key_open(path, err, &serving->app.signing_key);
}

static int read_roles(struct serving *serving, struct err *err)
{
    const char *file = serving->options->roles_file;
    return file[0] == '\0' ? 0 : roles_read(file, err, &serving->roles);
}

/* Connects rooms that may not include each other. */
static void connect_rooms(struct serving *serving)
{
    serving->app.routes = serving->table;
    serving->app.authenticate = auth_check;
    serving->app.roles = serving->roles;
    serving->app.authorize = authorize_request;
    serving->app.authorize_linked = authorize_linked;
    serving->app.authorize_item = authorize_item;
    serving->app.note_unknown = api_note_unknown;
    serving->app.describe = api_description_of;
    serving->app.show_migration = migration_show;
    serving->service = (struct service){.app = &serving->app,
                                        .options = serving->options,
                                        .prepare = dispatch_prepare,
                                        .run = request_points_run,
                                        .answered = count_and_log,
                                        .thread_end = end_thread};
}

/* Anybody who reaches the port could then read and overwrite databases. */
static int check_remote(const struct serving *serving, struct err *err)
{
    const struct options *options = serving->options;
    if (!httpd_is_remote(serving->httpd) || str_equals(options->auth, "strict")) {
        return 0;
    }
    if (!options->allow_remote && str_equals(options->auth, "none")) {
        return err_set(
            err, ERR_BAD_INPUT,
            "--listen %s lets other machines connect, and --auth none lets all of them read and "
            "overwrite databases: require tokens with --auth strict, or confirm with --allow-remote",
            options->listen);
    }
    log_event(LOG_WARNING, "other machines can use Malachite without a token; --auth strict requires one",
              "listen", options->listen, "auth", options->auth, NULL);
    return 0;
}

/* Returns an exit code, EXIT_CLEAN if it serves. */
static int start(struct serving *serving, struct err *err)
{
    const struct options *options = serving->options;
    struct app *app = &serving->app;
    if (route_table_new(routes, route_count, err, &serving->table) < 0 ||
        request_log_new((size_t)options->request_log, err, &app->request_log) < 0) {
        return EXIT_BUG;
    }
    app->durations = request_durations_new(routes, route_count);
    app->coverage = coverage_new();
    /* Without a cache every response is built again. With roles, a list depends on who asks for it. */
    app->answers = options->roles_file[0] != '\0' ? NULL : answer_cache_new();
    if (prepare_data_dir(serving, err) < 0) {
        return EXIT_BAD_CONFIGURATION;
    }
    lost_rules_report(options->data_dir);
    if (tls_prepare(options->data_dir, options->listen, options->tls_names, err, &serving->tls) < 0 ||
        open_signing_key(serving, err) < 0 || read_roles(serving, err) < 0) {
        return EXIT_BAD_CONFIGURATION;
    }
    make_ca_file_absolute(serving);
    connect_rooms(serving);
    if (options->endpoints_file[0] != '\0') {
        /* A file of an earlier process would send clients to the wrong place. */
        (void)unlink(options->endpoints_file);
    }
    if (httpd_open(&serving->service, &serving->tls, err, &serving->httpd) < 0) {
        return EXIT_SERVICE_MISSING;
    }
    if (check_remote(serving, err) < 0) {
        return EXIT_BAD_CONFIGURATION;
    }
    if (store_open(options->data_dir, options->key_file, err, &app->store) < 0) {
        return EXIT_BAD_CONFIGURATION;
    }
    if (executor_start(options, app->store, err, &app->executor) < 0 ||
        deployer_start(app, err, &app->deployer) < 0 || httpd_serve(serving->httpd, err) < 0) {
        return EXIT_SERVICE_MISSING;
    }
    return write_endpoints(serving, err) < 0 ? EXIT_BAD_CONFIGURATION : EXIT_CLEAN;
}

static void announce(const struct serving *serving)
{
    puts("Ready.");
    fflush(stdout);
    notify("READY=1");
    log_event(LOG_INFO, "serving", "listen", serving->options->listen, "http", httpd_http_url(serving->httpd),
              "https", httpd_https_url(serving->httpd), "ca", serving->tls.ca_file, "data",
              serving->options->data_dir, "subscription", serving->options->subscription_id, NULL);
}

/* Ends the process if stopping hangs. A crash would interrupt the same work. */
static void *end_late_stop(void *unused)
{
    (void)unused;
    clock_sleep_ms(STOP_LIMIT_MS);
    log_event(LOG_ERROR, "stopping took too long: exiting immediately", NULL);
    _exit(EXIT_BUG);
}

static void start_watchdog(void)
{
    pthread_t watchdog;
    if (pthread_create(&watchdog, NULL, end_late_stop, NULL) == 0) {
        pthread_detach(watchdog);
    }
}

/*
 * Also works on a half-started state. The executor's stop ends a request on a lane that waits for a remote
 * server; if even that takes too long, the system reclaims the remaining memory.
 */
static void stop(struct serving *serving)
{
    struct httpd *httpd = serving->httpd;
    bool drained = httpd == NULL || httpd_drain(httpd, clock_monotonic_ms() + DRAIN_MS);
    if (serving->wrote_endpoints) {
        (void)unlink(serving->options->endpoints_file);
    }
    deployer_stop(serving->app.deployer);
    executor_stop(serving->app.executor);
    if (!drained && !httpd_drain(httpd, clock_monotonic_ms() + LATE_DRAIN_MS)) {
        log_event(LOG_WARNING, "stopped with a request in progress", NULL);
        _exit(EXIT_CLEAN);
    }
    httpd_stop(httpd);
    request_log_free(serving->app.request_log);
    answer_cache_free(serving->app.answers);
    request_durations_free(serving->app.durations);
    coverage_free(serving->app.coverage);
    store_close(serving->app.store);
    signing_key_close(serving->app.signing_key);
    roles_free(serving->roles);
    tls_done(&serving->tls);
    route_table_free(serving->table);
    if (serving->lock_fd >= 0) {
        close(serving->lock_fd);
    }
}

/* libpq reads PGHOSTADDR, PGSERVICE and similar variables for everything that a connection does not
 * specify. */
static void forget_libpq_environment(void)
{
    for (char **variable = environ; *variable != NULL;) {
        auto_free char *name = strndup(*variable, strcspn(*variable, "="));
        bool ours = name != NULL && strncmp(name, "PG", 2) == 0;
        if (!ours || unsetenv(name) != 0) {
            variable++;
        }
    }
}

int serve(const struct options *options)
{
    /* One arena for the event loops and one for the rest keeps idle memory small. */
    mallopt(M_ARENA_MAX, 2);
    forget_libpq_environment();
    /* The machine's openssl.cnf is not needed; skipping it keeps startup time and memory small. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL);
    json_object_seed(0);
    block_signals();
    raise_file_limit(options);
    struct serving serving = {.options = options, .lock_fd = -1};
    serving.app.options = options;
    serving.app.started_us = clock_now_us();
    struct err err = {0};
    int result = start(&serving, &err);
    if (result == EXIT_CLEAN) {
        malloc_trim(0); /* memory that only the start needed */
        announce(&serving);
        int number = wait_for_signal();
        notify("STOPPING=1");
        log_event(LOG_INFO, "stopping", "signal", sigabbrev_np(number), NULL);
    } else {
        log_event(LOG_ERROR, "cannot start", "reason", err.message, NULL);
    }
    start_watchdog();
    stop(&serving);
    if (result == EXIT_CLEAN) {
        log_event(LOG_INFO, "stopped", NULL);
    }
    return result;
}
