"""What a real source does in the meantime: actors that write and run DDL, each with a promise that every moment keeps.

An actor has tables of its own, changes them in transactions from a thread of its own, and knows what holds between its
tables after each transaction. So whatever moment of the source a target shows, `violations` finds rows that are lost,
doubled, mixed from two moments or changed. Nothing has to stand still for that.
"""

import random
import threading
import time

import psycopg2

# What comes of several sessions with locks, and of a base copy that holds some: another try is all it takes.
TOLERATED = {"40P01", "40001", "55P03", "57014", "55006"}
RELOADED = 400  # rows of a table that is reloaded


class Actor:
    """`steady`: it changes no definitions, so that replication may follow it. `limit`: of transactions a second."""

    steady = True
    schema = ""
    limit = 60

    def __init__(self, postgres, name, seed):
        self.postgres, self.name = postgres, name
        self.random = random.Random(f"{seed}-{type(self).__name__}")
        self.committed = 0
        self.tried = 0
        self.failure = None
        self._go = threading.Event()
        self._ended = threading.Event()
        self._idle = threading.Event()
        self._go.set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def transaction(self, number):
        """The SQL of one transaction."""
        raise NotImplementedError

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        """What the database behind `ask` shows and no moment of the source did. `source`: asks the source, whose rows
        are newer. `busy`: what is recopied at the cutover may be newer than the rest."""
        return []

    def start(self):
        self._thread.start()

    def pause(self):
        """Returns when no transaction is open."""
        self._idle.clear()
        self._go.clear()
        while not self._idle.wait(0.05):
            if not self._thread.is_alive():
                break
        assert self.failure is None, f"{type(self).__name__}: {self.failure}"

    def resume(self):
        self._go.set()

    def stop(self):
        self._ended.set()
        self._go.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), f"{type(self).__name__} hangs"
        assert self.failure is None, f"{type(self).__name__}: {self.failure}"

    def _run(self):
        try:
            connection = self.postgres.connect(self.name)
            cursor = connection.cursor()
            cursor.execute("SET lock_timeout = '3s'; SET synchronous_commit = off")
            while not self._ended.is_set():
                if not self._go.is_set():
                    self._idle.set()
                    self._go.wait()
                    continue
                self._idle.clear()
                self._one(cursor)
                time.sleep(self.random.uniform(0, 2 / self.limit))
            connection.close()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure
        finally:
            self._idle.set()

    def _one(self, cursor):
        self.tried += 1
        try:
            cursor.execute("BEGIN;" + self.transaction(self.tried) + ";COMMIT")
            self.committed += 1
        except psycopg2.Error as error:
            if error.pgcode not in TOLERATED:
                raise
            cursor.execute("ROLLBACK")


class Batches(Actor):
    """Appends two rows of its number to each of several tables. All of a number is there, or nothing."""

    tables = ("b_0", "b_1", "b_2", "b_3")
    schema = """
        CREATE TABLE journal (w int, n int, PRIMARY KEY (w, n));
        CREATE TABLE b_0 (w int, n int, k int, v text, PRIMARY KEY (w, n, k));
        CREATE TABLE b_1 (k int, v varchar(60), w int, n int, x float8 DEFAULT random(), PRIMARY KEY (n, w, k));
        CREATE TABLE b_2 (w int, n int, k int, v text);
        CREATE TABLE b_3 (w int, n int, k int, v text, PRIMARY KEY (w, n, k)) PARTITION BY HASH (w, n);
        CREATE TABLE b_3_0 PARTITION OF b_3 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE b_3_1 PARTITION OF b_3 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO journal SELECT 9, i FROM generate_series(1, 600) AS i;
    """ + "".join(
        f"INSERT INTO b_{t} (w, n, k, v) SELECT 9, i, k, 'first ' || i FROM generate_series(1, 600) AS i,"
        " generate_series(1, 2) AS k;"
        for t in range(4)
    )

    def transaction(self, number):
        rows = "".join(
            f"INSERT INTO {table} (w, n, k, v) SELECT 1, {number}, k, 'batch {number}' FROM generate_series(1, 2) AS k;"
            for table in self.random.sample(self.tables, 4)
        )
        return f"INSERT INTO journal VALUES (1, {number});" + rows

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        found = []
        for table in cls.tables:
            wrong = ask(
                f"""SELECT w, n, coalesce(c, 0) FROM (SELECT w, n, count(*) AS c FROM {table} GROUP BY w, n) AS b
                FULL JOIN (SELECT w, n, 1 AS j FROM journal) AS j USING (w, n) WHERE c IS DISTINCT FROM 2 OR j IS NULL ORDER BY w, n"""
            )
            if wrong:
                found.append(f"{table}: {len(wrong)} batches are not whole, such as (writer, number, rows) {wrong[:3]}")
        if source:
            found += [
                f"{table}: {text}" for table in cls.tables for text in changed_rows(ask, source, table, "w, n, k")
            ]
        return found


