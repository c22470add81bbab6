"""Rounds of torture with DDL: what both modes share, and the offline ones."""

import collections
import random
import threading
import time

import psycopg2

from arm import TERMINAL, details_of, state_of, substate_of, unique, wait_until
from online import WAITS, assert_nothing_is_left
from postgres import quoted
from torture_model import Writer
from torture_more_actors import RESTLESS, SETTINGS, STEADY

PINNED = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=3 -c search_path=public"
    " -c bytea_output=hex -c default_text_search_config=pg_catalog.english -c lock_timeout=20s -c statement_timeout=60s"
    " -c default_transaction_isolation=repeatable\\ read"
)
USER_TABLES = """SELECT format('%I.%I', nspname, relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE relkind = 'r' AND c.oid >= 16384 AND nspname !~ '^(pg_|malachite)' AND nspname <> 'information_schema' ORDER BY 1"""
COLUMNS = """SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname"""
SEQUENCES = (
    """SELECT format('%I.%I', schemaname, sequencename), last_value, increment_by FROM pg_sequences ORDER BY 1"""
)


class Finding(AssertionError):
    """The promise was broken."""


class Ask:
    """Queries of one database with settings that show values alike; .plain asks as an application does."""

    def __init__(self, postgres, name):
        self.postgres, self.name = postgres, name

    def __call__(self, sql, args=None):
        return self._ask(sql, args, options=PINNED)

    def plain(self, sql, args=None):
        return self._ask(sql, args)

    def _ask(self, sql, args, **options):
        connection = psycopg2.connect(self.postgres.dsn(self.name), **options)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, args)
                return cursor.fetchall()
        finally:
            connection.close()


