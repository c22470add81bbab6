"""--strict-service: what the migration service refuses is refused; without it, Malachite warns and goes on."""

import pytest

from arm import details_of, patience, unique, wait_until
from malachite import Pair
from strict import run_sql, validate

pytestmark = pytest.mark.timeout(patience(300))

# SQL in the database, what the message has, migration mode, whether Malachite warns (also of a superuser's target)
LIMITS = {
    "no key": ("CREATE TABLE nokey (a int)", "no primary key", "Online", True),
    "catalog grant": ("GRANT SELECT ON pg_catalog.pg_authid TO other_owner", "603410", "Offline", True),
    "cast": ("CREATE TYPE shade AS ENUM ('a'); CREATE CAST (shade AS int) WITH INOUT", "603409", "Offline", False),
    "extension in pg_catalog": ("CREATE EXTENSION adminpack", "603407", "Offline", False),
    "postgres_fdw": ("CREATE EXTENSION postgres_fdw", "603405", "Offline", True),
    "extension that is not allowed": ("CREATE EXTENSION citext", "603108", "Offline", False),
    "text search parser": (
        "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,"
        " LEXTYPES = prsd_lextype)",
        "Text search parsers",
        "Online",
        False,
    ),
    "wrapper": ("CREATE FOREIGN DATA WRAPPER w", "Foreign data wrappers", "Offline", False),
    "operator class": (
        "CREATE OPERATOR CLASS oc FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int)",
        "Operator classes",
        "Offline",
        False,
    ),
}


@pytest.mark.parametrize("what", LIMITS)
def test_a_limit_of_the_service_fails_only_when_it_is_strict(strict, base, what):
    sql, text, mode, warns = LIMITS[what]
    run_sql(strict[0].source.postgres, sql, base)
    state, error, _ = validate(strict[0], [base], migrationMode=mode)
    assert state == "ValidationFailed" and text in error, error
    state, _, messages = validate(strict[1], [base], migrationMode=mode)
    assert state == "Succeeded", messages
    assert any(level == "Warning" and text in message for level, message in messages) == warns, messages


def test_an_allowed_extension_passes(strict, base):
    pair = strict[0]
    run_sql(pair.source.postgres, "CREATE EXTENSION hstore", base)
    path = f"{pair.target.id}/configurations/azure.extensions"
    pair.arm.wait_operation(
        pair.arm.request("PATCH", path, {"properties": {"value": "hstore", "source": "user-override"}}, status=202)
    )
    assert validate(pair, [base])[0] == "Succeeded"


def test_tables_of_others_cannot_be_published(strict, base):
    source = strict[0].source.postgres
    role = unique("r")
    run_sql(source, f"CREATE ROLE {role} LOGIN REPLICATION PASSWORD 'Zx-4-publish'", base)
    run_sql(source, f'GRANT CREATE ON DATABASE "{base}" TO {role}', base)
    run_sql(source, f"CREATE TABLE theirs (a int PRIMARY KEY); GRANT SELECT ON theirs TO {role}", base)
    for pair, expected in zip(strict, ("ValidationFailed", "Succeeded")):
        secrets = {
            "adminCredentials": {"sourceServerPassword": "Zx-4-publish", "targetServerPassword": pair.target.password},
            "sourceServerUsername": role,
        }
        state, error, messages = validate(pair, [base], migrationMode="Online", secretParameters=secrets)
        assert state == expected and "belong to others" in error + str(messages), (error, messages)
    run_sql(source, f"DROP OWNED BY {role}; DROP ROLE {role}", base)


def test_one_active_migration_or_validation_per_target(strict, base):
    pair = strict[0]
    first = pair.put(None)
    for option in ("Migrate", "Validate"):
        error = pair.put([base], status=409, migrationOption=option).created["error"]
        assert error["code"] == "ActiveMigrationLimitReached" and "--strict-service" in error["message"]
    first.delete()
    second = pair.put(None)
    second.cancel()
    second.wait("Canceled")


