/* SPDX-License-Identifier: MIT */
/* Opening: files, key, schema version, damage, one process at a time. */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

static void close_fixture(void)
{
    store_close(fixture_store);
    fixture_store = NULL;
}

/* Opening fails, and the message has this part. */
static void assert_refused(const char *part)
{
    struct err err = {0};
    struct store *store = NULL;
    assert_int_equal(store_open(fixture_dir, "", &err, &store), -1);
    assert_null(store);
    if (strstr(err.message, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, err.message);
    }
}

static void write_file(const char *name, const char *content, size_t len)
{
    auto_free char *path = fixture_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    close(fd);
}

static void run_sql(const char *sql)
{
    auto_free char *path = fixture_path("malachite.db");
    sqlite3 *sqlite = NULL;
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

static void files_are_for_their_owner_only(void **state)
{
    (void)state;
    static const char *const names[] = {"malachite.db", "malachite.db-wal", "malachite.key"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_free char *path = fixture_path(names[i]);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void everything_is_there_after_opening_again(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    fixture_reopen();
    auto_migration struct migration migration = {0};
    auto_server struct server server = {0};
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, &migration), 1);
    assert_string_equal(migration.spec.source_password, "hunter2-source");
    assert_int_equal(store_server_get_by_id(fixture_store, fixture_target, &fixture_err, &server), 1);
    assert_string_equal(server.password, "s3cret-target");
}

static void a_second_process_is_refused(void **state)
{
    (void)state;
    assert_refused("in use by another Malachite");
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    close_fixture();
    run_sql("PRAGMA user_version = 9999");
    assert_refused("newer Malachite (schema 9999");
}

/* The file as it was before servers of two subscriptions could have one name. */
static const char schema_11[] =
    "DROP TRIGGER change_event_of_new_migration;DROP TRIGGER change_event_of_migration;"
    "DROP TRIGGER change_event_of_note;DROP TRIGGER coverage_of_new_migration;"
    "DROP TRIGGER coverage_of_migration;DROP TRIGGER frame_of_new_migration;"
    "DROP TRIGGER frame_of_migration;DROP TRIGGER frame_of_database;DROP VIEW migration_resource;"
    "DROP TABLE migration_series; ALTER TABLE migration_database DROP COLUMN last_change_us;"
    "DROP TABLE change_event;DROP TABLE coverage;DROP TABLE frame;DROP TABLE recording;"
    "DROP TABLE replay;"
    "CREATE TABLE old (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
    " subscription_id TEXT NOT NULL COLLATE NOCASE, group_name TEXT NOT NULL COLLATE NOCASE,"
    " name TEXT NOT NULL COLLATE NOCASE UNIQUE, location TEXT, tags TEXT, sku TEXT, properties TEXT,"
    " major INTEGER NOT NULL DEFAULT 0, administrator TEXT, password BLOB, state TEXT NOT NULL, message TEXT,"
    " attached INTEGER NOT NULL DEFAULT 0, host TEXT, port INTEGER NOT NULL DEFAULT 0,"
    " created_us INTEGER NOT NULL, minor INTEGER NOT NULL DEFAULT 0) STRICT;"
    "INSERT INTO old SELECT id, kind, subscription_id, group_name, name, location, tags, sku, properties, "
    "major,"
    " administrator, password, state, message, attached, host, port, created_us, minor FROM server;"
    "UPDATE sqlite_sequence SET seq = 77 WHERE name = 'old';"
    "PRAGMA legacy_alter_table = ON; DROP TABLE server; ALTER TABLE old RENAME TO server;"
    "DROP TABLE restore; DROP TABLE subscription; ALTER TABLE migration DROP COLUMN error_code;"
    "ALTER TABLE migration DROP COLUMN error_facts; ALTER TABLE migration_database DROP COLUMN error_code;"
    "PRAGMA user_version = 11";

static void an_older_file_keeps_its_rows(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    close_fixture();
    run_sql(schema_11);
    fixture_reopen();
    auto_migration struct migration migration = {0};
    auto_server struct server server = {0};
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, &migration), 1);
    assert_int_equal(store_server_get_by_id(fixture_store, fixture_target, &fixture_err, &server), 1);
    assert_string_equal(server.password, "s3cret-target");
    assert_string_equal(server.instance, "target");
    assert_int_equal(fixture_insert_server("later", "p"), 78);
    assert_ok(store_server_delete(fixture_store, fixture_target, &fixture_err));
    auto_migration struct migration none = {0};
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, &none), 0);
}

