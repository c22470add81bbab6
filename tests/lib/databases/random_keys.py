"""Random schemas with foreign keys of every kind, and random transactions on them: what a target that acts on rows itself
has to survive. Everything comes from one random.Random."""

import psycopg2

ACTIONS = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT")
DEFERRED = ("", "", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED")
ROWS = 12


class RandomSchema:
    """A few tables t0, t1, ... whose key is (id) or (id, k), with or without a primary key, partitioned or not."""

    def __init__(self, random, name):
        self.random, self.name = random, name
        self.wide = random.random() < 0.4  # keys of two columns
        self.tables = [f"{name}.t{i}" for i in range(random.randint(2, 4))]

    def script(self):
        parts = [f"CREATE SCHEMA {self.name}"]
        self.kinds = [self._kind() for _ in self.tables]
        for table, kind in zip(self.tables, self.kinds):
            parts += self._table(table, kind)
        for i, table in enumerate(self.tables):
            parts += self._foreign_key(i, table, "f")
            if self.random.random() < 0.5:
                parts += self._foreign_key(i, table, "g")
        for table in self.tables:
            parts += [
                f"INSERT INTO {table} (id, k, v, f, g) SELECT i, i % 2, 'v', NULL, NULL FROM generate_series(1, {ROWS}) AS i"
            ]
        return ";\n".join(parts)

    def _kind(self):
        kinds = ["keyed", "keyed", "whole", "nullable"]
        return self.random.choice(kinds + ["parted", "parted"] if self.wide else kinds)

    def _table(self, table, kind):
        key = "id, k" if self.wide else "id"
        unique = {"keyed": f"PRIMARY KEY ({key})", "parted": f"PRIMARY KEY ({key})"}.get(kind, f"UNIQUE ({key})")
        null = "" if kind == "nullable" else " NOT NULL"
        other = ", u int UNIQUE" if kind != "parted" and self.random.random() < 0.3 else ", u int"
        yield (
            f"CREATE TABLE {table} (id int{null}, k int{null}, v text, f int DEFAULT 1, fk int DEFAULT 1, g int DEFAULT 2,"
            f" gk int DEFAULT 0{other}, {unique})" + (" PARTITION BY LIST (k)" if kind == "parted" else "")
        )
        if kind == "parted":
            yield f"CREATE TABLE {table}_0 PARTITION OF {table} FOR VALUES IN (0)"
            yield f"CREATE TABLE {table}_1 PARTITION OF {table} DEFAULT"
        if kind in ("whole", "nullable") or (kind == "keyed" and self.random.random() < 0.2):
            yield f"ALTER TABLE {table} REPLICA IDENTITY FULL"

    def _foreign_key(self, i, table, column):
        other = self.tables[self.random.randint(0, i)]
        columns, key = (f"{column}, {column}k", "id, k") if self.wide else (column, "id")
        yield f"UPDATE {table} SET {column} = NULL"
        yield (
            f"ALTER TABLE {table} ALTER {column} DROP NOT NULL, ADD FOREIGN KEY ({columns}) REFERENCES {other} ({key})"
            f" ON DELETE {self.random.choice(ACTIONS)} ON UPDATE {self.random.choice(ACTIONS)}"
            f" {self.random.choice(DEFERRED)}"
        )
        yield f"ALTER TABLE {table} ALTER {column} SET DEFAULT {self.random.choice(['1', '2', 'NULL'])}"

    # -- changes ----------------------------------------------------------------------------------------------------

    def _where(self, column="id"):
        n = self.random.randint(0, ROWS + 2)
        return self.random.choice(
            [
                f"{column} = {n}",
                f"{column} = {n}",
                f"{column} IN ({n}, {n + 1}, {n + 5})",
                f"{column} BETWEEN {n} AND {n + 2}",
            ]
        )

    def statement(self):
        table, other = self.random.choice(self.tables), self.random.choice(self.tables)
        n, m = self.random.randint(1, ROWS + 4), self.random.randint(1, ROWS + 4)
        column = self.random.choice("fg")
        return self.random.choice(
            [
                f"INSERT INTO {table} (id, k, v, f, fk, g, gk) VALUES ({n}, {n % 2}, 'n', {m}, {m % 2}, NULL, 0)",
                f"INSERT INTO {table} (id, k, v, f, g) SELECT i, i % 2, 'm', NULL, NULL FROM generate_series({n}, {n + 3}) AS i",
                f"UPDATE {table} SET v = v || '{m}' WHERE {self._where()}",
                f"UPDATE {table} SET v = 'all'",
                f"UPDATE {table} SET id = {m} WHERE id = {n}",
                f"UPDATE {table} SET id = id + 20 WHERE {self._where()}; UPDATE {table} SET id = id - 20 WHERE id > 20",
                f"UPDATE {table} SET k = 1 - k WHERE {self._where()}",
                f"UPDATE {table} SET {column} = {m}, {column}k = {m % 2} WHERE {self._where()}",
                f"UPDATE {table} SET {column} = NULL WHERE {self._where(column)}",
                f"UPDATE {table} SET {column} = id, {column}k = k WHERE {self._where()}",
                f"UPDATE {table} SET u = NULL WHERE u = {n}; UPDATE {table} SET u = {n} WHERE id = {m}",
                f"DELETE FROM {table} WHERE {self._where()}",
                f"DELETE FROM {table} WHERE {self._where(column)}",
                f"WITH up AS (UPDATE {other} SET {column} = NULL WHERE {column} = {n}) DELETE FROM {table} WHERE id = {n}",
                f"UPDATE {other} SET {column} = NULL WHERE {column} = {n}; DELETE FROM {table} WHERE id = {n}",
                f"WITH gone AS (DELETE FROM {other} WHERE {column} = {n}) DELETE FROM {table} WHERE id = {n}",
                f"DELETE FROM {table} WHERE id = {n}; INSERT INTO {table} (id, k, v, f, g) VALUES ({n}, {m % 2}, 're', NULL, NULL)",
            ]
            + [
                f"TRUNCATE {table} CASCADE; INSERT INTO {table} (id, k, v, f, g)"
                f" SELECT i, i % 2, 't', NULL, NULL FROM generate_series(1, {ROWS}) AS i"
            ]
            * (self.random.random() < 0.1)
        )

    def transaction(self, cursor):
        """What the source refuses is rolled back; the rest is committed. Returns how many statements were not refused."""
        done = 0
        cursor.execute("BEGIN")
        for _ in range(self.random.randint(1, 5)):
            cursor.execute("SAVEPOINT one")
            try:
                cursor.execute(self.statement())
                done += 1
            except psycopg2.Error:
                cursor.execute("ROLLBACK TO one")
        try:
            cursor.execute("COMMIT")
        except psycopg2.IntegrityError:
            return 0
        return done
