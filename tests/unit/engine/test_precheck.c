/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "engine/precheck/precheck.h"
#include "tests/unit/postgres.h"

static struct postgres source_server;
static struct postgres target_server;
static struct postgres plain_server; /* wal_level replica */
static bool running;

#define NEEDS_SERVERS                                                                                        \
    if (!running) {                                                                                          \
        skip();                                                                                              \
    }

/* The variable parts of a test's plan; the rest is two superusers, no duplicates and a pg_dump for every
 * major. */
struct variation {
    const char *source_user;
    const char *target_user;
    const char *database;
    const char *second_database;
    const char *data_dir;
    int64_t storage_mb;
    bool no_tools;
    bool target_gone;
    bool wrong_password;
    bool plain_source;
    bool roles;
    bool online;
    bool setup;
};

static void run(const struct variation *vary, struct findings *findings)
{
    struct endpoint source = postgres_endpoint(vary->plain_source ? &plain_server : &source_server,
                                               vary->source_user != NULL ? vary->source_user : "postgres");
    struct endpoint target =
        postgres_endpoint(&target_server, vary->target_user != NULL ? vary->target_user : "postgres");
    source.label = (char *)(uintptr_t) "source server 'shop'";
    target.label = (char *)(uintptr_t) "target server 'shop-flex'";
    target.port = vary->target_gone ? 1 : target.port;
    if (vary->wrong_password) {
        source.host = (char *)(uintptr_t) "127.0.0.1";
        source.password = (char *)(uintptr_t) "wrong donkey";
    }
    struct tools tools = {.majors = {{.major = 99, .client_bin = (char *)(uintptr_t) "/nowhere"}},
                          .count = 1};
    struct tools none = {.count = 0};
    auto_str_list struct str_list databases = {0};
    assert_true(str_list_add(&databases, vary->database));
    assert_true(vary->second_database == NULL || str_list_add(&databases, vary->second_database));
    struct precheck plan = {.source = &source,
                            .target = &target,
                            .databases = &databases,
                            .roles = vary->roles,
                            .online = vary->online,
                            .setup = vary->setup,
                            .tools = vary->no_tools ? &none : &tools,
                            .target_storage_mb = vary->storage_mb,
                            .target_data_dir = vary->data_dir};
    struct err err = {0};
    if (precheck_run(&plan, &err, findings) != 0) {
        fail_msg("%s", err.message);
    }
    for (size_t i = 0; i < findings->count && getenv("MALACHITE_TEST_VERBOSE") != NULL; i++) {
        const struct finding *finding = &findings->items[i];
        print_message("%s %d %s [%s] %s\n", finding->level == FINDING_FAILED ? "FAILED" : "WARNING",
                      finding->code, finding->type, finding->database != NULL ? finding->database : "",
                      finding->message);
    }
}

static void assert_found(const struct findings *findings, enum finding_level level, int code,
                         const char *text)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->level == level && finding->code == code && strstr(finding->message, text) != NULL) {
            return;
        }
    }
    for (size_t i = 0; i < findings->count; i++) {
        print_error("%d: %s\n", findings->items[i].code, findings->items[i].message);
    }
    fail_msg("no finding %d with '%s' among %zu", code, text, findings->count);
}

#define EXPECT(level, code, text, ...)                                                                       \
    do {                                                                                                     \
        struct variation vary_ = {__VA_ARGS__};                                                              \
        struct findings findings_ = {0};                                                                     \
        run(&vary_, &findings_);                                                                             \
        assert_found(&findings_, level, code, text);                                                         \
        findings_done(&findings_);                                                                           \
    } while (0)

static void a_simple_database_has_no_findings(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(postgres_sql(&source_server, "postgres", "CREATE DATABASE simple TEMPLATE template0"));
    assert_true(postgres_sql(&source_server, "simple",
                             "CREATE TABLE public.t (a int PRIMARY KEY, b text COLLATE pg_catalog.\"C\")"));
    struct findings findings = {0};
    struct variation vary = {.database = "simple", .data_dir = "/tmp", .storage_mb = 32768};
    run(&vary, &findings);
    assert_false(findings_failed(&findings));
    /* The owner of its tables is postgres, a role that the target also has. */
    assert_int_equal(findings.count, 0);
    findings_done(&findings);
}

