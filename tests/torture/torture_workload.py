"""A database that is hard to follow, and writers that keep a ledger in it.

Every writer has rows of its own in every table. Each of its transactions ends by writing down its number and a digest of
all of its rows (table `ledger`): so whatever state of the source a target shows, that state proves itself.
"""

import random
import threading
import time

import psycopg2

from samples import load

WRITERS = 3

SCHEMA = r"""
SET test.fast = 'yes';
CREATE FUNCTION public.slowly(n int, seconds float) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_setting('test.fast', true) IS DISTINCT FROM 'yes' THEN PERFORM pg_sleep(seconds); END IF;
    RETURN n;
END $$;
CREATE SEQUENCE numbers;
CREATE TABLE keyed (id bigint PRIMARY KEY DEFAULT nextval('numbers'), writer int NOT NULL, n int, v text);
CREATE TABLE doubles (writer int NOT NULL, n int, v text);
CREATE TABLE whole (writer int NOT NULL, n int, v text, w numeric);
ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE TABLE toasted (id bigint PRIMARY KEY, writer int NOT NULL, n int, body text, other text);
ALTER TABLE toasted ALTER body SET STORAGE EXTERNAL, ALTER other SET STORAGE EXTERNAL;
CREATE TABLE codes (id bigint PRIMARY KEY, writer int NOT NULL, n int, code text UNIQUE, mail text NOT NULL UNIQUE);
CREATE TABLE by_index (a bigint NOT NULL, writer int NOT NULL, n int);
CREATE UNIQUE INDEX by_index_a ON by_index (a);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_a;
CREATE TABLE parted (id bigint, region int, writer int NOT NULL, n int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
CREATE TABLE hashed (id bigint PRIMARY KEY, writer int NOT NULL, n int) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE always (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, writer int NOT NULL, n int,
    twice int GENERATED ALWAYS AS (n * 2) STORED);
CREATE TABLE parent (id bigint PRIMARY KEY, writer int NOT NULL, n int);
CREATE TABLE child (id bigint PRIMARY KEY, parent bigint REFERENCES parent ON DELETE CASCADE, writer int NOT NULL, n int);
CREATE TABLE later (id bigint PRIMARY KEY, parent bigint REFERENCES parent DEFERRABLE, writer int NOT NULL);
CREATE TABLE watched (id bigint PRIMARY KEY, writer int NOT NULL, n int);
CREATE TABLE watched_log (writer int NOT NULL, n int, what text);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.watched_log VALUES (coalesce(NEW.writer, OLD.writer), coalesce(NEW.n, OLD.n), TG_OP);
    RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON watched FOR EACH ROW EXECUTE FUNCTION watch();
ALTER TABLE watched ENABLE ALWAYS TRIGGER watch;
CREATE TABLE bulk (id int PRIMARY KEY, writer int, n int, filler text);
INSERT INTO bulk SELECT i, NULL, 0, repeat(md5(i::text), 20) FROM generate_series(0, :rows - 1) AS i;
CREATE INDEX bulk_writer ON bulk (writer);
CREATE TABLE slow_rows (a int, CHECK (public.slowly(a, :row_seconds) = a), filler text);
INSERT INTO slow_rows SELECT i, repeat('x', 1000) FROM generate_series(1, :slow) AS i;
CREATE INDEX slow_index ON slow_rows (public.slowly(a, :row_seconds));
CREATE UNLOGGED TABLE fleeting (writer int, n int, CHECK (public.slowly(n, :row_seconds) = n));
CREATE MATERIALIZED VIEW totals AS SELECT public.slowly(writer, 10 * :row_seconds) AS writer, sum(n) AS n
    FROM (SELECT writer, sum(id) AS n FROM keyed GROUP BY writer) k GROUP BY writer;
CREATE TABLE ledger (writer int PRIMARY KEY, n int NOT NULL, digest text);
CREATE TABLE journal (writer int, n int, PRIMARY KEY (writer, n));
"""

