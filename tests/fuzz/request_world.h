/* SPDX-License-Identifier: MIT */
/*
 * The environment for requests through the real routes, checks and handlers without a socket: a store with
 * a group and two servers, in memory. The executor exists but does not run, and the servers are
 * unreachable.
 */
#ifndef TESTS_FUZZ_REQUEST_WORLD_H
#define TESTS_FUZZ_REQUEST_WORLD_H

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "core/tokens/signing_key.h"
#include "executor/executor_parts.h"
#include "handlers/arm/app.h"
#include "handlers/arm/dispatch/dispatch.h"
#include "handlers/describe/openapi.h"
#include "server/request_log.h"
#include "server/route.h"

#define WORLD_SUBSCRIPTION "00000000-0000-4000-8000-00000000ca11"

enum { WORLD_CLOSED_PORT = 1 };

static char world_id[] = WORLD_SUBSCRIPTION;
static char world_texts[][16] = {"none", "malachite", "error", "rg", "eastus"};
static struct options options = {.subscription_id = world_id,
                                 .tenant_id = world_id,
                                 .client_id = world_id,
                                 .auth = world_texts[0],
                                 .client_secret = world_texts[1],
                                 .log_level = world_texts[2],
                                 .connect_timeout = 1,
                                 .retry_after = 1};
static struct executor executor;
static struct app app = {.options = &options, .executor = &executor};
static struct route_table *table;
static char directory[64];

static inline void world_require(bool holds, const char *what, const struct err *err)
{
    if (!holds) {
        fprintf(stderr, "cannot prepare requests: %s: %s\n", what, err->message);
        abort();
    }
}

static inline void world_remove_directory(void)
{
    DIR *entries = directory[0] == '\0' ? NULL : opendir(directory);
    if (entries == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        unlinkat(dirfd(entries), entry->d_name, 0);
    }
    closedir(entries);
    rmdir(directory);
}

static inline void world_add_server(enum server_kind kind, const char *name)
{
    struct err err = {0};
    auto_server struct server server = {
        .kind = kind, .major = 16, .state = SERVER_STATE_READY, .port = WORLD_CLOSED_PORT};
    server.subscription_id = str_dup(WORLD_SUBSCRIPTION);
    server.group = str_dup("rg");
    server.name = str_dup(name);
    server.location = str_dup("eastus");
    server.administrator = str_dup("adm");
    server.password = str_dup("hunter1");
    server.host = str_dup("127.0.0.1");
    server.properties = str_dup("{}");
    world_require(store_server_insert(app.store, &server, &err) == 0, "a server", &err);
}

/* Opens a fresh store and removes the previous one. */
static inline void world_open_store(void)
{
    struct err err = {0};
    store_close(app.store);
    app.store = NULL;
    world_remove_directory();
    snprintf(directory, sizeof(directory), "/dev/shm/malachite-requests-XXXXXX");
    world_require(mkdtemp(directory) != NULL, "a directory in /dev/shm", &err);
    world_require(store_open(directory, "", &err, &app.store) == 0, "a store", &err);
    const struct resource_group group = {
        .subscription_id = world_id, .name = world_texts[3], .location = world_texts[4]};
    world_require(store_group_put(app.store, &group, &err) == 0, "a group", &err);
    world_add_server(SERVER_FLEXIBLE, "target");
    world_add_server(SERVER_SINGLE, "source");
    executor.store = app.store;
}

static inline void world_begin(void)
{
    struct err err = {0};
    pthread_mutex_init(&executor.lock, NULL);
    pthread_cond_init(&executor.wake, NULL);
    executor.options = &options;
    world_require(route_table_new(routes, route_count, &err, &table) == 0, "the routes", &err);
    world_require(request_log_new(10, &err, &app.request_log) == 0, "a request log", &err);
    world_require(signing_key_open("/nonexistent/token.key", &err, &app.signing_key) == 0, "a key", &err);
    app.routes = table;
    app.note_unknown = api_note_unknown;
    app.describe = api_description_of;
}

static inline void world_end(void)
{
    store_close(app.store);
    app.store = NULL;
    world_remove_directory();
    route_table_free(table);
    request_log_free(app.request_log);
    signing_key_close(app.signing_key);
}

#endif