static void tells_what_is_wrong_with_the_connections(void **state)
{
    (void)state;
    NEEDS_SERVERS
    struct findings findings = {0};
    struct variation vary = {.database = "simple", .wrong_password = true, .target_gone = true};
    run(&vary, &findings);
    assert_int_equal(findings.count, 2);
    assert_true(findings_failed(&findings));
    assert_found(&findings, FINDING_FAILED, 603100, "password authentication failed");
    assert_found(&findings, FINDING_FAILED, 603000, "target server 'shop-flex'");
    assert_string_equal(findings.items[0].sqlstate, "28P01");
    assert_null(strstr(findings.items[0].message, "donkey"));
    findings_done(&findings);
}

static void tells_how_to_get_a_pg_dump(void **state)
{
    (void)state;
    NEEDS_SERVERS
    EXPECT(FINDING_FAILED, 0, "restart Malachite", .database = "simple", .no_tools = true);
}

static void lists_the_databases_that_exist(void **state)
{
    (void)state;
    NEEDS_SERVERS
    EXPECT(FINDING_FAILED, 603102, "`nowhere`", .database = "nowhere");
    EXPECT(FINDING_FAILED, 603102, "`simple`", .database = "nowhere");
    EXPECT(FINDING_FAILED, 0, "named twice", .database = "simple", .second_database = "simple");
}

static void notices_what_the_target_user_may_not(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(postgres_sql(&target_server, "postgres", "CREATE ROLE poor LOGIN"));
    EXPECT(FINDING_FAILED, 0, "ALTER ROLE \"poor\" CREATEDB", .database = "simple", .target_user = "poor");
    EXPECT(FINDING_FAILED, 603117, "`postgres` exists there", .database = "postgres", .target_user = "poor");
    assert_true(postgres_sql(&target_server, "postgres", "ALTER ROLE poor CREATEDB"));
    assert_true(postgres_sql(&source_server, "simple", "CREATE CAST (public.t AS text) WITH INOUT"));
    assert_true(
        postgres_sql(&source_server, "simple",
                     "CREATE FUNCTION public.et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"));
    assert_true(
        postgres_sql(&source_server, "simple",
                     "CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE PROCEDURE public.et()"));
    EXPECT(FINDING_WARNING, 603409, "CAST (public.t AS text)", .database = "simple", .target_user = "poor");
    EXPECT(FINDING_WARNING, 0, "`watcher`", .database = "simple", .target_user = "poor");
    struct findings findings = {0};
    struct variation vary = {.database = "simple"};
    run(&vary, &findings);
    assert_int_equal(findings.count, 0);
    findings_done(&findings);
}

static void notices_what_the_source_user_cannot_read(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(postgres_sql(
        &source_server, "simple",
        "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA public TO reader;"
        "CREATE TABLE public.guarded (a int); ALTER TABLE public.guarded ENABLE ROW LEVEL SECURITY;"
        "GRANT SELECT ON public.guarded TO reader; SELECT lo_create(77)"));
    EXPECT(FINDING_FAILED, 603110, "`public.t`", .database = "simple", .source_user = "reader");
    EXPECT(FINDING_FAILED, 603110, "Row level security", .database = "simple", .source_user = "reader");
    EXPECT(FINDING_FAILED, 603110, "`77`", .database = "simple", .source_user = "reader");
}

static void names_missing_roles_and_grants_on_catalogs(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(postgres_sql(&source_server, "simple",
                             "CREATE ROLE \"odd role\"; GRANT SELECT ON pg_catalog.pg_authid TO \"odd role\";"
                             "ALTER TABLE public.guarded OWNER TO \"odd role\""));
    EXPECT(FINDING_WARNING, 603410, "REVOKE SELECT ON pg_catalog.pg_authid FROM \"odd role\"",
           .database = "simple");
    EXPECT(FINDING_WARNING, 0, "`odd role`", .database = "simple");
}

