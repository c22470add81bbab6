"""Rounds of torture with DDL that an online migration has to follow."""

import time

import psycopg2

from arm import TERMINAL, details_of, state_of, substate_of, wait_until
from online import WAITS
from torture_events import next_event
from torture_model import DML, SCHEMA, Model, Writer
from torture_more_actors import STEADY
from torture_rounds import Finding, Round

IDENTITIES = """SELECT oid::bigint, format('%I.%I', relnamespace::regnamespace::text, relname) FROM pg_class
    WHERE relkind = 'r' AND oid >= 16384"""


class OnlineRound(Round):
    """Events one after the other; after each the target is equal, or waits with a message and is equal thereafter."""

    def __init__(self, pair, login, seed, without=()):
        super().__init__(pair, login, seed, "Online")
        self.without = without
        self.model = Model(seed)
        self.but = set()  # tables that only another copy could make equal
        self.failed = None
        self.first = set()  # OIDs of the tables of the base copy

    def run(self, events=None):
        self.load(STEADY, SCHEMA)
        self.actors.append(Writer(self.source, self.name, self.seed, self.model))
        for actor in self.actors:
            actor.limit /= 3  # what is tested is order, not speed
            actor.start()
        time.sleep(self.random.uniform(0, 0.3))
        self.first = {one for one, _ in self.ask_source(IDENTITIES)}
        self.put()
        self.disturb_base_copy()
        self.reach_following()
        for _ in range(events or self.random.randint(3, 8)):
            if self.random.random() < 0.4:
                self.disturb_target()
            self.event()
            if self.failed:
                break
            if self.random.random() < 0.3:
                self.compare_while_quiet()
        outcome = f"Failed: {self.failed}" if self.failed else self.cut_over()
        for actor in self.actors:
            actor.stop()
        self.check_nothing_is_left()
        return outcome

    def disturb_base_copy(self):
        for _ in range(self.random.randint(0, 2)):
            time.sleep(self.random.uniform(0, 0.8))
            self.hold(
                "source", self.random.choice(["b_0", "r_trunc", "orders", "app.plain"]), self.random.uniform(0.1, 1)
            )

    def reach_following(self):
        body = wait_until(
            lambda: self.seen(lambda body: substate_of(body) == WAITS or state_of(body) in TERMINAL), 90, "following"
        )
        self.tell(f"{state_of(body)} {substate_of(body)}")
        if state_of(body) in TERMINAL:
            self.failed = body["properties"]["currentStatus"].get("error")

    def seen(self, condition):
        body = self.get()
        return body if condition(body) else None

    # -- disturbances -------------------------------------------------------------------------------------------

    def disturb_target(self):
        table = self.model.sql_name(self.random.choice(list(DML)))
        how = self.random.choice(["lock target", "lock source", "table", "column", "index", "kill", "vacuum"])
        try:
            if how == "lock target":
                self.hold("target", table, self.random.uniform(0.2, 2))
            elif how == "lock source":
                self.hold("source", table, self.random.uniform(0.2, 1.5))
            elif how == "table":
                name = self.model.fresh("only_here")
                self.on_target(
                    [
                        f"CREATE TABLE app.{name} (a int PRIMARY KEY, b text)",
                        f"INSERT INTO app.{name} VALUES (1, 'mine')",
                    ],
                    "target-only table",
                )
            elif how == "column":
                name = self.model.fresh("only_here")
                self.on_target([f"ALTER TABLE {table} ADD {name} text DEFAULT 'mine'"], "target-only column")
            elif how == "index":
                self.on_target([f"CREATE INDEX {self.model.fresh('only_here')} ON {table} (n)"], "target-only index")
            elif how == "vacuum":
                self.on_target([f"VACUUM FULL {table}"], "rewrite on the target", own=False)
            else:
                self.pair.malachite.kill()
                self.pair.malachite.start()
                self.tell("kill -9")
        except psycopg2.Error as error:
            self.tell(f"{how} on the target: {error.pgcode} {str(error).splitlines()[0]}")

    def on_target(self, statements, what, own=True):
        role = "mover" if self.login == "ordinary" else None
        connection = self.target.connect(self.name)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'; SET client_min_messages = error")
                if role and own:
                    cursor.execute(f"SET ROLE {role}")
                alone = len(statements) == 1
                cursor.execute("SELECT 1" if alone else "BEGIN")
                for sql in statements:
                    cursor.execute(sql.replace("%(name)s", self.name))
                cursor.execute("SELECT 1" if alone else "COMMIT")
        finally:
            connection.close()
        self.tell(f"{what}: {'; '.join(statements)}")

    # -- events -------------------------------------------------------------------------------------------------

    def event(self):
        event = next_event(self.model, self.without)
        repeated = False
        writer = self.actors[-1]
        if event["first"] and event["target"]:
            repeated = self.repeat(event, "on the target first")
        writer.pause()
        connection = self.source.connect(self.name)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")
                alone = len(event["source"]) == 1
                for sql in event["source"] if alone else ["BEGIN", *event["source"], "COMMIT"]:
                    cursor.execute(sql.replace("%(name)s", self.name))
                for sql in event["then"]:
                    cursor.execute(sql)
                cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
                lsn = cursor.fetchone()[0]
            event["changes"]()
            self.tell(f"{event['what']}: {'; '.join(event['source'] + event['then'])}")
        except psycopg2.Error as error:
            self.tell(
                f"{event['what']}: not on the source: {error.pgcode} {str(error).splitlines()[0]} [{'; '.join(event['source'])}]"
            )
            if repeated:
                raise Finding("harness: the target has what the source refused") from None
            return
        finally:
            connection.close()
            writer.resume()
        if event.get("volatile"):
            self.but.add(event["source"][0].split()[2])
        self.settle(event, lsn, repeated)

    def repeat(self, event, what="repeated on the target"):
        for attempt in range(3):
            try:
                self.on_target(event["target"], what)
                return True
            except psycopg2.errors.LockNotAvailable:
                continue
            except psycopg2.Error as error:
                self.tell(f"{what}: {error.pgcode} {str(error).splitlines()[0]}")
                return False
        return False

    def passed(self, lsn):
        """Everything up to there has been applied: the slot needs it no more."""
        rows = self.ask_source(
            "SELECT min(confirmed_flush_lsn) >= %s::pg_lsn FROM pg_replication_slots WHERE database = %s",
            (lsn, self.name),
        )
        return rows[0][0]

    def position(self):
        return self.ask_source(
            "SELECT min(confirmed_flush_lsn)::text FROM pg_replication_slots WHERE database = %s", (self.name,)
        )

    def settle(self, event, lsn, repeated):
        """Until the change is applied or waited for with a message; then the user repeats it, and all goes on."""
        deadline, waits_since, before = time.monotonic() + 45, None, None
        while True:
            if self.position() != before:  # a busy machine takes its time
                before, deadline = self.position(), time.monotonic() + 45
            body = self.get()
            if state_of(body) in TERMINAL:
                self.failed = body["properties"]["currentStatus"].get("error") or "without a reason"
                self.tell(f"failed: {self.failed}")
                return
            message = self.message(body)
            # A server that is unreachable is no reason to repeat DDL: older changes may still be under way.
            asked = body["properties"]["currentStatus"].get("error")
            waits_since = (waits_since or time.monotonic()) if asked else None
            done = self.passed(lsn) and not message
            if not repeated and event["target"] and (done or waits_since and time.monotonic() - waits_since > 0.4):
                self.repeat(event)
                repeated, waits_since = True, None
                lsn = self.ask_source("SELECT pg_current_wal_insert_lsn()::text")[0][0]
                deadline = time.monotonic() + 45
                continue
            if done:
                return
            if time.monotonic() > deadline:
                figures = {
                    key: value
                    for key, value in details_of(body, self.name).items()
                    if key in ("incomingChanges", "latency")
                }
                raise Finding(
                    f"neither applied nor waiting: {event['what']}, {figures}, {self.position()}, {lsn}"
                    if not message
                    else f"waits although the DDL was repeated ({event['what']}): {message}"
                )
            time.sleep(0.05)

    # -- what must hold -----------------------------------------------------------------------------------------

    def caught_up(self, timeout=45):
        """With writers standing still: everything is applied. Returns the message that it waits with, if it does."""
        lsn = self.ask_source("SELECT pg_current_wal_insert_lsn()::text")[0][0]
        deadline, before = time.monotonic() + timeout, None
        while True:
            if self.position() != before:
                before, deadline = self.position(), time.monotonic() + timeout
            body = self.get()
            if state_of(body) in TERMINAL:
                self.failed = body["properties"]["currentStatus"].get("error") or "without a reason"
                return self.failed
            if self.passed(lsn) and not self.message(body):
                return None
            if time.monotonic() > deadline:
                message = self.message(body)
                if message:
                    return message
                raise Finding("silence: the target is behind and says nothing")
            time.sleep(0.05)

    def compare_while_quiet(self):
        for actor in self.actors:
            actor.pause()
        try:
            message = self.caught_up()
            if message:
                self.tell(f"not compared: {message}")
                return
            but = self.but | self.recopied()
            found = [text for text in self.check_equal(but) if not text.startswith(("sequence", "public.fleeting"))]
            if found:
                raise Finding("following without a message, yet\n    " + "\n    ".join(found) + self.later())
            self.tell("equal while following")
        finally:
            for actor in self.actors:
                actor.resume()

    def recopied(self):
        """Tables that Malachite has put aside, to recopy them at the cutover."""
        helpers = self.ask_target(
            "SELECT format('%I.stale', nspname) FROM pg_namespace WHERE nspname LIKE 'malachite%'"
        )
        relations = [
            one for table, in helpers for one, in self.ask_target(f"SELECT DISTINCT relation::bigint FROM {table}")
        ]
        names = {
            self.ask_source(
                "SELECT format('%%I.%%I', relnamespace::regnamespace::text, relname) FROM pg_class WHERE oid = %s",
                (one,),
            )[0][0]
            for one in relations
            if self.ask_source("SELECT 1 FROM pg_class WHERE oid = %s", (one,))
        }
        names |= {name for one, name in self.ask_source(IDENTITIES) if (one not in self.first)}
        if names:
            self.tell(f"recopied at the cutover: {' '.join(sorted(names))}")
        return names

    def later(self):
        """Whether time alone makes it equal: then the slot was confirmed too early."""
        time.sleep(5)
        found = self.check_equal(self.but)
        return "\n  5 s later: " + (found[0] if found else "equal") + f"; message {self.message(self.get())}"

    def cut_over(self):
        quiet = self.random.random() < 0.6
        if quiet:
            for actor in self.actors:
                actor.stop()
        self.migration.patch(triggerCutover="True")
        self.tell("cutover, quiet" if quiet else "cutover, busy")
        try:
            state, error = self.end(60)
        except AssertionError:
            body = self.get()
            message = self.message(body) or details_of(body, self.name).get("migrationOperation")
            self.tell(f"the cutover waits: {message}")
            if not message or message.startswith("Applying"):
                raise Finding(f"the cutover waits in silence: {message}") from None
            raise Finding(f"the cutover waits although all DDL was repeated: {message}") from None
        for actor in self.actors:
            actor.stop()
        if state != "Succeeded":
            return f"{state}: {error}"
        if quiet:
            found = self.check_equal()
            if found:
                raise Finding("Succeeded, yet\n    " + "\n    ".join(found))
        self.check_invariants(busy=not quiet)
        return "Succeeded"