static void a_database_of_another_program_is_refused(void **state)
{
    (void)state;
    close_fixture();
    auto_free char *path = fixture_path("malachite.db");
    unlink(path);
    run_sql("CREATE TABLE song (title TEXT)");
    assert_refused("the database of another program");
}

static void a_damaged_file_is_refused(void **state)
{
    (void)state;
    close_fixture();
    char garbage[8192];
    memset(garbage, 'g', sizeof(garbage));
    write_file("malachite.db", garbage, sizeof(garbage));
    assert_refused("is damaged");
}

static void a_missing_directory_is_named(void **state)
{
    (void)state;
    struct err err = {0};
    struct store *store = NULL;
    assert_int_equal(store_open("/tmp/malachite-nowhere/at/all", "", &err, &store), -1);
    assert_non_null(strstr(err.message, "/tmp/malachite-nowhere/at/all"));
}

static void a_database_that_cannot_be_written_is_refused(void **state)
{
    (void)state;
    close_fixture();
    auto_free char *path = fixture_path("malachite.db");
    if (geteuid() == 0) {
        unlink(path);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_refused("cannot be opened");
        rmdir(path);
        return;
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_refused("cannot be");
}

static void a_missing_key_is_refused_when_something_is_sealed(void **state)
{
    (void)state;
    close_fixture();
    auto_free char *path = fixture_path("malachite.key");
    unlink(path);
    assert_refused("is missing");
    assert_int_equal(access(path, F_OK), -1);
}

static void a_missing_key_is_made_anew_when_nothing_is_sealed(void **state)
{
    (void)state;
    assert_ok(store_server_delete(fixture_store, fixture_target, &fixture_err));
    close_fixture();
    auto_free char *path = fixture_path("malachite.key");
    unlink(path);
    assert_ok(store_open(fixture_dir, "", &fixture_err, &fixture_store));
    fixture_insert_server("other", "password");
    fixture_reopen();
}

static void a_wrong_key_is_refused(void **state)
{
    (void)state;
    close_fixture();
    char key[32] = {7};
    write_file("malachite.key", key, sizeof(key));
    assert_refused("is not the key");
    write_file("malachite.key", key, 31);
    assert_refused("31 bytes");
}

static void a_key_for_everyone_is_refused(void **state)
{
    (void)state;
    close_fixture();
    auto_free char *path = fixture_path("malachite.key");
    assert_int_equal(chmod(path, 0644), 0);
    assert_refused("can be read by others");
}

/* Looks for a text in all files of the directory. */
static bool any_file_holds(const char *text)
{
    bool found = false;
    DIR *entries = opendir(fixture_dir);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        auto_free char *path = fixture_path(entry->d_name);
        FILE *file = fopen(path, "re");
        static char content[4 << 20];
        size_t len = file == NULL ? 0 : fread(content, 1, sizeof(content), file);
        found = found || memmem(content, len, text, strlen(text)) != NULL;
        if (file != NULL) {
            fclose(file);
        }
    }
    closedir(entries);
    return found;
}

static void no_file_holds_a_secret_in_clear(void **state)
{
    (void)state;
    fixture_insert_migration("m1");
    assert_true(any_file_holds("127.74.0.1"));
    assert_false(any_file_holds("s3cret"));
    assert_false(any_file_holds("hunter2"));
    fixture_reopen();
    assert_false(any_file_holds("s3cret"));
    assert_false(any_file_holds("hunter2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(files_are_for_their_owner_only),
        store_test(everything_is_there_after_opening_again),
        store_test(a_second_process_is_refused),
        store_test(a_newer_schema_is_refused),
        store_test(an_older_file_keeps_its_rows),
        store_test(a_database_of_another_program_is_refused),
        store_test(a_damaged_file_is_refused),
        store_test(a_missing_directory_is_named),
        store_test(a_database_that_cannot_be_written_is_refused),
        store_test(a_missing_key_is_refused_when_something_is_sealed),
        store_test(a_missing_key_is_made_anew_when_nothing_is_sealed),
        store_test(a_wrong_key_is_refused),
        store_test(a_key_for_everyone_is_refused),
        store_test(no_file_holds_a_secret_in_clear),
    };
    return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}