class Alterer(Actor):
    """Redefines the tables of Batches, with and without a rewrite."""

    steady = False
    limit = 8

    def transaction(self, number):
        table = self.random.choice(Batches.tables)
        return self.random.choice(
            [
                f"ALTER TABLE {table} ADD c_{number} float8 DEFAULT random()",
                f"ALTER TABLE {table} ADD c_{number} int",
                f"ALTER TABLE {table} ADD c_{number} int NOT NULL DEFAULT {number}",
                f"ALTER TABLE {table} ALTER v TYPE varchar({60 + number})",
                f"ALTER TABLE {table} ALTER v TYPE text",
                f"ALTER TABLE {table} ALTER k TYPE bigint",
                f"ALTER TABLE {table} ALTER k TYPE int",
                f"CREATE INDEX b_index_{number} ON {table} (v)",
                """DO $$ DECLARE what text; BEGIN
                   SELECT format('DROP INDEX %s', oid::regclass) INTO what FROM pg_class WHERE relname LIKE 'b\\_index\\_%' AND
                       relkind IN ('i', 'I') AND NOT relispartition ORDER BY random() LIMIT 1;
                   IF what IS NOT NULL THEN EXECUTE what; END IF; END $$""",
                """DO $$ DECLARE what text; BEGIN
                   SELECT format('ALTER TABLE %s DROP %I', attrelid::regclass, attname) INTO what FROM pg_attribute JOIN pg_class AS c
                       ON c.oid = attrelid WHERE relname IN ('b_0', 'b_1', 'b_2', 'b_3') AND attname LIKE 'c\\_%' ORDER BY random() LIMIT 1;
                   IF what IS NOT NULL THEN EXECUTE what; END IF; END $$""",
            ]
        )


class Reloads(Actor):
    """Empties tables and fills them again in one transaction. Their rows are of one generation, and complete."""

    kinds = {"r_trunc": "truncate", "r_delete": "delete", "r_parted": "truncate", "r_keyed": "truncate"}
    schema = f"""
        CREATE TABLE generations (name text PRIMARY KEY, g int);
        CREATE TABLE r_trunc (g int, i int, filler text);
        CREATE TABLE r_delete (g int, i int PRIMARY KEY, filler text);
        CREATE TABLE r_keyed (g int, i int PRIMARY KEY, filler text);
        CREATE TABLE r_parted (g int, i int, filler text, PRIMARY KEY (i)) PARTITION BY RANGE (i);
        CREATE TABLE r_parted_low PARTITION OF r_parted FOR VALUES FROM (MINVALUE) TO ({RELOADED // 3});
        CREATE TABLE r_parted_high PARTITION OF r_parted FOR VALUES FROM ({RELOADED // 3}) TO (MAXVALUE);
    """ + "".join(
        f"INSERT INTO {table} SELECT 0, i, 'x' FROM generate_series(1, {RELOADED}) AS i;"
        f"INSERT INTO generations VALUES ('{table}', 0);"
        for table in kinds
    )
    limit = 12

    @staticmethod
    def rows(table, number):
        return (
            f"INSERT INTO {table} SELECT {number}, i, 'x' FROM generate_series(1, {RELOADED}) AS i;"
            f"UPDATE generations SET g = {number} WHERE name = '{table}'"
        )

    def transaction(self, number):
        table, kind = self.random.choice(list(self.kinds.items()))
        return (f"TRUNCATE {table};" if kind == "truncate" else f"DELETE FROM {table};") + self.rows(table, number)

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        found = []
        for table in cls.kinds:
            shown = ask(f"SELECT g, count(*), count(DISTINCT i) FROM {table} GROUP BY g")
            generation = ask(f"SELECT g FROM generations WHERE name = '{table}'")[0][0]
            if shown != [(generation, RELOADED, RELOADED)]:
                found.append(f"{table}: generation {generation} is expected, (generation, rows) {shown} are there")
        return found


class Unlogged(Actor):
    """A table that replication does not carry, reloaded."""

    schema = f"CREATE UNLOGGED TABLE fleeting (g int, i int); INSERT INTO fleeting SELECT 0, i FROM generate_series(1, {RELOADED}) AS i"
    limit = 12

    def transaction(self, number):
        return f"TRUNCATE fleeting; INSERT INTO fleeting SELECT {number}, i FROM generate_series(1, {RELOADED}) AS i"

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        shown = ask("SELECT g, count(*) FROM fleeting GROUP BY g")
        return [] if [rows for _, rows in shown] == [RELOADED] else [f"fleeting: (generation, rows) {shown} are there"]


