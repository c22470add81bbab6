"""What goes wrong is told with the server, the database, the object and PostgreSQL's own words."""

import contextlib
import os
import subprocess
import tempfile

import pytest
import requests

from arm import details_of, new_secret, state_of, unique
from compare import compare_databases
from malachite import majors
from postgres import Postgres, free_port
from samples import assert_nothing_runs, has_database, inventory, load, load_big, load_shop, load_slow

# Rows of the table "bad" are refused wherever this setting is not on.
BROKEN = r"""
SET test.fast = 'yes';
CREATE FUNCTION public.check_it(a int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF a = 7 AND current_setting('test.fast', true) IS DISTINCT FROM 'yes' THEN
        RAISE EXCEPTION 'this row is not wanted' USING ERRCODE = 'P0042'; END IF;
    RETURN true;
END $$;
CREATE TABLE good AS SELECT generate_series(1, 100) AS a;
CREATE TABLE bad (a int CHECK (public.check_it(a)));
INSERT INTO bad SELECT generate_series(1, 100);
"""


@pytest.fixture
def extra(malachite):
    """Further servers, attached under names of their own: extra(conf=...) -> (Postgres, Server)."""
    with contextlib.ExitStack() as stack:

        def start(kind="flexibleServers", login=None, password=None, **options):
            postgres = stack.enter_context(Postgres(name="extra", **options))
            return postgres, malachite.attach(unique("extra"), postgres, kind, login, password)

        yield start


def body_with(pair, databases, **credentials):
    body = pair.body(databases)
    body["properties"]["secretParameters"]["adminCredentials"].update(credentials)
    return body


def differences(pair, name):
    return compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name))


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_server_that_is_down_is_named(attached, arm, extra, side):
    postgres, server = extra()
    postgres.stop()
    source, target = (server, attached.target) if side == "source" else (attached.source, server)
    error = arm.put_migration(source, target, ["postgres"]).fail()
    assert side in error and server.name in error and str(postgres.port) in error, error
    assert "603000" in error or "refused" in error, error


def test_a_source_that_is_no_server_at_all_is_named(attached, arm):
    port = free_port()
    error = arm.put_migration(f"127.0.0.1:{port}@postgres", attached.target, ["x"]).fail()
    assert f"127.0.0.1:{port}" in error


def test_an_unknown_host_name_is_reported(attached, arm):
    error = arm.put_migration("no-such-host.invalid:5432@postgres", attached.target, ["x"]).fail()
    assert "no-such-host.invalid" in error


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("kind", ["attached", "provisioned"])
def test_a_wrong_password_is_reported_and_not_shown(request, database, side, kind):
    pair = request.getfixturevalue(kind)
    secret = new_secret()
    pair.arm.secrets.add(secret)
    name = unique("t")
    load_shop(pair.source.postgres, name, rows=1)
    body = body_with(pair, [name], **{f"{side}ServerPassword": secret})
    error = pair.arm.put_migration(pair.source, pair.target, [name], body=body).fail()
    assert "603100" in error and side in error and "password" in error, error
    assert getattr(pair, side).name in error
    assert not has_database(pair.target.postgres, name)
    pair.source.postgres.drop_database(name)


def test_put_after_a_failure_explains_the_old_error_and_the_retry(attached):
    name = unique("t")
    load_shop(attached.source.postgres, name, rows=1)
    secret = new_secret()
    attached.arm.secrets.add(secret)
    migration = attached.arm.put_migration(
        attached.source, attached.target, [name], body=body_with(attached, [name], sourceServerPassword=secret)
    )
    error = migration.fail()
    response = attached.arm.request("PUT", migration.path, attached.body([name]), status=200)
    again = response.json()["properties"]["currentStatus"]
    assert again["state"] == "Failed" and again["error"].startswith(error)
    assert "from that earlier run" in again["error"] and "with another name" in again["error"]
    assert "started nothing" in response.headers["Warning"]
    assert migration.get()["properties"]["currentStatus"]["error"] == error
    attached.put([name]).succeed()
    attached.source.postgres.drop_database(name)
    attached.target.postgres.drop_database(name)


def test_a_wrong_user_is_reported(attached):
    body = attached.body(["postgres"])
    body["properties"]["secretParameters"]["sourceServerUsername"] = "nobody-here"
    error = attached.arm.put_migration(attached.source, attached.target, ["postgres"], body=body).fail()
    assert "nobody-here" in error


def details_with_code(pair, migration):
    return pair.arm.get("/_malachite/migrations/" + migration.get()["properties"]["migrationId"])