static void wants_a_source_that_can_be_followed(void **state)
{
    (void)state;
    NEEDS_SERVERS
    struct findings findings = {0};
    struct variation offline = {.database = "postgres", .plain_source = true};
    run(&offline, &findings);
    assert_int_equal(findings.count, 0);
    findings_done(&findings);
    EXPECT(FINDING_FAILED, 603107, "`wal_level` is `replica`", .database = "postgres", .plain_source = true,
           .online = true);
    EXPECT(FINDING_WARNING, 603107, "It will be set", .database = "postgres", .plain_source = true,
           .online = true, .setup = true);
    assert_true(postgres_sql(&plain_server, "postgres", "CREATE ROLE reader LOGIN"));
    EXPECT(FINDING_FAILED, 603104, "ALTER ROLE \"reader\" REPLICATION", .database = "postgres",
           .plain_source = true, .source_user = "reader", .online = true);
    EXPECT(FINDING_FAILED, 603110, "GRANT CREATE ON DATABASE \"postgres\" TO \"reader\"",
           .database = "postgres", .plain_source = true, .source_user = "reader", .online = true);
    assert_true(
        postgres_sql(&source_server, "postgres",
                     "SELECT pg_create_physical_replication_slot('full' || i) FROM generate_series(1, "
                     "current_setting('max_replication_slots')::int - 1) i"));
    struct variation one = {.database = "postgres", .online = true};
    run(&one, &findings);
    assert_int_equal(findings.count, 0);
    findings_done(&findings);
    EXPECT(FINDING_FAILED, 603105, "leaves `1`, the migration needs `2`", .database = "postgres",
           .second_database = "simple", .online = true);
    assert_true(postgres_sql(&source_server, "postgres",
                             "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"));
}

static void tells_what_does_not_follow(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(postgres_sql(&source_server, "postgres", "CREATE DATABASE live TEMPLATE template0"));
    assert_true(postgres_sql(
        &source_server, "live",
        "SET search_path = public; CREATE TABLE keyed (a int PRIMARY KEY); CREATE TABLE whole (a int); ALTER "
        "TABLE whole REPLICA "
        "IDENTITY FULL;"
        "CREATE TABLE late (a int PRIMARY KEY DEFERRABLE); CREATE TABLE keyless (a int);"
        "CREATE TABLE parts (a int) PARTITION BY RANGE (a);"
        "CREATE TABLE part PARTITION OF parts DEFAULT;"
        "CREATE TABLE by_index (a int NOT NULL); CREATE UNIQUE INDEX by ON by_index (a);"
        "ALTER TABLE by_index REPLICA IDENTITY USING INDEX by;"
        "CREATE UNLOGGED TABLE unlogged (a int); CREATE SEQUENCE numbers; SELECT lo_create(4711);"
        "CREATE MATERIALIZED VIEW seen AS SELECT 1 AS a"));
    static const char *const texts[] = {
        "Tables have no primary key or other replica identity: `public.keyless`, `public.late`, "
        "`public.part`. ",
        "Tables are unlogged: `public.unlogged`. ", "The database has large objects: `4711`. ",
        "The database has sequences: `public.numbers`. ",
        "The database has materialized views: `public.seen`. "};
    struct findings findings = {0};
    struct variation vary = {.database = "live", .online = true};
    run(&vary, &findings);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_found(&findings, FINDING_WARNING, 0, texts[i]);
    }
    assert_int_equal(findings.count, ARRAY_LEN(texts));
    findings_done(&findings);
    assert_true(
        postgres_sql(&source_server, "live",
                     "CREATE ROLE follower LOGIN REPLICATION; GRANT CREATE ON DATABASE live TO follower"));
    EXPECT(FINDING_WARNING, 0, "because they belong to others: `public.by_index`", .database = "live",
           .source_user = "follower", .online = true);
}

static void roles_need_a_target_user_who_may_make_them(void **state)
{
    (void)state;
    NEEDS_SERVERS
    EXPECT(FINDING_FAILED, 603116, "ALTER ROLE \"poor\" CREATEROLE", .database = "simple",
           .target_user = "poor", .roles = true);
}