class Round:
    """What both modes share."""

    def __init__(self, pair, login, seed, mode):
        self.pair, self.login, self.seed = pair, login, seed
        self.random = random.Random(seed)
        self.name = unique("ddl")
        self.source, self.target = pair.source.postgres, pair.target.postgres
        self.ask_source, self.ask_target = Ask(self.source, self.name), Ask(self.target, self.name)
        self.body = pair.body([self.name], migrationMode=mode)
        self.migration = None
        self.actors = []
        self.story = []
        self.messages = []
        self.began = time.monotonic()
        self.threads = []

    def tell(self, what):
        self.story.append(f"{time.monotonic() - self.began:7.2f} {what}")

    def load(self, classes, schema=""):
        self.source.create_database(self.name)
        for setting in self.random.sample(SETTINGS, self.random.choice((0, 0, 1, 3))):
            if setting.startswith("search_path") and self.random.random() < 0.5:
                continue
            self.source.execute(f"ALTER DATABASE {self.name} SET {setting}")
            self.tell(f"setting {setting}")
        for one in classes:
            self.source.psql(one.schema, self.name)
        self.source.psql(schema, self.name)
        self.actors = [one(self.source, self.name, self.seed) for one in classes]

    def close(self):
        for actor in self.actors:
            actor._ended.set()  # pylint: disable=protected-access
            actor._go.set()  # pylint: disable=protected-access
        for thread in self.threads:
            thread.join(30)

    def put(self):
        self.migration = self.pair.arm.put_migration(
            self.pair.source, self.pair.target, None, unique("m"), body=self.body
        )
        self.tell("put")

    def get(self):
        self.migration.watch.begin_attempt()  # a copy may begin again: that is what is tested
        self.migration.watch.figures_may_shrink = True
        body = self.migration.get()
        message = self.message(body)
        if message and (not self.messages or self.messages[-1] != message):
            self.messages.append(message)
            self.tell(f"message: {message}")
        return body

    def message(self, body):
        error = body["properties"]["currentStatus"].get("error")
        return error or (details_of(body, self.name).get("migrationOperation") if substate_of(body) == WAITS else None)

    def end(self, timeout):
        def look():
            body = self.get()
            return body if state_of(body) in TERMINAL else None

        body = wait_until(look, timeout, "the end")
        status = body["properties"]["currentStatus"]
        self.tell(f"end: {state_of(body)} {status.get('error', '')}")
        return state_of(body), status.get("error", "")

    def hold(self, side, table, seconds, mode="ACCESS EXCLUSIVE"):
        """A lock for a while, from another thread."""
        postgres = getattr(self, side)

        def run():
            try:
                connection = postgres.connect(self.name)
                connection.cursor().execute(
                    f"SET lock_timeout = '5s'; BEGIN; LOCK TABLE {table} IN {mode} MODE; SELECT pg_sleep({seconds}); COMMIT"
                )
                connection.close()
            except psycopg2.Error:
                pass

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()
        self.tell(f"lock {mode} {seconds:.1f} s on {table} of the {side}")

    def check_invariants(self, busy):
        found = []
        for actor in self.actors:
            if isinstance(actor, Writer):
                continue
            broken = [f"harness: on the source itself, {text}" for text in actor.violations(self.ask_source)]
            try:
                broken += actor.violations(self.ask_target, self.ask_source, busy=busy)
            except psycopg2.Error as error:
                broken.append(f"{type(actor).__name__}: cannot be read on the target: {error}")
            found += broken
        if found:
            raise Finding("Succeeded, yet\n    " + "\n    ".join(found))

    def check_equal(self, but=()):
        """Every table of the source, with the source's columns; every sequence is not behind."""
        differences = []
        for (table,) in self.ask_source(USER_TABLES):
            if table not in but:
                differences += self.compare_table(table)
        there = {name: (value, step) for name, value, step in self.ask_target(SEQUENCES)}
        for name, value, step in self.ask_source(SEQUENCES):
            if name not in there:
                differences.append(f"sequence {name} is missing")
            elif there[name][0] != value:
                differences.append(f"sequence {name}: {value} on the source, {there[name][0]} on the target")
            elif there[name][1] != step:
                differences.append(f"sequence {name}: increment {step} on the source, {there[name][1]} on the target")
        return differences

    def compare_table(self, table, sample=True):
        columns = [quoted(name) for name, in self.ask_source(COLUMNS, (table,))]
        rows = f"ROW({', '.join(columns)})::text"
        sql = f'SELECT count(*), sum(hashtextextended({rows} COLLATE "C", 0)::numeric) FROM ONLY {table}'
        ours = self.ask_source(sql)
        try:
            theirs = self.ask_target(sql)
        except psycopg2.Error as error:
            return [f"{table}: cannot be read on the target: {str(error).splitlines()[0]}"]
        if ours == theirs:
            return []
        text = f"{table}: {ours[0][0]} rows on the source, {theirs[0][0]} on the target"
        if sample and ours[0][0] < 10000:
            every = f"SELECT {rows} FROM ONLY {table}"
            one, other = (collections.Counter(row for row, in ask(every)) for ask in (self.ask_source, self.ask_target))
            text += f"; missing {list((one - other))[:2]}, too many {list((other - one))[:2]}"
        return [text]

    def check_nothing_is_left(self):
        try:
            assert_nothing_is_left(self.pair, self.name, within=20)
        except AssertionError as error:
            raise Finding(f"left behind: {error}") from None

    def cancel(self):
        """After a finding: others want the servers."""
        try:
            self.migration.patch(status=(200, 409), cancel="True")
            self.end(40)
        except Exception as failure:  # pylint: disable=broad-except
            print("cannot cancel:", failure)


class OfflineRound(Round):
    """Everything goes on during the copy. The target shows one moment of the source."""

    def __init__(self, pair, login, seed):
        super().__init__(pair, login, seed, "Offline")

    def run(self):
        restless = self.random.sample(RESTLESS, self.random.randint(1, len(RESTLESS)))
        self.load(STEADY + restless)
        self.tell("actors " + " ".join(one.__name__ for one in restless))
        for actor in self.actors:
            if not actor.steady:
                actor.limit /= len(restless)  # about ten definitions a second in all
            actor.start()
        time.sleep(self.random.uniform(0, 0.5))
        self.put()
        for _ in range(self.random.randint(0, 3)):
            time.sleep(self.random.uniform(0, 0.6))
            table = self.random.choice(["b_0", "b_2", "r_trunc", "r_keyed", "orders", "local"])
            self.hold(
                "source",
                table,
                self.random.uniform(0.1, 1.5),
                self.random.choice(["ACCESS EXCLUSIVE", "SHARE", "EXCLUSIVE"]),
            )
        state, error = self.end(150)
        for actor in self.actors:
            actor.stop()
        self.check_nothing_is_left()
        if state != "Succeeded":
            return f"{state}: {error}"
        self.check_invariants(busy=False)
        return "Succeeded"