class Swaps(Actor):
    """The reloads that change identities: drop and recreate, build and rename, swap two tables' names."""

    steady = False
    limit = 10
    schema = f"""
        CREATE TABLE swap_generations (name text PRIMARY KEY, g int);
        CREATE TABLE w_drop (g int, i int PRIMARY KEY);
        CREATE TABLE w_built (g int, i int);
        CREATE TABLE w_left (home text, i int PRIMARY KEY);
        CREATE TABLE w_right (home text, i int PRIMARY KEY);
        CREATE TABLE homes (name text PRIMARY KEY, home text);
        INSERT INTO w_drop SELECT 0, i FROM generate_series(1, {RELOADED}) AS i;
        INSERT INTO w_built SELECT 0, i FROM generate_series(1, {RELOADED}) AS i;
        INSERT INTO w_left SELECT 'l', i FROM generate_series(1, 100) AS i;
        INSERT INTO w_right SELECT 'r', i FROM generate_series(1, 200) AS i;
        INSERT INTO homes VALUES ('w_left', 'l'), ('w_right', 'r');
        INSERT INTO swap_generations VALUES ('w_drop', 0), ('w_built', 0);
    """

    def transaction(self, number):
        fill = f"SELECT {number}, i FROM generate_series(1, {RELOADED}) AS i"
        return self.random.choice(
            [
                "DROP TABLE w_drop; CREATE TABLE w_drop (g int, i int PRIMARY KEY);"
                f"INSERT INTO w_drop {fill}; UPDATE swap_generations SET g = {number} WHERE name = 'w_drop'",
                f"CREATE TABLE w_next AS SELECT {number} AS g, i FROM generate_series(1, {RELOADED}) AS i;"
                "ALTER TABLE w_built RENAME TO w_old; ALTER TABLE w_next RENAME TO w_built; DROP TABLE w_old;"
                f"UPDATE swap_generations SET g = {number} WHERE name = 'w_built'",
                "ALTER TABLE w_left RENAME TO w_spare; ALTER TABLE w_right RENAME TO w_left; ALTER TABLE w_spare RENAME TO w_right;"
                "UPDATE homes SET home = CASE home WHEN 'l' THEN 'r' ELSE 'l' END",
            ]
        )

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        found = []
        for table in ("w_drop", "w_built"):
            shown = ask(f"SELECT g, count(*) FROM {table} GROUP BY g")
            generation = ask(f"SELECT g FROM swap_generations WHERE name = '{table}'")[0][0]
            if shown != [(generation, RELOADED)]:
                found.append(f"{table}: generation {generation} is expected, (generation, rows) {shown} are there")
        for name, home in ask("SELECT name, home FROM homes"):
            shown = ask(f"SELECT home, count(*) FROM {name} GROUP BY home")
            if shown != [(home, 100 if home == "l" else 200)]:
                found.append(f"{name}: the rows of '{home}' are expected, {shown} are there")
        return found


class Partitions(Actor):
    """Makes, fills, detaches, attaches and drops partitions, and keeps a list of them."""

    steady = False
    limit = 10
    schema = """
        CREATE TABLE p (part int NOT NULL, i int) PARTITION BY LIST (part);
        CREATE TABLE p_list (part int PRIMARY KEY, rows int, attached boolean);
    """

    def transaction(self, number):
        part = number % 6
        return f"""
            DO $$ DECLARE one record; BEGIN
                SELECT * INTO one FROM p_list WHERE part = {part};
                IF one IS NULL THEN
                    CREATE TABLE p_{part} (part int NOT NULL, i int);
                    INSERT INTO p_{part} SELECT {part}, i FROM generate_series(1, 50) AS i;
                    ALTER TABLE p ATTACH PARTITION p_{part} FOR VALUES IN ({part});
                    INSERT INTO p_list VALUES ({part}, 50, true);
                ELSIF NOT one.attached THEN
                    ALTER TABLE p ATTACH PARTITION p_{part} FOR VALUES IN ({part});
                    UPDATE p_list SET attached = true WHERE part = {part};
                ELSIF {self.random.randrange(3)} = 0 THEN
                    DROP TABLE p_{part};
                    DELETE FROM p_list WHERE part = {part};
                ELSIF {self.random.randrange(2)} = 0 THEN
                    ALTER TABLE p DETACH PARTITION p_{part};
                    UPDATE p_list SET attached = false WHERE part = {part};
                ELSE
                    INSERT INTO p SELECT {part}, i FROM generate_series(1, 10) AS i;
                    UPDATE p_list SET rows = rows + 10 WHERE part = {part};
                END IF;
            END $$"""

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        listed = dict(ask("SELECT part, rows FROM p_list WHERE attached"))
        shown = dict(ask("SELECT part, count(*) FROM p GROUP BY part"))
        found = [] if listed == shown else [f"p: {listed} is expected, {shown} are there"]
        for part, rows in ask("SELECT part, rows FROM p_list WHERE NOT attached"):
            there = ask(f"SELECT count(*) FROM p_{part}")[0][0]
            if there != rows:
                found.append(f"p_{part}, detached: {rows} rows are expected, {there} are there")
        return found


