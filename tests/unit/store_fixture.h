/* SPDX-License-Identifier: MIT */
/* A store in a directory of its own, with one target server, for the tests of the store. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "tests/unit/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/store.h"

#define SUBSCRIPTION "00000000-0000-4000-8000-00000000ca11"
#define MINUTE_US    ((int64_t)60 * 1000000)

static char fixture_dir[64];
static struct store *fixture_store;
static struct err fixture_err;
static int64_t fixture_target;

/* Fails the test with the store's message. */
#define assert_ok(expression)                                                                                \
    do {                                                                                                     \
        if ((expression) < 0) {                                                                              \
            fail_msg("%s: %s", #expression, fixture_err.message);                                            \
        }                                                                                                    \
    } while (0)

maybe_unused static char *fixture_path(const char *name)
{
    return str_format("%s/%s", fixture_dir, name);
}

maybe_unused static void fixture_reopen(void)
{
    store_close(fixture_store);
    fixture_store = NULL;
    assert_ok(store_open(fixture_dir, "", &fixture_err, &fixture_store));
}

maybe_unused static int64_t fixture_insert_server(const char *name, const char *password)
{
    struct server server = {.kind = SERVER_FLEXIBLE, .major = 16, .state = SERVER_STATE_READY, .port = 5432};
    server.subscription_id = str_dup(SUBSCRIPTION);
    server.group = str_dup("Shop");
    server.name = str_dup(name);
    server.location = str_dup("westeurope");
    server.administrator = str_dup("admin");
    server.password = str_dup(password);
    server.host = str_dup("127.74.0.1");
    assert_ok(store_server_insert(fixture_store, &server, &fixture_err));
    int64_t id = server.id;
    server_done(&server);
    return id;
}

/* A migration with two databases and all secrets, not in the store yet. */
maybe_unused static void fixture_fill_migration(struct migration *migration, const char *name)
{
    *migration = (struct migration){.target_id = fixture_target};
    migration_spec_init(&migration->spec);
    migration->name = str_dup(name);
    migration->location = str_dup("westeurope");
    migration->spec.source_server_id = str_dup("10.0.0.4:5432@shop");
    migration->spec.source_user = str_dup("shop");
    migration->spec.source_password = str_dup("hunter2-source");
    migration->spec.target_password = str_dup("hunter2-target");
    migration->spec.aad_secret = str_dup("hunter2-aad");
    migration->spec.mode = MODE_OFFLINE;
    migration->spec.overwrite = FLAG_FALSE;
    assert_true(str_list_add(&migration->spec.databases, "orders"));
    assert_true(str_list_add(&migration->spec.databases, "Orders"));
}

maybe_unused static int64_t fixture_insert_migration(const char *name)
{
    auto_migration struct migration migration = {0};
    fixture_fill_migration(&migration, name);
    assert_ok(store_migration_insert(fixture_store, &migration, &fixture_err));
    return migration.id;
}

maybe_unused static int fixture_set_up(void **state)
{
    (void)state;
    snprintf(fixture_dir, sizeof(fixture_dir), "/tmp/malachite-store-XXXXXX");
    if (mkdtemp(fixture_dir) == NULL || store_open(fixture_dir, "", &fixture_err, &fixture_store) < 0) {
        return -1;
    }
    fixture_target = fixture_insert_server("target", "s3cret-target");
    return 0;
}

maybe_unused static int fixture_tear_down(void **state)
{
    (void)state;
    store_close(fixture_store);
    fixture_store = NULL;
    DIR *entries = opendir(fixture_dir);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            auto_free char *path = fixture_path(entry->d_name);
            unlink(path);
        }
    }
    closedir(entries);
    return rmdir(fixture_dir);
}

#define store_test(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

#endif