def test_a_missing_database_is_named(attached, database, postgres_source, postgres_target):
    name = load_shop(postgres_source, database(), rows=1)
    for _ in range(11):
        postgres_source.create_database(database())
    migration = attached.put([name, "not-there", "nor-this"])
    error = migration.fail()
    assert "`not-there`, `nor-this`" in error and error.count("603102") == 1, error
    assert details_with_code(attached, migration)["errorCode"] == "603102"
    there = postgres_source.value(
        "SELECT count(*) FROM pg_database WHERE datallowconn AND datname NOT IN ('template0', 'template1')"
    )
    shown = error.split("Its databases are: ")[1]
    assert shown.count("`") // 2 == 10 and f"and {there - 10} more." in shown, error
    assert not has_database(postgres_target, name)


def test_a_read_only_target_is_reported(attached, arm, extra, database, postgres_source):
    postgres, server = extra(conf={"default_transaction_read_only": "on"})
    name = load_shop(postgres_source, database(), rows=1)
    error = arm.put_migration(attached.source, server, [name]).fail()
    assert "read-only" in error.lower() or "read only" in error.lower(), error
    assert not has_database(postgres, name)


def test_an_older_target_is_refused(attached, malachite, arm, database, postgres_source):
    older = [major for major in majors() if major < postgres_source.major]
    if not older:
        pytest.skip("no older major here")
    target = malachite.provision(unique("old"), version=older[-1])
    name = load_shop(postgres_source, database(), rows=1)
    error = arm.put_migration(attached.source, target, [name]).fail()
    assert str(older[-1]) in error and str(postgres_source.major) in error, error
    arm.delete_and_wait(target.id)


def test_one_bad_database_does_not_stop_the_others(attached, database, postgres_source, postgres_target):
    first, last = (load_shop(postgres_source, database(), rows=10) for _ in range(2))
    bad = load(postgres_source, database("bad"), BROKEN)
    migration = attached.put([first, bad, last])
    error = migration.fail()
    for word in (bad, "bad", "this row is not wanted", "P0042"):
        assert word in error, error
    assert first not in error and last not in error
    body = migration.get()
    assert [details_of(body, name)["migrationState"] for name in (first, bad, last)] == [
        "Succeeded",
        "Failed",
        "Succeeded",
    ]
    assert details_of(body, bad)["fullLoadErroredTables"] == 1, error
    assert "this row is not wanted" in details_of(body, bad)["message"]
    own = details_with_code(attached, migration)
    assert own["errorCode"] == "P0042"
    assert [row.get("errorCode") for row in own["databases"]] == [None, "P0042", None]
    assert differences(attached, first) == differences(attached, last) == []
    assert_nothing_runs(attached.malachite, [first, bad, last], attached.source, attached.target)


def test_missing_roles_are_reported_and_lose_nothing_else(attached, database, postgres_source, postgres_target):
    role = unique("role")
    postgres_source.execute(f"CREATE ROLE {role}")
    name = load_shop(postgres_source, database(), rows=5)
    postgres_source.psql(f"ALTER TABLE sales.orders OWNER TO {role}; GRANT SELECT ON sales.customer TO {role}", name)
    body = attached.put([name]).succeed()
    assert role in details_of(body, name)["message"]
    found = compare_databases(postgres_source.dsn(name), postgres_target.dsn(name), ignore=("owner", "acl"))
    assert found == []
    postgres_source.psql(f"DROP OWNED BY {role} CASCADE", name)
    postgres_source.execute(f"DROP ROLE {role}")