# A table that is emptied now and then, with one that refers to it: each writer has its own.
OWN = """
CREATE TABLE own_{w} (id bigint PRIMARY KEY, writer int NOT NULL, n int);
CREATE TABLE own_child_{w} (parent bigint REFERENCES own_{w}, writer int NOT NULL, n int);
CREATE INDEX ON own_child_{w} (parent);
"""

EVENT_TRIGGER = """
CREATE FUNCTION notice() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER notice ON ddl_command_start EXECUTE FUNCTION notice();
"""

TABLES = (
    "keyed",
    "doubles",
    "whole",
    "toasted",
    "codes",
    "by_index",
    "parted",
    "hashed",
    "always",
    "parent",
    "child",
    "later",
    "watched",
    "watched_log",
    "bulk",
)


def _digest_functions():
    """One per writer, so that nobody waits for a table that another one empties."""
    script = "".join(f"CREATE INDEX ON {table} (writer);" for table in TABLES if table != "bulk")
    for w in range(WRITERS):
        parts = " UNION ALL ".join(
            f"SELECT '{table}' || r::text AS t FROM public.{table} r WHERE writer = {w}"
            for table in (*TABLES, f"own_{w}", f"own_child_{w}")
        )
        script += f"""
            CREATE FUNCTION public.digest_{w}() RETURNS text LANGUAGE sql STABLE AS $$
            SELECT md5(coalesce(string_agg(t, ',' ORDER BY t COLLATE "C"), '')) FROM ({parts}) x $$;
            INSERT INTO ledger VALUES ({w}, 0, digest_{w}());"""
    return script


def load_torture(postgres, name, rows=20000, slow=40, row_seconds=0.01, event_trigger=True):
    """Copying it takes about 2 * slow * row_seconds."""
    script = SCHEMA + "".join(OWN.format(w=w) for w in range(WRITERS)) + _digest_functions()
    return load(
        postgres, name, script + (EVENT_TRIGGER if event_trigger else ""), rows=rows, slow=slow, row_seconds=row_seconds
    )


