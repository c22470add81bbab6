"""Real faults of provisioned servers: PostgreSQL's own words while they last, and nothing of them afterwards."""

import os

import psycopg2
import pytest

from arm import unique, wait_until
from malachite import Malachite
from rules import Rule


def path_of(server, action):
    return f"/_malachite/servers/{server}/faults/{action}"


class Faults:
    def __init__(self, arm, server):
        self.arm, self.server = arm, server

    def begin(self, action, status=200):
        return self.arm.request("POST", path_of(self.server.name, action), status=status)

    def end(self, action, status=204):
        return self.arm.request("DELETE", path_of(self.server.name, action), status=status)


@pytest.fixture(name="faulty", scope="module")
def fixture_faulty():
    """A Malachite of the module's own with one server, and its faults."""
    with Malachite() as malachite:
        server = malachite.provision("faulty")
        server.postgres.execute("ALTER SYSTEM RESET fsync")
        server.postgres.execute("SELECT pg_reload_conf()")
        faults = Faults(malachite.arm, server)
        faults.malachite = malachite
        yield faults


def connect(server, database="postgres"):
    """As the administrator, over TCP, as a client of the service would."""
    connection = psycopg2.connect(
        host=server.postgres.host,
        port=server.postgres.port,
        user=server.postgres.login,
        password=server.postgres.password,
        dbname=database,
        connect_timeout=10,
    )
    connection.autocommit = True
    return connection


def works(server, database="postgres"):
    with connect(server, database).cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def refusal(server):
    with pytest.raises(psycopg2.OperationalError) as refused:
        connect(server)
    return str(refused.value)


def is_lost(connection):
    with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
        connection.cursor().execute("SELECT 1")
    return True


def records(faulty):
    folder = faulty.malachite.instance_dir("faulty") + "/faults"
    return os.listdir(folder) if os.path.isdir(folder) else []


def postmaster(faulty):
    return faulty.malachite.postmasters().get("faulty")


@pytest.mark.parametrize("action", ["crash", "restart"])
def test_crash_and_restart_end_sessions_and_the_server_runs_again(faulty, action):
    session, before = connect(faulty.server), postmaster(faulty)
    faulty.begin(action)
    assert is_lost(session)
    assert works(faulty.server)
    assert postmaster(faulty) != before
    assert not records(faulty)


def test_a_stopped_server_stays_down_until_the_fault_ends(faulty):
    faulty.begin("stop")
    assert "refused" in refusal(faulty.server)
    # The watcher looks once a second; the request log shows nothing of it, so its log does.
    log = len(faulty.malachite.log_text())
    faulty.begin("stop")
    assert faulty.malachite.arm.get(faulty.server.id)["properties"]["state"] == "Ready"
    # A fault that ends while the server is down is undone at its next start.
    error = faulty.begin("readOnly", 409).json()["error"]
    assert "'stop' keeps server 'faulty' down" in error["message"]
    faulty.end("stop")
    assert works(faulty.server)
    assert "ended unexpectedly" not in faulty.malachite.log_text()[log:]
    faulty.end("stop")  # nothing is left to end


def test_full_disk_refuses_growth_only_and_only_while_it_lasts(faulty):
    table = unique("grows")
    session = connect(faulty.server).cursor()
    session.execute(f"CREATE TABLE {table} AS SELECT g, repeat('x', 500) AS t FROM generate_series(1, 2000) AS g")
    session.execute("CHECKPOINT") if faulty.server.postgres.major >= 15 else None
    faulty.begin("diskFull")
    with pytest.raises(psycopg2.errors.DiskFull) as full:
        session.execute(f"INSERT INTO {table} SELECT g, repeat('y', 500) FROM generate_series(1, 5000) AS g")
    assert full.value.pgcode == "53100" and "could not extend file" in str(full.value)
    assert "No space left on device" in str(full.value)
    session.execute(f"SELECT count(*) FROM {table}")
    assert session.fetchone() == (2000,)
    faulty.server.postgres.execute("CHECKPOINT")  # what is there already can be written
    faulty.end("diskFull")
    session.execute(f"INSERT INTO {table} SELECT g, repeat('y', 500) FROM generate_series(1, 5000) AS g")
    session.execute(f"DROP TABLE {table}")
    assert not records(faulty)