static void refuses_locales_and_extensions_that_the_target_lacks(void **state)
{
    (void)state;
    NEEDS_SERVERS
    /* These cannot occur on a real server: the test changes the catalogs. */
    assert_true(postgres_sql(&target_server, "postgres",
                             "DELETE FROM pg_catalog.pg_collation WHERE collname = 'ucs_basic'"));
    assert_true(
        postgres_sql(&source_server, "simple",
                     "CREATE TABLE public.c (a text COLLATE pg_catalog.ucs_basic);"
                     "CREATE COLLATION public.own (LC_COLLATE = 'C', LC_CTYPE = 'C');"
                     "UPDATE pg_catalog.pg_collation SET collcollate = 'xx_XX.utf8', collctype = 'xx_XX.utf8'"
                     " WHERE collname = 'own';"
                     "UPDATE pg_catalog.pg_extension SET extname = 'no_such_extension'"));
    EXPECT(FINDING_FAILED, 603402, "`ucs_basic` is used by 1 column(s), first by `public.c.a`",
           .database = "simple");
    EXPECT(FINDING_FAILED, 603403, "`own` uses the libc locale `xx_XX.utf8`", .database = "simple");
    EXPECT(FINDING_FAILED, 603408, "`no_such_extension`", .database = "simple");
    assert_true(
        postgres_sql(&source_server, "simple",
                     "UPDATE pg_catalog.pg_extension SET extname = 'plpgsql'; DROP COLLATION public.own;"
                     "DROP TABLE public.c"));
}

static void wants_enough_disk_space(void **state)
{
    (void)state;
    NEEDS_SERVERS
    EXPECT(FINDING_FAILED, 0, "too little disk space", .database = "simple", .data_dir = "/proc");
    EXPECT(FINDING_WARNING, 0, "1.25 times the size", .database = "simple", .storage_mb = 5);
}

static void refuses_a_read_only_target(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(
        postgres_sql(&target_server, "postgres", "ALTER SYSTEM SET default_transaction_read_only = on"));
    assert_true(postgres_sql(&target_server, "postgres", "SELECT pg_reload_conf()"));
    clock_sleep_ms(500);
    EXPECT(FINDING_FAILED, 0, "target server is read-only", .database = "simple");
}

static void stops_when_asked(void **state)
{
    (void)state;
    NEEDS_SERVERS
    struct endpoint endpoint = postgres_endpoint(&source_server, "postgres");
    struct str_list databases = {0};
    struct stop stop = {.kind = STOP_CANCEL};
    struct precheck plan = {.source = &endpoint, .target = &endpoint, .databases = &databases, .stop = &stop};
    struct findings findings = {0};
    struct err err = {0};
    assert_int_equal(precheck_run(&plan, &err, &findings), -1);
    assert_int_equal(err.code, ERR_CANCELED);
}

static int start_servers(void **state)
{
    (void)state;
    running = postgres_start(&source_server, NULL) && postgres_start(&target_server, NULL) &&
              postgres_start(&plain_server, "-cwal_level=replica");
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    postgres_stop(&source_server);
    postgres_stop(&target_server);
    postgres_stop(&plain_server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_simple_database_has_no_findings),
        cmocka_unit_test(tells_what_is_wrong_with_the_connections),
        cmocka_unit_test(tells_how_to_get_a_pg_dump),
        cmocka_unit_test(lists_the_databases_that_exist),
        cmocka_unit_test(notices_what_the_target_user_may_not),
        cmocka_unit_test(notices_what_the_source_user_cannot_read),
        cmocka_unit_test(names_missing_roles_and_grants_on_catalogs),
        cmocka_unit_test(wants_a_source_that_can_be_followed),
        cmocka_unit_test(tells_what_does_not_follow),
        cmocka_unit_test(roles_need_a_target_user_who_may_make_them),
        cmocka_unit_test(refuses_locales_and_extensions_that_the_target_lacks),
        cmocka_unit_test(wants_enough_disk_space),
        cmocka_unit_test(refuses_a_read_only_target),
        cmocka_unit_test(stops_when_asked),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