# $w: the writer, $n: the number of its transaction, $i: a number nobody else uses, $r: a random one.
PICK = "(SELECT id FROM {0} WHERE writer = $w ORDER BY id OFFSET $r % 20 LIMIT 1)"
OPERATIONS = [
    "INSERT INTO keyed (writer, n, v) SELECT $w, $n, 'v' || g FROM generate_series(1, 1 + $r % 4) g",
    "UPDATE keyed SET n = $n, v = v || '+' WHERE id = " + PICK.format("keyed"),
    "UPDATE keyed SET id = nextval('numbers') WHERE id = " + PICK.format("keyed"),
    "DELETE FROM keyed WHERE id = " + PICK.format("keyed"),
    "INSERT INTO doubles SELECT $w, $n % 3, NULL FROM generate_series(1, 2)",
    "UPDATE doubles SET n = n + 1, v = 'u' WHERE ctid = (SELECT ctid FROM doubles WHERE writer = $w LIMIT 1)",
    "DELETE FROM doubles WHERE ctid = (SELECT ctid FROM doubles WHERE writer = $w LIMIT 1)",
    "INSERT INTO whole VALUES ($w, $n, NULL, 1.50), ($w, $n, NULL, 1.50), ($w, $n, 'x', 'NaN')",
    "UPDATE whole SET v = 'changed' WHERE ctid = (SELECT ctid FROM whole WHERE writer = $w ORDER BY n LIMIT 1)",
    "DELETE FROM whole WHERE ctid = (SELECT ctid FROM whole WHERE writer = $w ORDER BY n DESC LIMIT 1)",
    "INSERT INTO toasted VALUES ($i, $w, $n, repeat(md5('$i'), 150), repeat(md5('$n'), 100))",
    "UPDATE toasted SET n = $n WHERE id = " + PICK.format("toasted"),
    "UPDATE toasted SET body = repeat(md5('$i'), 120) WHERE id = " + PICK.format("toasted"),
    "UPDATE toasted SET id = $i WHERE id = " + PICK.format("toasted"),
    "INSERT INTO codes VALUES ($i, $w, $n, 'c$i', 'm$i')",
    "UPDATE codes SET code = 'x$w-' || $r % 10 WHERE id = "
    + PICK.format("codes")
    + " AND NOT EXISTS (SELECT FROM codes WHERE code = 'x$w-' || $r % 10)",
    "DELETE FROM codes WHERE writer = $w AND mail = 'swap$w'; INSERT INTO codes VALUES ($i, $w, $n, NULL, 'swap$w')",
    "UPDATE codes SET mail = 'a$i' WHERE mail = 'swap$w'; UPDATE codes SET mail = 'swap$w' WHERE id = "
    + PICK.format("codes"),
    "INSERT INTO by_index VALUES ($i, $w, $n)",
    "UPDATE by_index SET a = $i, n = $n WHERE a = (SELECT min(a) FROM by_index WHERE writer = $w)",
    "DELETE FROM by_index WHERE a = (SELECT max(a) FROM by_index WHERE writer = $w)",
    "INSERT INTO parted VALUES ($i, $r % 3, $w, $n); INSERT INTO hashed VALUES ($i, $w, $n)",
    "UPDATE parted SET region = (region + 1) % 4, n = $n WHERE id = " + PICK.format("parted"),
    "UPDATE hashed SET id = $i WHERE id = " + PICK.format("hashed"),
    "DELETE FROM parted WHERE id = " + PICK.format("parted"),
    "INSERT INTO always (writer, n) VALUES ($w, $n), ($w, -$n)",
    "UPDATE always SET n = $r WHERE id = " + PICK.format("always"),
    "DELETE FROM always WHERE id = " + PICK.format("always"),
    "INSERT INTO parent VALUES ($i, $w, $n); INSERT INTO child VALUES ($i, $i, $w, 1), (-$i, $i, $w, 2)",
    "SET CONSTRAINTS ALL DEFERRED; INSERT INTO later VALUES ($i, $i, $w); INSERT INTO parent VALUES ($i, $w, $n)",
    "DELETE FROM later WHERE writer = $w; DELETE FROM parent WHERE id = " + PICK.format("parent"),
    "INSERT INTO watched VALUES ($i, $w, $n)",
    "UPDATE watched SET n = $n WHERE id = " + PICK.format("watched"),
    "DELETE FROM watched WHERE id = " + PICK.format("watched"),
    "UPDATE bulk SET writer = $w, n = $n WHERE id % 3 = $w AND id < 90 AND id >= 90 - $r % 90",
    "DELETE FROM bulk WHERE id = (SELECT id FROM bulk WHERE writer = $w ORDER BY id LIMIT 1)",
    "SAVEPOINT s; INSERT INTO keyed (writer, n) VALUES ($w, -1); ROLLBACK TO s",
    "INSERT INTO own_$w VALUES ($i, $w, $n); INSERT INTO own_child_$w VALUES ($i, $w, $n)",
    "INSERT INTO own_$w SELECT $i + g, $w, $n FROM generate_series(1, 3) g",
    "INSERT INTO fleeting VALUES ($w, $n)",
    "SELECT lo_from_bytea((99999 + $i)::oid, 'first $n')",
    "SELECT lo_put(oid, 2, 'changed $n') FROM pg_largeobject_metadata WHERE oid::int % 3 = $w ORDER BY oid LIMIT 1",
    "SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid::int % 3 = $w ORDER BY oid DESC LIMIT 1",
]
TRUNCATE = "TRUNCATE own_$w, own_child_$w"
BIG_ONE = (
    "INSERT INTO keyed (writer, n, v) SELECT $w, $n, 'big' FROM generate_series(1, 1500);"
    "DELETE FROM keyed WHERE writer = $w AND v = 'big' AND n < $n"
)
SHORTEN = (
    "DELETE FROM watched_log WHERE writer = $w; DELETE FROM doubles WHERE writer = $w;"
    "DELETE FROM whole WHERE writer = $w AND n < $n - 20; DELETE FROM toasted WHERE writer = $w AND n < $n - 20"
)
LEDGER = "INSERT INTO journal VALUES ($w, $n); UPDATE ledger SET n = $n, digest = digest_$w() WHERE writer = $w"


