"""Rounds of torture: an online migration under load whose processes, servers and network are taken away.

A round is reproduced by its seed; what happened in it is in `round.story`.
"""

import glob
import os
import random
import threading
import time

import psycopg2
import requests

from arm import TERMINAL, details_of, state_of, substate_of, unique, wait_until
from compare import compare_databases
from online import WAITS, assert_nothing_is_left, identities
from samples import PLPGSQL, drop, inventory
from torture_workload import Writers, check_ledger, load_torture

SETUP = "WaitingForLogicalReplicationSetupRequestOnSourceDB"
MOVING = ("rows", "sequence", "large object")  # what writers change
STEP_SECONDS = 60  # nothing that a round waits for takes longer, unless something is broken


class Round:
    """One migration of one database from beginning to end. `options`: of the workload."""

    def __init__(self, pair, seed, outages=False, lenient=False, compare_options=None, **options):
        self.pair, self.seed, self.outages, self.lenient = pair, seed, outages, lenient
        self.random = random.Random(seed)
        self.compare_options = compare_options or {}
        self.options = options
        self.name = unique("torture")
        self.migration_name = unique("m")
        self.body = pair.body([self.name], migrationMode="Online")
        self.migration = None
        self.writers = None
        self.kills = 0
        self.hits = 0  # outages
        self.story = []
        self.began = time.monotonic()

    # -- the frame ----------------------------------------------------------------------------------------------

    def __enter__(self):
        self.load()
        self.before = self._look()
        self.writers = Writers(self.pair.source.postgres, self.name, self.seed, outages=self.outages)
        self.writers.__enter__()
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self._print_failure()
        elif os.environ.get("TORTURE_STORY"):
            print("  " + "\n  ".join(self.story), flush=True)
        for writer in self.writers.all:
            writer._stop.set()  # pylint: disable=protected-access
        for server in (self.pair.source, self.pair.target):
            if kind is None:
                drop(server.postgres, self.name)

    def _print_failure(self):
        print(f"round {self.seed}, database {self.name}:\n  " + "\n  ".join(self.story))
        try:
            path = f"{self.pair.target.id}/migrations/{self.migration_name}"
            body = self.pair.arm.get(path)
            print(body["properties"]["currentStatus"])
            detail = self.pair.arm.get("/_malachite/migrations/" + body["properties"]["migrationId"])
            print(*(event for event in detail["events"]), sep="\n")
            evidence = self.pair.arm.get("/_malachite/migrations/" + body["properties"]["migrationId"] + "/evidence")
            for database in evidence["databases"]:
                print(
                    "evidence:",
                    database.get("notes"),
                    [t for t in database.get("tables", []) if t.get("sourceRows") != t.get("targetRows")],
                )
            for server in (self.pair.source, self.pair.target):
                for row in server.postgres.query(
                    "SELECT pid, datname, application_name, backend_type, state, wait_event,"
                    " now() - state_change, left(query, 200) FROM pg_stat_activity"
                    " WHERE backend_type IN ('walsender', 'client backend')"
                ):
                    print(server.name, *row)
        except Exception as failure:  # pylint: disable=broad-except
            print("cannot tell more:", failure)
        print(self.pair.malachite.log_text()[-4000:])

    def load(self):
        load_torture(self.pair.source.postgres, self.name, **self.options)

    def tell(self, what):
        self.story.append(f"{time.monotonic() - self.began:7.2f} {what}")

    def chance(self, probability):
        return self.random.random() < probability

    def sleep(self, most):
        time.sleep(self.random.uniform(0, most))

    # -- steps --------------------------------------------------------------------------------------------------

    def put(self, **properties):
        """Also again after it was cut off: the same content is fine."""
        self.body["properties"].update(properties)
        self.migration = self.pair.arm.put_migration(
            self.pair.source, self.pair.target, None, self.migration_name, status=(200, 201), body=self.body
        )
        self.tell("put")

    def put_cut_off(self, **properties):
        """Killed while it answers the PUT."""
        self.body["properties"].update(properties)
        path = f"{self.pair.target.id}/migrations/{self.migration_name}"

        def send():
            try:
                self.pair.arm.request("PUT", path, self.body)
            except requests.RequestException:
                pass

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        self.sleep(0.03)
        self.kill("PUT")
        thread.join(20)
        self.put()

    def kill(self, why, again=0.2):
        """kill -9, start, and sometimes at once again."""
        self.pair.malachite.kill()
        self.kills += 1
        self.pair.malachite.start()
        self.tell(f"kill ({why}) {self._where() if self.migration else ''}")
        if self.chance(again):
            self.sleep(0.1)
            self.kill("again")

    def _where(self):
        """What Malachite remembers of the moment."""
        body = self.get()
        details = details_of(body, self.name)
        return f"{substate_of(body)}, {details.get('migrationState', '')} {details.get('migrationOperation', '')}"

    def get(self):
        if self.lenient:  # the copy may begin again several times in one outage
            self.migration.watch.begin_attempt()
        return self.migration.get()

    def ended(self):
        return state_of(self.get()) in TERMINAL

    def patch(self, **properties):
        """Sent again until it is answered: Malachite may have ended underneath."""
        answer = self.migration.patch(**properties)
        self.tell(f"patch {properties}: {state_of(answer)} {substate_of(answer)}")

    def reach(self, condition, what, timeout=STEP_SECONDS):
        """Until a condition on the body holds; a migration that ends before has failed the test."""

        def look():
            body = self.get()
            assert state_of(body) not in TERMINAL, f"ended before {what}: {body['properties']['currentStatus']}"
            return body if condition(body) else None

        body = wait_until(look, timeout, what)
        self.tell(what)
        return body

    def reach_wait(self, timeout=STEP_SECONDS):
        return self.reach(lambda body: substate_of(body) == WAITS, "following", timeout)

    def reach_end(self, state, timeout=STEP_SECONDS):
        def look():
            body = self.get()
            return body if state_of(body) in TERMINAL else None

        body = wait_until(look, timeout, f"the end ({state})")
        status = body["properties"]["currentStatus"]
        self.tell(f"end: {state_of(body)} {status.get('error', '')}")
        assert state_of(body) == state, status
        return body

    # -- moments ------------------------------------------------------------------------------------------------

    def until_seen(self, sql, args=(), dbname="postgres", side="source", seconds=5):
        """Until a query on a server has a row, or the base copy is over, or some seconds have passed: then the moment
        was missed, which is no harm."""
        deadline = time.monotonic() + seconds
        try:
            connection = getattr(self.pair, side).postgres.connect(dbname)
        except psycopg2.Error:
            return
        try:
            with connection.cursor() as cursor:
                while time.monotonic() < deadline:
                    cursor.execute(sql, args)
                    if cursor.fetchone():
                        return
        except psycopg2.Error:
            return
        finally:
            connection.close()

    MOMENTS = {
        "publication": (("SELECT 1 FROM pg_publication",), "source database"),
        "slot": (("SELECT 1 FROM pg_replication_slots WHERE database = %s",), "source"),
        "schema": (("SELECT 1 FROM pg_database WHERE datname = %s",), "target"),
        "copy": (("SELECT 1 FROM pg_stat_progress_copy WHERE datname = %s",), "target"),
        "index": (
            (
                "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() AND state = 'active'"
                " AND query ~ 'CREATE (UNIQUE )?INDEX|ADD CONSTRAINT'",
            ),
            "target",
        ),
        "helper": (
            (
                "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
                " AND query ~ 'malachite_' AND query ~ 'changes|progress'",
            ),
            "target",
        ),
    }

    def wait_for_moment(self, moment):
        """One of MOMENTS with a small random delay, or "any": some time within the base copy."""
        if moment == "any":
            self.sleep(2.5)
            return
        (sql,), where = self.MOMENTS[moment]
        if where == "source database":
            self.until_seen(sql, (), self.name)
        else:
            self.until_seen(sql, (self.name,), side=where)
        time.sleep(self.random.choice((0, self.random.uniform(0, 0.02), self.random.uniform(0, 0.4))))

    # -- what must hold -----------------------------------------------------------------------------------------

    def _look(self):
        source, target = self.pair.source.postgres, self.pair.target.postgres
        return (
            inventory(source),
            inventory(source, self.name),
            identities(source, self.name),
            inventory(target) - {f"database {self.name}"},
        )

    def check_nothing_is_left(self, within=20, source=True):
        if source:
            assert_nothing_is_left(self.pair, self.name, within=within)
            assert self._look() == self.before
        pattern = os.path.join(self.pair.malachite.data_dir, "work", "*")
        wait_until(lambda: not glob.glob(pattern), 10, "the end of working directories")

    def check_equal(self, rows):
        """Both databases; without rows, what moves with them is left out, too."""
        source, target = self.pair.source.postgres, self.pair.target.postgres
        options = dict(self.compare_options)
        options["ignore"] = (*options.get("ignore", PLPGSQL), *(() if rows else MOVING))
        source.execute("REFRESH MATERIALIZED VIEW totals", dbname=self.name)  # as the cutover does on the target
        assert compare_databases(source.dsn(self.name), target.dsn(self.name), **options) == []

    def cut_over_quiet(self, kill=False):
        """The writers stop just before the trigger: all is equal afterwards."""
        committed = self.writers.stop()
        self.patch(triggerCutover="True")
        self._maybe_kill(kill)
        self.check_cut_over(committed, True)

    def cut_over_busy(self, kill=False):
        """The writers go on: what was committed before the trigger is there, and what is there fits together."""
        committed = self.writers.committed()
        self.patch(triggerCutover="True")
        self._maybe_kill(kill)
        self.check_cut_over(committed, False)

    def check_cut_over(self, committed, quiet, **patience):
        self.reach_end("Succeeded", **patience)
        self.writers.stop()
        self.check_nothing_is_left()
        check_ledger(self.pair.source.postgres, self.name, committed)
        check_ledger(self.pair.target.postgres, self.name, committed)
        self.check_equal(rows=quiet)

    def _maybe_kill(self, kill):
        if kill:
            time.sleep(self.random.choice((0, self.random.uniform(0, 0.03), self.random.uniform(0, 0.4))))
            self.kill("cutover")

    def cancel(self, kill=False):
        self.patch(cancel="True")
        if kill:
            self.sleep(0.15)
            self.kill("cancel")
        self.reach_end("Canceled")
        self.writers.stop()
        self.check_nothing_is_left()

    def check_source_is_whole(self):
        check_ledger(self.pair.source.postgres, self.name, self.writers.committed())