class Orders(Actor):
    """Parents that know how many children they have, with foreign keys that delete and change them."""

    schema = """
        CREATE TABLE orders (id bigint PRIMARY KEY, lines int, up bigint REFERENCES orders ON DELETE CASCADE);
        CREATE TABLE lines (id bigserial PRIMARY KEY, o bigint NOT NULL REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE);
        CREATE INDEX lines_o ON lines (o);
        CREATE TABLE accounts (id int PRIMARY KEY, balance numeric(12,2) NOT NULL);
        INSERT INTO accounts SELECT i, 0 FROM generate_series(1, 50) AS i;
        INSERT INTO orders SELECT i, 2 FROM generate_series(1, 200) AS i;
        INSERT INTO lines (o) SELECT i FROM generate_series(1, 200) AS i, generate_series(1, 2);
    """

    def transaction(self, number):
        # Deletions cascade: there may be any number of orders.
        offset = f"(SELECT {self.random.randrange(150)} % count(*) FROM orders)"
        pick = f"(SELECT id FROM orders ORDER BY id OFFSET {offset} LIMIT 1)"
        new = 1000 + number * 10
        statements = self.random.sample(
            [
                f"INSERT INTO orders VALUES ({new}, 3); INSERT INTO lines (o) SELECT {new} FROM generate_series(1, 3)",
                f"UPDATE orders SET lines = lines + 1 WHERE id = {pick}; INSERT INTO lines (o) SELECT {pick}",
                f"DELETE FROM orders WHERE id = {pick} AND (SELECT count(*) FROM orders) > 150",
                f"UPDATE orders SET id = {new + 1} WHERE id = {pick} AND NOT EXISTS (SELECT FROM orders AS c WHERE c.up = orders.id)",
                f"INSERT INTO orders VALUES ({new + 2}, 0, {pick})",
                "UPDATE orders SET up = NULL WHERE id = (SELECT id FROM orders WHERE up IS NOT NULL LIMIT 1);"
                "DELETE FROM orders WHERE id = (SELECT o.id FROM orders AS o WHERE NOT EXISTS (SELECT FROM orders AS c WHERE c.up = o.id)"
                " AND (SELECT count(*) FROM orders) > 150 ORDER BY id DESC LIMIT 1)",
                f"UPDATE accounts SET balance = balance - {number % 100}.25 WHERE id = {1 + number % 50};"
                f"UPDATE accounts SET balance = balance + {number % 100}.25 WHERE id = {1 + number * 7 % 50}",
            ],
            self.random.randint(1, 4),
        )
        return ";".join(statements)

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        wrong = ask(
            "SELECT o.id, lines, count(l.id) FROM orders AS o LEFT JOIN lines AS l ON o = o.id GROUP BY o.id HAVING count(l.id) <> lines"
        )
        found = [f"orders: (order, lines, found) {wrong[:3]}"] if wrong else []
        if ask("SELECT sum(balance) FROM accounts") != [(0,)]:
            found.append("accounts: their sum is not 0")
        if not ask("SELECT last_value >= (SELECT coalesce(max(id), 0) FROM lines) FROM lines_id_seq")[0][0]:
            found.append("lines_id_seq is behind its rows")
        return found


def changed_rows(ask, source, table, key, more=""):
    """Rows that are never changed: those that are there are as on the source, in the columns that both sides have with the
    same type."""
    sql = (
        f"SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
        " AND NOT attisdropped"
    )
    common = sorted(name for name, _ in {*ask(sql)} & {*source(sql)})
    rows = f"SELECT {key}, ROW({', '.join(common)}{more})::text FROM {table}"
    ours, theirs = set(source(rows)), set(ask(rows))
    lost = sorted(theirs - ours, key=str)
    return [f"{table}: {len(lost)} rows are not as on the source, such as {lost[0]}"] if lost else []
