"""An offline migration outlives lost sessions and restarted servers as an online one does."""

import socket
import threading

import pytest

from arm import details_of, new_secret, unique, wait_until
from invariants import TABLE_COUNTERS
from compare import compare_databases
from malachite import Pair
from proxy import Proxy
from samples import assert_nothing_runs, load_slow, load_slow_index

OURS = "FROM pg_stat_activity WHERE application_name = 'malachite'"
MOMENTS = {"rows": (load_slow, "%COPY %FROM STDIN%"), "indexes": (load_slow_index, "%CREATE INDEX%")}


def terminate_one(postgres):
    postgres.execute(f"SELECT pg_terminate_backend(pid) {OURS} AND state = 'active' LIMIT 1")


def terminate_all(postgres):
    postgres.execute(f"SELECT pg_terminate_backend(pid) {OURS}")


def restart(postgres):
    postgres.stop("fast")
    postgres.start()


def table_counts(details):
    return [details[counter] for counter in TABLE_COUNTERS]


def crash(postgres):
    postgres.stop("immediate")
    postgres.start()


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_offline_copy_outlives_outages(own_pair, database, postgres_source, postgres_target, moment):
    pair = own_pair()
    load, statement = MOMENTS[moment]
    name = load(postgres_source, database(), 0.8)
    postgres_source.execute(
        "CREATE TABLE many AS SELECT g AS a, repeat('x', 100) AS b FROM generate_series(1, 5000) AS g;"
        "CREATE SEQUENCE s; SELECT setval('s', 77)",
        dbname=name,
    )
    migration = pair.put([name])
    for outage in (terminate_one, restart, terminate_all, crash):
        for postgres in (postgres_target, postgres_source):
            if moment == "indexes" and postgres is postgres_source:
                continue  # nothing is read from there any longer
            wait_until(
                lambda: postgres_target.value(
                    f"SELECT count(*) {OURS} AND datname = '{name}' AND query LIKE '{statement}'"
                )
                > 0,
                30,
                moment,
            )
            migration.watch.begin_attempt()
            before = table_counts(details_of(migration.get(), name))
            outage(postgres)
            if postgres is postgres_source or outage not in (restart, crash):
                continue  # it may hit a session that is not needed any longer
            # The copy begins again: the figures do, and say so for as long as it lasts.
            body = migration.wait(lambda body: "restarted" in details_of(body, name).get("message", ""), 30)
            assert sum(table_counts(details_of(body, name))) == sum(before) > 1
    assert "message" not in details_of(migration.succeed(), name)
    assert compare_databases(postgres_source.dsn(name), postgres_target.dsn(name)) == []
    assert_nothing_runs(pair.malachite, [name], pair.source, pair.target)


def test_an_outage_that_is_too_long_ends_an_offline_migration(own, database, postgres_source, postgres_target):
    one = own("--reconnect-seconds", 2)
    pair = Pair(one, one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target))
    name = load_slow(postgres_source, database(), 3)
    migration = pair.put([name])
    wait_until(
        lambda: postgres_target.value(f"SELECT count(*) {OURS} AND query LIKE '%COPY %FROM STDIN%'") > 0, 30, "rows"
    )
    migration.watch.begin_attempt()
    postgres_target.stop("immediate")
    try:
        error = migration.fail()
    finally:
        postgres_target.start()
    assert "dst" in error and name in error, error


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_a_rotated_password_is_waited_for(own, database, postgres_source, postgres_target, mode):
    login, secret = unique("mover"), new_secret()
    postgres_source.execute(f"CREATE ROLE {login} SUPERUSER LOGIN PASSWORD 'first-password'")
    one = own()
    pair = Pair(
        one,
        one.attach("src", postgres_source, "servers", login=login, password="first-password"),
        one.attach("dst", postgres_target),
    )
    name = load_slow(postgres_source, database(), 2)
    migration = pair.put([name], migrationMode=mode)
    wait_until(
        lambda: postgres_target.value(f"SELECT count(*) {OURS} AND query LIKE '%COPY %FROM STDIN%'") > 0, 30, "rows"
    )
    migration.watch.begin_attempt()
    postgres_source.execute(f"ALTER ROLE {login} PASSWORD '{secret}'")
    terminate_all(postgres_target)
    terminate_all(postgres_source)
    body = migration.wait(lambda body: "password" in details_of(body, name).get("migrationOperation", ""))
    assert login in details_of(body, name)["migrationOperation"]
    migration.patch(secretParameters={"adminCredentials": {"sourceServerPassword": secret}})
    if mode == "Online":
        migration.wait("WaitingForCutoverTrigger")
        postgres_source.execute(f"ALTER ROLE {login} PASSWORD 'third-password'")
        terminate_all(postgres_source)
        migration.wait(lambda body: "password" in details_of(body, name).get("migrationOperation", ""))
        migration.patch(secretParameters={"adminCredentials": {"sourceServerPassword": "third-password"}})
        migration.patch(triggerCutover="True")
    migration.succeed()
    assert compare_databases(postgres_source.dsn(name), postgres_target.dsn(name)) == []


class LosesAnswer(Proxy):
    """Passes the next COMMIT on, and breaks its connection before the answer."""

    commits = 0

    def _pump(self, one, other, answer):
        super()._pump(one, other, (lambda data: self.look(one, data)) if answer == self.answer else answer)

    def look(self, client, data):
        if self.commits > 0 and data.startswith(b"Q") and b"COMMIT" in data:
            self.commits -= 1
            self.silence()
            threading.Timer(0.2, self.lose, [client]).start()

    def lose(self, client):
        client.shutdown(socket.SHUT_RDWR)
        self.resume()


def test_rows_arrive_once_though_the_answer_to_their_commit_is_lost(malachite, attached, database, postgres_target):
    proxy = LosesAnswer(postgres_target.host, postgres_target.port)
    target = malachite.arm.put_server(
        unique("answer"),
        login=postgres_target.superuser,
        password=postgres_target.password,
        attach=(proxy.host, proxy.port),
    )
    target.postgres = postgres_target
    pair = Pair(malachite, attached.source, target)
    source = attached.source.postgres
    name = database()
    source.create_database(name)
    source.execute(
        "CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT g AS n FROM generate_series(1, 9) g", dbname=name
    )
    proxy.commits = 1
    pair.put([name]).succeed()
    assert compare_databases(source.dsn(name), postgres_target.dsn(name)) == []
    proxy.close()