def test_roles_come_along_when_they_are_wanted(attached, database, postgres_source, postgres_target):
    role = unique("role")
    postgres_source.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'of-the-role'")
    name = load_shop(postgres_source, database(), rows=5)
    postgres_source.psql(f"ALTER TABLE sales.orders OWNER TO {role}; GRANT SELECT ON sales.customer TO {role}", name)
    attached.put([name], migrateRoles="True").succeed()
    assert differences(attached, name) == []
    hashes = [
        server.value("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (role,))
        for server in (postgres_source, postgres_target)
    ]
    assert hashes[0] == hashes[1]
    for server in (postgres_source, postgres_target):
        server.psql(f"DROP OWNED BY {role} CASCADE", name)
        server.execute(f"DROP ROLE {role}")


def test_a_login_without_select_on_a_table_is_reported(attached, arm, database, postgres_source):
    role, password = unique("reader"), new_secret()
    name = load_shop(postgres_source, database(), rows=5)
    postgres_source.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    postgres_source.psql(f"GRANT USAGE ON SCHEMA sales TO {role}; GRANT SELECT ON sales.customer TO {role}", name)
    body = body_with(attached, [name], sourceServerPassword=password)
    body["properties"]["secretParameters"]["sourceServerUsername"] = role
    error = arm.put_migration(attached.source, attached.target, [name], body=body).fail()
    assert role in error and "sales.orders" in error and "sales.customer`" not in error, error
    postgres_source.psql(f"DROP OWNED BY {role} CASCADE", name)
    postgres_source.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_server_crash_during_the_copy_is_reported(attached, arm, extra, side):
    source_postgres, source = extra("servers")
    target_postgres, target = extra()
    name = load_slow(source_postgres, "crash", 30, megabytes=60)
    migration = arm.put_migration(source, target, [name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    migration.watch.begin_attempt()
    (source_postgres if side == "source" else target_postgres).kill()
    body = migration.wait(lambda body: "restarts" in details_of(body, name).get("migrationOperation", ""), timeout=30)
    told = details_of(body, name)["migrationOperation"]
    assert side in told.lower() and name in told, told
    migration.cancel()
    assert state_of(migration.wait()) == "Canceled"
    assert not attached.malachite.children()


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_session_that_an_administrator_ends_costs_no_rows(attached, database, postgres_source, side):
    name = load_slow(postgres_source, database(), 3, megabytes=60)
    migration = attached.put([name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    migration.watch.begin_attempt()
    getattr(attached, side).postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND query LIKE '%%COPY%%'", (name,)
    )
    migration.succeed()
    assert differences(attached, name) == []


def test_timeouts_that_the_servers_set_do_not_matter(attached, database, postgres_source):
    name = load_slow(postgres_source, database(), 3)
    for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        postgres_source.execute(f'ALTER DATABASE "{name}" SET {setting} = 300')
    attached.put([name]).succeed()
    assert differences(attached, name) == []


def test_a_full_connection_table_is_reported(attached, arm, extra, database, postgres_source):
    postgres, server = extra(
        conf={
            "max_connections": "8",
            "superuser_reserved_connections": "0",
            "max_wal_senders": "0",
            "wal_level": "replica",
            "max_replication_slots": "0",
        }
    )
    held = [postgres.connect() for _ in range(8)]
    name = load_shop(postgres_source, database(), rows=1)
    error = arm.put_migration(attached.source, server, [name]).fail()
    assert "too many clients" in error or "53300" in error, error
    for connection in held:
        connection.close()


@pytest.fixture
def small_disk():
    """A directory of the server's account with 24 MB of room."""
    directory = tempfile.mkdtemp(prefix="mal-disk-", dir="/tmp")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=777", "none", directory], capture_output=True, check=False
    )
    if mounted.returncode:
        os.rmdir(directory)
        pytest.skip("not permitted to mount")
    yield directory
    subprocess.run(["umount", "-l", directory], check=True)
    os.rmdir(directory)


def test_a_full_disk_on_the_target_is_reported(attached, arm, database, postgres_source, small_disk):
    name = load_big(postgres_source, database(), 60)
    small = load_shop(postgres_source, database(), rows=10)
    with Postgres(name="full") as postgres:
        where = small_disk + "/space"
        os.mkdir(where)
        os.chown(where, os.stat(postgres.data).st_uid, -1)
        os.chmod(where, 0o700)
        # New databases are copies of template0, tablespace included.
        postgres.execute(f"CREATE TABLESPACE little LOCATION '{where}'")
        for template in ("template0", "template1"):
            postgres.execute(f"ALTER DATABASE {template} SET TABLESPACE little")
        server = attached.malachite.attach(unique("full"), postgres)
        error = arm.put_migration(attached.source, server, [name, small]).fail()
        assert name in error and "big" in error and "No space left" in error and "(53100)" in error, error
        subprocess.run(["mount", "-o", "remount,size=300m", small_disk], check=True)
        postgres.drop_database(name)
        arm.put_migration(attached.source, server, [small], overwriteDbsInTarget="True").succeed()
        assert compare_databases(postgres_source.dsn(small), postgres.dsn(small), ignore=("tablespace",)) == []
        arm.delete_and_wait(server.id)


def test_a_full_disk_below_malachite_does_not_end_it(own, small_disk):
    one = own("--data-dir", small_disk + "/d", "--log-level", "error")
    filler = small_disk + "/filler"
    with open(filler, "wb") as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()
    refused = 0
    for number in range(200):
        response = requests.put(
            f"{one.arm.endpoint}{one.arm.group_id(f'g{number}')}",
            timeout=20,
            params={"api-version": "2022-12-01"},
            json={"location": "eastus", "tags": {"x": "y" * 200}},
        )
        refused += response.status_code >= 400
    assert one.running and refused
    os.unlink(filler)
    one.arm.put_group("afterwards")
    assert one.arm.get(one.arm.group_id("rg"))["name"] == "rg"


def test_a_failed_migration_leaves_the_source_as_it_was(attached, database, postgres_source):
    name = load(postgres_source, database("bad"), BROKEN)
    before = inventory(postgres_source), inventory(postgres_source, name)
    attached.put([name]).fail()
    assert (inventory(postgres_source), inventory(postgres_source, name)) == before


def test_the_next_migration_can_do_what_the_failed_one_could_not(attached, database, postgres_source):
    name = load(postgres_source, database("bad"), BROKEN)
    attached.put([name]).fail()
    postgres_source.execute("DELETE FROM bad WHERE a = 7", dbname=name)
    attached.put([name], overwriteDbsInTarget="True").succeed()
    assert differences(attached, name) == []