def test_roles_move_from_single_servers_only_and_superusers_never(strict, base):
    pair = strict[0]
    address = f"127.0.0.1:{pair.source.postgres.port}@{pair.source.login}"
    body = pair.body([base], sourceDbServerResourceId=address, migrateRoles="True")
    body["properties"]["secretParameters"]["adminCredentials"]["sourceServerPassword"] = pair.source.password
    migration = pair.arm.put_migration(pair.source, pair.target, [base], body=body)
    assert "single servers only" in migration.fail()
    role = unique("su")
    run_sql(pair.source.postgres, f"CREATE ROLE {role} SUPERUSER", base)
    assert f"`{role}`" in pair.put([base]).fail()
    run_sql(pair.source.postgres, f"DROP ROLE {role}", base)


def test_entra_roles_have_to_be_on_the_target(strict, base):
    source = strict[0].source.postgres
    run_sql(source, "CREATE ROLE azure_ad_user; CREATE ROLE entra_person IN ROLE azure_ad_user", base)
    state, error, _ = validate(strict[0], [base])
    assert state == "ValidationFailed" and "603103" in error and "`entra_person`" in error, error
    state, _, messages = validate(strict[1], [base])
    assert state == "Succeeded" and any("603103" in message for _, message in messages), messages
    run_sql(source, "DROP ROLE entra_person, azure_ad_user", base)


def test_an_existing_database_is_not_waited_for(strict, base):
    pair = strict[0]
    run_sql(pair.source.postgres, "CREATE TABLE t (a int PRIMARY KEY)", base)
    pair.target.postgres.create_database(base)
    run_sql(pair.target.postgres, "CREATE TABLE here (a int)", base)
    assert "603101" in pair.put([base]).fail()
    pair.put([base], overwriteDbsInTarget="True").succeed()
    pair.target.postgres.drop_database(base)


def test_a_missing_migration_and_a_newer_api_version_answer_as_the_service_does(strict):
    arm = strict[0].arm
    error = arm.error("GET", f"{strict[0].target.id}/migrations/none", 400, "InvalidInput")
    assert "MigrationResourceId" in error["message"]
    strict[1].arm.error("GET", f"{strict[1].target.id}/migrations/none", 404, "ResourceNotFound")
    arm.error("GET", strict[0].target.id, 400, "NoRegisteredProviderFound", api_version="2031-01-01")


def test_an_error_in_the_style_of_azure(strict):
    migration = strict[1].put(["nowhere-to-be-found"])
    body = migration.created
    expected = f"DB002: Migration failed. Please reference MigrationId {body['properties']['migrationId']}, when"
    assert migration.fail().startswith(expected)


def test_obstacles_for_slot_and_target_are_warned_about(strict, base, request):
    pair = strict[1]
    connection = pair.source.postgres.connect(dbname=base)
    request.addfinalizer(connection.close)
    cursor = connection.cursor()
    cursor.execute("BEGIN; CREATE TABLE busy (a int)")
    age = "SELECT extract(epoch FROM now() - xact_start) FROM pg_stat_activity WHERE pid = %s"
    wait_until(lambda: pair.source.postgres.value(age, (connection.info.backend_pid,)) > 6, 20, "an old transaction")
    body = {"properties": {"highAvailability": {"mode": "ZoneRedundant"}}}
    pair.arm.wait_operation(pair.arm.request("PATCH", pair.target.id, body, status=202))
    _, _, messages = validate(pair, [base], migrationMode="Online")
    texts = " ".join(message for _, message in messages)
    assert "Transactions run on the source server for a long time" in texts, texts
    assert "High availability is on" in texts, texts
    assert details_of(pair.put([base], migrationOption="Validate").succeed(), base) == {}


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_from_flexible_server_to_flexible_server(strict, base, mode):
    """It works here; users report that the service fails."""
    malachite, target = strict[1].malachite, strict[1].target
    source = malachite.attach(f"flexible{mode.lower()}", strict[1].source.postgres)
    run_sql(
        source.postgres, "CREATE TABLE t AS SELECT generate_series(1, 3) AS a; ALTER TABLE t ADD PRIMARY KEY (a)", base
    )
    migration = Pair(malachite, source, target).put([base], migrationMode=mode)
    if mode == "Online":
        migration.wait("WaitingForCutoverTrigger")
        migration.patch(triggerCutover="True")
    assert migration.succeed()["properties"]["sourceType"] == "PostgreSQLFlexibleServer"
    assert target.postgres.value("SELECT count(*) FROM t", dbname=base) == 3
    target.postgres.drop_database(base)