class LedgerWriter:
    """One writer, in a thread of its own. `outages`: it outlives a source that goes away; otherwise that is a failure."""

    def __init__(self, postgres, name, number, seed, pause=0.01, outages=False):
        self.postgres, self.name, self.number = postgres, name, number
        self.pause, self.outages = pause, outages
        self.committed = 0
        self.failure = None
        self._random = random.Random(seed)
        self._unique = number
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the writer hangs"
        assert self.failure is None, self.failure

    def _transaction(self, n):
        rare = self._random.random()
        chosen = [self._random.choice(OPERATIONS) for _ in range(self._random.randint(1, 5))]
        chosen += [TRUNCATE] if rare < 0.04 else [BIG_ONE] if rare < 0.05 else [SHORTEN] if rare < 0.09 else []
        self._random.shuffle(chosen)
        statements = []
        for text in [*chosen, LEDGER]:
            self._unique += WRITERS * 10
            statements.append(
                text.replace("$w", str(self.number))
                .replace("$n", str(n))
                .replace("$i", str(self._unique))
                .replace("$r", str(self._random.randrange(10**6)))
            )
        return "BEGIN;" + ";".join(statements) + ";COMMIT"

    def _run(self):
        while not self._stop.is_set():
            try:
                self._write()
            except psycopg2.Error as failure:
                # One without a code is the end of the connection.
                gone = failure.pgcode is None or failure.pgcode.startswith(("57P", "08"))
                if not self.outages or not gone:
                    self.failure = failure
                    return
                time.sleep(0.05)
            except Exception as failure:  # pylint: disable=broad-except
                self.failure = failure
                return

    def _write(self):
        connection = self.postgres.connect(self.name)
        try:
            with connection.cursor() as cursor:
                # Of a connection that broke at its COMMIT nobody knows whether it was one.
                cursor.execute("SELECT n FROM ledger WHERE writer = %s", (self.number,))
                self.committed = cursor.fetchone()[0]
                while not self._stop.wait(self.pause):
                    cursor.execute(self._transaction(self.committed + 1))
                    self.committed += 1
        finally:
            connection.close()


class Writers:
    """All of them."""

    def __init__(self, postgres, name, seed, **options):
        self.all = [LedgerWriter(postgres, name, number, f"{seed}-{number}", **options) for number in range(WRITERS)]

    def __enter__(self):
        for writer in self.all:
            writer.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for writer in self.all:
            writer._stop.set()
        for writer in self.all:
            writer.stop()
        return self.committed()

    def committed(self):
        """What is committed for certain at this moment, per writer."""
        return [writer.committed for writer in self.all]


def check_ledger(postgres, name, at_least):
    """The database shows a state that existed, and nothing of the first `at_least` transactions is missing."""
    found = dict(
        (writer, (n, digest))
        for writer, n, digest in postgres.query("SELECT writer, n, digest FROM ledger", dbname=name)
    )
    for number, least in enumerate(at_least):
        n, digest = found[number]
        assert n >= least, f"writer {number}: {least} transactions were committed, {n} are there"
        journal = postgres.query("SELECT count(*), coalesce(max(n), 0) FROM journal WHERE writer = %s", (number,), name)
        assert journal == [(n, n)], f"writer {number}: {n} in the ledger, {journal} in the journal"
        assert postgres.value(f"SELECT digest_{number}()", dbname=name) == digest, f"rows of writer {number} differ"
    highest = postgres.value("SELECT coalesce(max(id), 0) FROM keyed", dbname=name)
    assert postgres.value("SELECT last_value FROM numbers", dbname=name) >= highest, "the sequence is behind the data"
    highest = postgres.value("SELECT coalesce(max(id), 0) FROM always", dbname=name)
    assert postgres.value("SELECT last_value FROM always_id_seq", dbname=name) >= highest, "the identity is behind"
