"""The schema that a round of DDL begins with, its writers, and the names that its tables and columns have by now."""

import random

import psycopg2

from torture_actors import Actor

SCHEMA = """
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE app.plain (id bigint PRIMARY KEY, n int NOT NULL, v text, w text, x numeric(10,2), ts timestamp(0), vc varchar(12), m mood DEFAULT 'ok');
CREATE TABLE app.twin (id bigint PRIMARY KEY, n int NOT NULL, v text, w text, x numeric(10,2), ts timestamp(0), vc varchar(12), m mood DEFAULT 'ok');
CREATE TABLE app.whole (id bigint, n int, v text, w text, u int UNIQUE, small smallint);
ALTER TABLE app.whole REPLICA IDENTITY FULL;
CREATE TABLE app.coded (id bigint PRIMARY KEY, n int, v text, w text, code text UNIQUE, span int4range, EXCLUDE USING gist (span WITH &&));
CREATE TABLE app.parted (id bigint, n int, part int, v text, w text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE app.parted_0 PARTITION OF app.parted FOR VALUES IN (0);
CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES IN (1);
CREATE TABLE app.parted_rest PARTITION OF app.parted DEFAULT;
CREATE TABLE app.father (id bigint PRIMARY KEY, n int, v text, w text, alias int UNIQUE);
CREATE TABLE app.kid (id bigint PRIMARY KEY, n int, v text, w text, father bigint REFERENCES app.father ON DELETE CASCADE ON UPDATE CASCADE,
    alias int DEFAULT NULL REFERENCES app.father (alias) ON DELETE SET NULL ON UPDATE SET NULL, up bigint REFERENCES app.kid ON DELETE SET NULL);
CREATE SEQUENCE app.numbers;
INSERT INTO app.plain SELECT i, i, 'v' || i, 'w', i, now(), 'vc', 'ok' FROM generate_series(1, 200) AS i;
INSERT INTO app.twin SELECT i, -i, 'twin ' || i, 'w', i, now(), 'vc', 'sad' FROM generate_series(1, 150) AS i;
INSERT INTO app.whole SELECT i, i, 'v' || i, NULL, NULLIF(i % 2, 0) * i, 1 FROM generate_series(1, 100) AS i;
INSERT INTO app.coded SELECT i, i, 'v' || i, 'w', 'code' || i, int4range(i * 10, i * 10 + 5) FROM generate_series(1, 100) AS i;
INSERT INTO app.parted SELECT i, i, i % 3, 'v', 'w' FROM generate_series(1, 100) AS i;
INSERT INTO app.father SELECT i, i, 'v', 'w', i FROM generate_series(1, 50) AS i;
INSERT INTO app.kid SELECT i, i, 'v', 'w', 1 + i % 50, 1 + i % 50, NULLIF(i / 2, 0) FROM generate_series(1, 100) AS i;
"""

