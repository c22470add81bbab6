"""Gives shared servers back as they were before a test failed.

    shared = Shared()
    with Malachite() as malachite, shared.malachite(malachite): ...
    with Postgres() as server, shared.postgres(server): ...
    shared.end_activity()   # before the fixtures of the failed test end: what runs would disturb them
    shared.restore()        # afterwards: databases, roles, settings that no fixture removed

A test that succeeds cleans up through its fixtures and is not touched. Nothing here raises: the failure of the test is
what its reader wants to see. What could not be cleaned up is returned as text.
"""

import contextlib
import time
import warnings

import psycopg2
import requests

from arm import patience
from invariants import TERMINAL
from postgres import quoted
from samples import drop

END_SECONDS = 30
INITDB = {"postgres", "template0", "template1"}


class Shared:
    """The servers that several tests use one after the other."""

    def __init__(self):
        self.malachites = []
        self.servers = {}  # Postgres -> (databases, roles, conf) when it joined
        self.own = []  # Malachites of the test that runs now

    @contextlib.contextmanager
    def malachite(self, one):
        self.malachites.append(one)
        try:
            yield one
        finally:
            self.malachites.remove(one)

    @contextlib.contextmanager
    def postgres(self, server):
        self.servers[server] = (*names_on(server), dict(getattr(server, "conf", {})))
        try:
            yield server
        finally:
            del self.servers[server]

    def end_activity(self):
        """No migration is active, no session is open. The test's own Malachites are killed: their fixture closes them."""
        for one in self.own:
            if one.running:
                one.kill()
        for server in self.servers:
            attempt(f"start {server.host}", start, server)
            attempt("end sessions", end_sessions, server, "application_name <> 'malachite'")
        for one in self.malachites:
            attempt("end migrations", end_migrations, one)
        for server in self.servers:
            attempt("end sessions", end_sessions, server, "true")

    def restore(self):
        """Removes everything that the servers did not have when they joined."""
        for server, (databases, roles, conf) in self.servers.items():
            attempt("restore settings", restore_settings, server, conf)
            attempt("end sessions", end_sessions, server, "true")
            attempt("drop prepared transactions", drop_prepared, server)
            attempt("drop slots", drop_slots, server)
            now_databases, now_roles = attempt("list databases", names_on, server) or (databases, roles)
            for name in now_databases - databases - INITDB:
                attempt(f"drop database {name}", drop, server, name)
            for name in now_roles - roles:
                attempt(f"drop role {name}", drop_role, server, name)


def attempt(what, function, *arguments):
    try:
        return function(*arguments)
    except Exception as failure:  # pylint: disable=broad-except
        warnings.warn(f"cleaning up after a failed test: cannot {what}: {failure}", stacklevel=2)
        return None


def start(server):
    if hasattr(server, "start") and hasattr(server, "conf"):
        server.start()


def names_on(server):
    databases = {name for name, in server.query("SELECT datname FROM pg_database")}
    roles = {name for name, in server.query("SELECT rolname FROM pg_roles WHERE oid >= 16384")}
    return databases, roles


def end_sessions(server, which):
    server.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender')"
        f" AND pid <> pg_backend_pid() AND {which}"
    )


def end_migrations(malachite):
    """Cancels what is active and waits for its end. A Malachite that the test has killed is started again."""
    if not malachite.running:
        malachite.start()
    malachite.arm.begin_attempt()
    deadline = time.monotonic() + patience(END_SECONDS)
    asked = set()
    while True:
        active = active_migrations(malachite)
        if not active:
            return
        for path in active - asked:
            send(malachite, "PATCH", path + "?api-version=2025-08-01", json={"properties": {"cancel": "True"}})
            asked.add(path)
        if time.monotonic() > deadline:
            raise TimeoutError(f"still active: {sorted(active)}")
        time.sleep(0.05)


def active_migrations(malachite):
    answer = send(malachite, "GET", "/_malachite/migrations?limit=100").json()
    return {item["id"] for item in answer["value"] if item["state"] not in TERMINAL}


def send(malachite, method, path, **options):
    """Not through Arm: what a failed test left may break invariants, which would hide the test's own failure."""
    headers = {"Authorization": f"Bearer {malachite.arm.token}"} if malachite.arm.token else {}
    return requests.request(
        method, malachite.arm.endpoint + path, headers=headers, timeout=patience(10), proxies={"http": ""}, **options
    )


def restore_settings(server, conf):
    server.execute(f"ALTER ROLE {quoted(server.superuser)} RESET ALL")
    server.execute("ALTER DATABASE postgres RESET ALL")
    if not conf:
        return
    server.execute("ALTER SYSTEM RESET ALL")
    if server.conf != conf:
        server.conf = dict(conf)
        server.configure()
    server.reload()
    if server.value("SELECT count(*) FROM pg_settings WHERE pending_restart"):
        server.restart()


def drop_prepared(server):
    for gid, database in server.query("SELECT gid, database FROM pg_prepared_xacts"):
        server.execute("ROLLBACK PREPARED %s", (gid,), dbname=database)


def drop_slots(server):
    """Those that hold a database, too. A walsender that was told to end may take a moment."""
    deadline = time.monotonic() + patience(5)
    for (name,) in server.query("SELECT slot_name FROM pg_replication_slots"):
        while True:
            try:
                server.execute("SELECT pg_drop_replication_slot(%s)", (name,))
                break
            except psycopg2.Error:
                if time.monotonic() > deadline:
                    raise
                end_sessions(server, "backend_type = 'walsender'")
                time.sleep(0.05)


def drop_role(server, name):
    server.execute(f"DROP OWNED BY {quoted(name)}")
    server.execute(f"DROP ROLE {quoted(name)}")