def test_full_wal_disk_panics_and_the_server_returns_with_all_that_was_committed(faulty):
    table = unique("kept")
    session = connect(faulty.server)
    session.cursor().execute(f"SET synchronous_commit = local; CREATE TABLE {table} AS SELECT 42 AS answer")
    faulty.begin("walFull")
    with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
        for _ in range(200):
            session.cursor().execute(f"INSERT INTO {table} SELECT generate_series(1, 1000)")
    faulty.end("walFull")
    assert works(faulty.server)
    assert faulty.server.postgres.query(f"SELECT count(*) FROM {table} WHERE answer = 42")[0][0] >= 1
    with open(faulty.malachite.instance_dir("faulty") + "/log", encoding="utf-8") as log:
        assert "PANIC:" in log.read()
    faulty.server.postgres.execute(f"DROP TABLE {table}")


def test_faults_that_overlap_end_in_any_order(faulty):
    table = unique("grows")
    connect(faulty.server).cursor().execute(f"CREATE TABLE {table} AS SELECT generate_series(1, 10) AS g")
    faulty.server.postgres.execute("CHECKPOINT")  # commits are not waited for there
    grow = f"INSERT INTO {table} SELECT generate_series(1, 50000)"
    faulty.begin("diskFull")
    faulty.begin("crash")
    with pytest.raises(psycopg2.errors.DiskFull):  # also after the start
        connect(faulty.server).cursor().execute(grow)
    faulty.begin("readOnly")
    faulty.begin("stop")
    for action in ("reject", "crash", "walFull"):
        assert "End that one first" in faulty.begin(action, 409).json()["error"]["message"]
    faulty.end("readOnly")
    faulty.end("diskFull")
    faulty.end("stop")
    connect(faulty.server).cursor().execute(grow)
    connect(faulty.server).cursor().execute(f"DROP TABLE {table}")
    assert not records(faulty)


def test_a_fault_of_two_rules_lasts_until_the_last_of_them_ends(faulty):
    arm = faulty.malachite.arm
    match = {"operation": "ResourceGroups_Get"}
    do = {"server": {"name": "faulty", "action": "readOnly"}}
    rules = [Rule(arm, at="request", match=match, times=1, do=do) for _ in range(3)]
    for _ in rules:
        arm.get(arm.group_id(arm.group))
    for rule in rules:
        rule.wait(fired=1)
    rules[0].delete()
    rules[1].release()
    assert records(faulty) == ["readOnly"]
    rules[2].delete()
    assert not records(faulty)
    rules[1].delete()


def test_read_only_holds_for_sessions_that_are_open_and_keeps_the_users_own_setting(faulty):
    postgres = faulty.server.postgres
    setting = "SELECT setting FROM pg_file_settings WHERE name = 'default_transaction_read_only'"
    for own in ([], [("off",)]):
        if own:
            postgres.execute("ALTER SYSTEM SET default_transaction_read_only = off")
        session = connect(faulty.server).cursor()
        faulty.begin("readOnly")

        def is_refused(session=session):
            try:
                session.execute(f"CREATE TABLE {unique('refused')} ()")
            except psycopg2.errors.ReadOnlySqlTransaction as failure:
                return failure.pgcode == "25006"
            return False

        wait_until(is_refused, 10, "the open session to be read-only")
        faulty.end("readOnly")
        connect(faulty.server).cursor().execute("CREATE TEMP TABLE allowed ()")
        assert postgres.query(setting) == own
    postgres.execute("ALTER SYSTEM RESET default_transaction_read_only")


def test_rejected_logins_and_sessions(faulty):
    session = connect(faulty.server)
    faulty.begin("reject")
    assert "pg_hba.conf rejects connection" in refusal(faulty.server)
    assert is_lost(session)
    faulty.end("reject")
    assert works(faulty.server)