# {name}: the table now; [column]: its column now; $i: a number nobody else uses; $n, $r: any number.
ONE = "id = (SELECT id FROM {%s} ORDER BY id OFFSET $r %% 50 LIMIT 1)"
DML = {
    "plain": [
        "INSERT INTO {plain} (id, n, [v], [w]) VALUES ($i, $n, 'new', 'w$n')",
        "UPDATE {plain} SET [v] = [v] || '+', n = $n WHERE " + ONE % "plain",
        "UPDATE {plain} SET id = $i WHERE " + ONE % "plain",
        "DELETE FROM {plain} WHERE " + ONE % "plain",
        "UPDATE {plain} SET [x] = [x] + 1.2345 WHERE " + ONE % "plain",
        "UPDATE {plain} SET [ts] = clock_timestamp() WHERE " + ONE % "plain",
        "UPDATE {plain} SET [vc] = left(md5('$n'), 12) WHERE " + ONE % "plain",
        "UPDATE {plain} SET m = 'sad' WHERE " + ONE % "plain",
    ],
    "twin": [
        "INSERT INTO {twin} (id, n, [v], [w]) VALUES ($i, $n, 'new twin', 'w$n')",
        "UPDATE {twin} SET [w] = 'x$n', n = $n WHERE " + ONE % "twin",
        "DELETE FROM {twin} WHERE " + ONE % "twin",
        "UPDATE {twin} SET [x] = 0.005 * $n WHERE " + ONE % "twin",
    ],
    "whole": [
        "INSERT INTO {whole} (id, n, [v], u) VALUES ($i, $n, 'new', $i)",
        "INSERT INTO {whole} (id, n, [v]) VALUES ($n, $n, NULL)",
        "UPDATE {whole} SET u = $i, n = $n WHERE u = (SELECT max(u) FROM {whole})",
        "UPDATE {whole} SET [v] = '$n' WHERE ctid = (SELECT ctid FROM {whole} ORDER BY id OFFSET $r % 50 LIMIT 1)",
        "DELETE FROM {whole} WHERE ctid = (SELECT ctid FROM {whole} ORDER BY id OFFSET $r % 80 LIMIT 1)",
        "UPDATE {whole} SET small = [small] WHERE id < 20",
    ],
    "coded": [
        "INSERT INTO {coded} (id, n, [v], code, span) VALUES ($i, $n, 'new', 'c$i', int4range(10000 + $i * 10, 10005 + $i * 10))",
        # Values change places: unique only at the end of the transaction.
        "UPDATE {coded} SET code = code || '~' WHERE id IN (3, 4); UPDATE {coded} SET code = (SELECT CASE c.id WHEN 3 THEN 'a$n' ELSE 'b$n' END"
        " FROM {coded} AS c WHERE c.id = {coded}.id) WHERE id IN (3, 4)",
        "UPDATE {coded} SET code = NULL WHERE id = 5; UPDATE {coded} SET code = 'swap' WHERE id = 6; UPDATE {coded} SET code = NULL WHERE id = 6;"
        "UPDATE {coded} SET code = 'swap' WHERE id = 5",
        "DELETE FROM {coded} WHERE id > 100 AND " + ONE % "coded",
        "UPDATE {coded} SET id = $i WHERE id > 50 AND " + ONE % "coded",
    ],
    "parted": [
        "INSERT INTO {parted} (id, n, part, [v]) VALUES ($i, $n, $r % 4, 'new')",
        "UPDATE {parted} SET part = (part + 1) % 4, n = $n WHERE " + ONE % "parted",
        "UPDATE {parted} SET [w] = 'x$n' WHERE " + ONE % "parted",
        "DELETE FROM {parted} WHERE " + ONE % "parted",
    ],
    "father": [
        "INSERT INTO {father} (id, n, [v], alias) VALUES ($i, $n, 'new', $i); INSERT INTO {kid} (id, n, father, alias) VALUES ($i, $n, $i, $i)",
        "UPDATE {father} SET id = $i WHERE " + ONE % "father",
        "UPDATE {father} SET alias = -$i WHERE " + ONE % "father",
        "DELETE FROM {father} WHERE (SELECT count(*) FROM {father}) > 20 AND " + ONE % "father",
    ],
    "kid": [
        "INSERT INTO {kid} (id, n, up) SELECT $i, $n, max(id) FROM {kid}",
        "DELETE FROM {kid} WHERE " + ONE % "kid",
        "UPDATE {kid} SET father = NULL WHERE father = (SELECT min(id) FROM {father}); DELETE FROM {father} WHERE id = (SELECT min(id) FROM {father})",
        "UPDATE {kid} SET [w] = 'k$n' WHERE " + ONE % "kid",
    ],
}


class Model:
    """Which names the tables and columns of SCHEMA have now, and which columns there are."""

    def __init__(self, seed):
        self.random = random.Random(f"{seed}-events")
        self.number = 0
        self.tables = {name: ("app", name) for name in DML}
        self.columns = {name: {"v": "v", "w": "w"} for name in DML}
        for name in ("plain", "twin"):
            self.columns[name].update(x="x", ts="ts", vc="vc")
        self.columns["whole"]["small"] = "small"
        self.indexes = []
        self.partitions = []  # (number, attached)

    def sql_name(self, table):
        return "%s.%s" % self.tables[table]

    def fresh(self, prefix):
        self.number += 1
        return f"{prefix}_{self.number}"

    def dml(self, table, template, unique, number, chance):
        """A statement, or None when it needs a column that has been dropped."""
        for column in ("v", "w", "x", "ts", "vc", "small"):
            if f"[{column}]" in template:
                if column not in self.columns[table]:
                    return None
                template = template.replace(f"[{column}]", self.columns[table][column])
        for name in self.tables:
            template = template.replace("{%s}" % name, self.sql_name(name))
        return template.replace("$i", str(unique)).replace("$n", str(number)).replace("$r", str(chance))


class Writer(Actor):
    """Changes the tables of SCHEMA, whatever they are called."""

    limit = 80

    def __init__(self, postgres, name, seed, model):
        super().__init__(postgres, name, seed)
        self.model = model
        self.number = 0

    def transaction(self, number):
        statements = []
        for _ in range(self.random.randint(1, 4)):
            self.number += 1
            table = self.random.choice(list(DML))
            statements.append(
                self.model.dml(
                    table, self.random.choice(DML[table]), 1000 + self.number, number, self.random.randrange(10**6)
                )
            )
        return ";".join(filter(None, statements)) or "SELECT 1"

    def _one(self, cursor):
        try:
            super()._one(cursor)
        except psycopg2.IntegrityError:  # what comes of random changes
            cursor.execute("ROLLBACK")
