"""Every other rule of docs/strict.md: the service's refusals that need more than SQL in the database (those are in
test_strict_service.py). With the switch the validation fails with the rule's words, without it they are a warning."""

import contextlib
import pathlib

import pytest
from arm import patience, unique, wait_until
from strict import run_sql, validate

pytestmark = pytest.mark.timeout(patience(300))

FAKE = (
    "SET allow_system_table_mods = on; INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable,"
    " extversion) VALUES (99999, '{}', 10, 2200, false, '{}')"
)
LANGUAGE = (
    "CREATE FUNCTION lost() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';"
    " CREATE LANGUAGE lost HANDLER lost; SET allow_system_table_mods = on;"
    " UPDATE pg_proc SET probin = '$libdir/lost' WHERE proname = 'lost'"
)
TYPE = (
    "CREATE TYPE depth; CREATE FUNCTION depth_in(cstring) RETURNS depth LANGUAGE internal IMMUTABLE STRICT AS 'textin';"
    " CREATE FUNCTION depth_out(depth) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';"
    " CREATE TYPE depth (INPUT = depth_in, OUTPUT = depth_out, LIKE = text)"
)
# SQL in the database, what the message has, mode, and whether Malachite warns although the target's user is a superuser
INSIDE = {
    "timescaledb online": (FAKE.format("timescaledb", "2.1"), "`timescaledb` is migrated", "Online", True),
    "pg_partman 4 to 5": (FAKE.format("pg_partman", "4.7.4"), "`pg_partman` is not migrated", "Offline", True),
    "a lost language": (LANGUAGE, "603413", "Offline", True),
    "base type": (TYPE, "Base types", "Offline", False),
    "function in C": (
        "CREATE FUNCTION h() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'",
        "Functions are written in C",
        "Offline",
        True,
    ),
    "access method": ("CREATE ACCESS METHOD bt TYPE INDEX HANDLER bthandler", "access methods", "Offline", False),
    "text search template": (
        "CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)",
        "Text search parsers or templates",
        "Offline",
        False,
    ),
}


def both(strict, base, text, warns=True, **properties):
    """What the strict one refuses, the other one warns about, or not."""
    state, error, _ = validate(strict[0], [base], **properties)
    assert state == "ValidationFailed" and text in error, error
    _, _, messages = validate(strict[1], [base], **properties)
    found = {level for level, message in messages if text in message}
    assert found == ({"Warning"} if warns else set()), messages


@pytest.mark.parametrize("what", INSIDE)
def test_objects_that_the_service_refuses(strict, base, what):
    sql, text, mode, warns = INSIDE[what]
    run_sql(strict[0].source.postgres, sql, base)
    both(strict, base, text, warns, migrationMode=mode)


def test_timescaledb_offline_and_pg_partman_5_pass(strict, base):
    run_sql(strict[0].source.postgres, FAKE.format("timescaledb", "2.1"), base)
    _, error, messages = validate(strict[0], [base])
    assert "is migrated by the service offline only" not in error + str(messages)


@pytest.mark.parametrize("extension", ["azure", "pgaadauth"])
def test_extensions_of_the_platform(strict, base, extension):
    """Refused from a flexible server only."""
    text = f"`{extension}` is not migrated by the service from a flexible server"
    run_sql(strict[0].source.postgres, FAKE.format(extension, "1.0"), base)
    for pair, level in zip(strict, ("Failed", "Warning")):
        _, _, messages = validate(pair, [base])
        assert not any(text in message for _, message in messages), messages
        flexible = pair.malachite.attach(unique("flex"), pair.source.postgres)
        _, _, messages = validate(pair, [base], sourceDbServerResourceId=flexible.id)
        assert (level, text) in [(one, text) for one, message in messages if text in message], messages


def test_limits_of_the_source_and_the_target(strict, base, request):
    """One restart of both servers for the parameters that need one."""
    source, target = strict[0].source.postgres, strict[0].target.postgres

    def restart():
        source.conf.pop("max_wal_senders", None)
        source.conf.pop("default_transaction_read_only", None)
        target.conf.pop("max_replication_slots", None)
        for server in (source, target):
            server.configure()
            server.restart()

    request.addfinalizer(restart)
    source.configure(max_wal_senders=5, max_replication_slots=10, wal_level="logical")
    target.configure(max_replication_slots=1)
    for server in (source, target):
        server.restart()
    run_sql(source, "CREATE TABLE t (a int PRIMARY KEY)", base)
    both(strict, base, "603106", warns=False, migrationMode="Online")
    _, _, messages = validate(strict[1], [base], migrationMode="Online")
    assert any("few replication slots" in message for level, message in messages if level == "Warning"), messages
    source.configure(default_transaction_read_only="on")
    source.reload()
    wait_until(lambda: source.value("SHOW default_transaction_read_only") == "on", 10, "the reload")
    both(strict, base, "603112", warns=False)


def test_md5_passwords_and_roles(strict, base):
    source = strict[1].source.postgres
    role = unique("md5")
    run_sql(source, f"CREATE ROLE {role} LOGIN PASSWORD 'md5{'0' * 32}'", base)
    for pair in strict:
        _, _, messages = validate(pair, [base], migrateRoles="True")
        assert any(f"`{role}`" in text and "md5" in text for level, text in messages if level == "Warning"), messages
        _, _, messages = validate(pair, [base])
        assert not any("md5" in text for _, text in messages), messages
    run_sql(source, f"DROP ROLE {role}", base)


def test_a_private_source_and_a_public_target(strict, base):
    arms = [(pair.arm, pair.source.id) for pair in strict]

    def set_access(value):
        for arm, path in arms:
            body = {"properties": {"publicNetworkAccess": value}}
            arm.wait_operation(arm.request("PATCH", path, body, status=202))

    with contextlib.ExitStack() as stack:
        stack.callback(set_access, "Enabled")
        set_access("Disabled")
        both(strict, base, "from a private source to a public target")


def test_a_source_larger_than_the_storage_of_the_target(strict, base):
    """A sparse file in the database's folder counts for pg_database_size()."""
    pair = strict[1]
    source = pair.source.postgres
    folder = pathlib.Path(source.value("SHOW data_directory"), "base")
    oid = source.value("SELECT oid FROM pg_database WHERE datname = %s", (base,))
    size = pair.arm.get(pair.target.id)["properties"]["storage"]["storageSizeGB"]
    file = folder / str(oid) / "99999999"
    file.touch()
    with open(file, "r+b") as stretched:
        stretched.truncate(int(size * 0.9) << 30)
    try:
        _, _, messages = validate(pair, [base])
        assert any("asks for 1.25 times" in text for level, text in messages if level == "Warning"), messages
    finally:
        file.unlink()


def test_an_invented_subnet_is_refused(strict):
    group = strict[0].arm.group_id(unique("nonet"))
    for pair, status in zip(strict, (400, 202)):
        arm = pair.arm
        arm.request("PUT", group, {"location": "eastus"}, status=201)
        body = arm.server_body("pgadmin", pair.target.password, attach=("127.0.0.1", pair.target.postgres.port))
        subnet = f"{group}/providers/Microsoft.Network/virtualNetworks/none/subnets/a"
        body["properties"]["network"] = {"delegatedSubnetResourceId": subnet}
        path = f"{group}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{unique('net')}"
        answer = arm.request("PUT", path, body, status=status)
        if status == 400:
            error = answer.json()["error"]
            assert error["target"] == "properties.network.delegatedSubnetResourceId", error
            assert "has no virtual network" in error["message"], error