def test_password_fault_gives_back_the_old_one_but_keeps_one_that_the_user_sets(faulty):
    postgres = faulty.server.postgres
    stored = f"SELECT rolpassword FROM pg_authid WHERE rolname = '{postgres.login}'"
    before = postgres.query(stored)
    session = connect(faulty.server)
    faulty.begin("password")
    assert "password authentication failed" in refusal(faulty.server)
    assert is_lost(session)
    faulty.end("password")
    assert works(faulty.server) and postgres.query(stored) == before

    faulty.begin("password")
    postgres.execute(f"ALTER ROLE \"{postgres.login}\" PASSWORD '{postgres.password}'")
    changed = postgres.query(stored)
    faulty.end("password")
    assert works(faulty.server) and postgres.query(stored) == changed != before


def test_connection_limit_of_the_administrator(faulty):
    postgres = faulty.server.postgres
    postgres.execute(f'ALTER ROLE "{postgres.login}" CONNECTION LIMIT 7')
    faulty.begin("connections")
    assert "too many connections for role" in refusal(faulty.server)
    faulty.end("connections")
    assert works(faulty.server)
    limit = f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{postgres.login}'"
    assert postgres.query(limit) == [(7,)]
    postgres.execute(f'ALTER ROLE "{postgres.login}" CONNECTION LIMIT -1')


def test_drop_slot_drops_malachites_slots_and_no_other(faulty):
    postgres = faulty.server.postgres
    for name in ("malachite_0123_0", "mine"):
        postgres.query(f"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')")
    faulty.begin("dropSlot")
    assert postgres.query("SELECT slot_name FROM pg_replication_slots") == [("mine",)]
    postgres.query("SELECT pg_drop_replication_slot('mine')")


def test_unknown_names_are_listed_and_attached_servers_refused(faulty, postgres_source):
    arm = faulty.malachite.arm
    error = arm.error("POST", path_of("faulty", "explode"), 400, "InvalidParameterValue")
    assert "explode" in error["message"] and "diskFull, walFull" in error["message"]
    error = arm.error("POST", path_of("nobody", "crash"), 400, "InvalidParameterValue")
    assert "Provisioned servers there: faulty." in error["message"]
    error = arm.error("DELETE", path_of("nobody", "stop"), 400, "InvalidParameterValue")
    faulty.malachite.attach("attached", postgres_source, "servers")
    for method in ("POST", "DELETE"):
        error = arm.error(method, path_of("attached", "stop"), 409, "Conflict")
        assert "attached" in error["message"]


def test_killed_malachite_undoes_every_fault_at_its_next_start(faulty):
    postgres = faulty.server.postgres
    hash_of = f"SELECT rolpassword, rolconnlimit FROM pg_authid WHERE rolname = '{postgres.login}'"
    before = postgres.query(hash_of)
    for action in ("readOnly", "password", "connections", "diskFull", "reject"):
        faulty.begin(action)
    assert len(records(faulty)) == 5
    faulty.malachite.kill()
    faulty.malachite.start()
    wait_until(lambda: not records(faulty), 30, "the end of all faults")
    assert works(faulty.server) and postgres.query(hash_of) == before
    table = unique("grows")
    connect(faulty.server).cursor().execute(f"CREATE TABLE {table} AS SELECT generate_series(1, 5000)")
    postgres.execute(f"DROP TABLE {table}")

    for action in ("stop",):
        faulty.begin(action)
    faulty.malachite.kill()
    faulty.malachite.start()
    wait_until(lambda: not records(faulty), 30, "the end of all faults")
    assert works(faulty.server)


def test_deleted_server_takes_its_faults_with_it(faulty):
    server = faulty.malachite.provision("doomed")
    doomed = Faults(faulty.malachite.arm, server)
    for action in ("reject", "stop"):
        doomed.begin(action)
    faulty.malachite.arm.delete_and_wait(server.id)
    doomed.end("stop", 400)
    assert not os.path.exists(faulty.malachite.instance_dir("doomed"))
