"""Changes every table of a database without knowing any of them.

    done = mutate(connection, seed=1)      # {"schema.table": {"insert": 3, "update": 4, ...}}

The catalog tells what there is. Rows are copied, changed with values of other rows, moved to other keys, deleted; each
attempt has a savepoint of its own, and what a constraint, trigger or rule refuses is passed over.
"""

import collections

import psycopg2
from psycopg2.extensions import quote_ident

TABLES = """
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind, c.relispartition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^malachite' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 2
"""

# Kinds of columns: "new" is an expression whose value no other row has.
COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typcategory::text, a.attnotnull,
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey::int2[])),
    to_jsonb(a)->>'attgenerated' IN ('s', 'v')
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


class Column:
    def __init__(self, connection, row):
        name, self.type, self.category, self.not_null, self.unique, self.generated = row
        self.name = quote_ident(name, connection)

    def other(self, n):
        """An expression of the row r: another value of the column's type."""
        value = "r." + self.name
        if self.category == "N" and self.type not in ("money", "oid") and not self.type.startswith("reg"):
            return f"({value} + {n})::{self.type}"
        if self.category == "S":
            return f"(left({value}::text, 3) || '{n}')::{self.type}"
        if self.category == "D":
            return f"({value} + interval '{n} hours')::{self.type}"
        if self.type == "uuid":
            return "md5(random()::text)::uuid"
        return value


class Mutator:
    def __init__(self, connection, rows=3):
        self.connection = connection
        self.rows = rows
        self.done = collections.defaultdict(collections.Counter)
        self.refused = {}
        self.n = 1000

    def query(self, sql, args=None):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, args)
            return cursor.fetchall()

    def attempt(self, table, what, sql):
        """Runs a statement by itself; counts the rows it changed."""
        with self.connection.cursor() as cursor:
            cursor.execute("SAVEPOINT attempt")
            try:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                cursor.execute(sql)
                changed = cursor.rowcount
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                self.done[table][what] += 1 if what == "truncate" else max(changed, 0)
                cursor.execute("RELEASE attempt")
                return True
            except psycopg2.Error as error:
                self.refused[table, what] = str(error).splitlines()[0]
                cursor.execute("ROLLBACK TO attempt")
                return False

    def mutate(self, truncate):
        tables = self.query(TABLES)
        for oid, table, kind, _ in tables:
            columns = [Column(self.connection, row) for row in self.query(COLUMNS, (oid,))]
            self._change(table, kind, [column for column in columns if not column.generated])
            self.connection.commit()
        for _, table, kind, _ in tables if truncate else ():
            if kind == "r" and truncate(table):
                self._truncate(table)
                self.connection.commit()
        return {table: dict(counts) for table, counts in self.done.items()}

    def _change(self, table, kind, columns):
        only = "ONLY " if kind == "r" else ""
        self.n += 500
        if not columns:
            self.attempt(table, "insert", f"INSERT INTO {table} DEFAULT VALUES")
            return
        names = ", ".join(column.name for column in columns)
        some = f"(SELECT * FROM {only}{table} ORDER BY random() LIMIT {self.rows}) r"
        fresh = ", ".join(column.other(self.n) if column.unique else "r." + column.name for column in columns)
        insert = f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT "
        self.attempt(table, "insert", f"{insert}{fresh} FROM {some}")
        for column in columns:
            if not column.unique:
                self.attempt(table, "update", self._from_another(table, only, column))
                if not column.not_null:
                    self.attempt(
                        table,
                        "update",
                        f"UPDATE {only}{table} SET {column.name} = NULL" f" WHERE {self._one(table, only)}",
                    )
            else:
                self.attempt(
                    table,
                    "move",
                    f"UPDATE {only}{table} AS r SET {column.name} = {column.other(self.n + 3)}"
                    f" WHERE {self._one(table, only)}",
                )
        # Only one column changes: what is stored out of line is not in the stream.
        for column in columns[-1:]:
            self.attempt(
                table,
                "touch",
                f"UPDATE {only}{table} SET {column.name} = {column.name}" f" WHERE {self._one(table, only)}",
            )
        self.attempt(table, "delete", f"DELETE FROM {only}{table} WHERE {self._one(table, only)}")
        # And again, so that something is left.
        self.n += 500
        fresh = ", ".join(column.other(self.n) if column.unique else "r." + column.name for column in columns)
        self.attempt(table, "insert", f"{insert}{fresh} FROM {some}")

    @staticmethod
    def _one(table, only):
        return f"(tableoid, ctid) IN (SELECT tableoid, ctid FROM {only}{table} ORDER BY random() LIMIT 1)"

    def _from_another(self, table, only, column):
        return (
            f"UPDATE {only}{table} SET {column.name} = (SELECT o.{column.name} FROM {only}{table} o"
            f" ORDER BY random() LIMIT 1) WHERE {self._one(table, only)}"
        )

    def _truncate(self, table):
        """Empties it and puts a part of it back, all in one statement as far as others can see."""
        names = [
            column.name
            for column in (
                Column(self.connection, row)
                for row in self.query(COLUMNS, (self.query("SELECT %s::regclass::oid", (table,))[0][0],))
            )
            if not column.generated
        ]
        if not names:
            self.attempt(table, "truncate", f"TRUNCATE ONLY {table}; INSERT INTO {table} DEFAULT VALUES")
            return
        names = ", ".join(names)
        self.attempt(
            table,
            "truncate",
            f"CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT {names} FROM ONLY {table} ORDER BY random() LIMIT 5;"
            f"TRUNCATE ONLY {table};"
            f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM kept; DROP TABLE kept",
        )


def mutate(postgres, name, truncate=None, seed=0.5, rows=3, role=None):
    """Returns (what was changed, what was refused), both by table. `truncate` tells by a table's name whether it shall be
    emptied too."""
    connection = postgres.connect(name)
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = ''; SET statement_timeout = '60s'; SELECT setseed(%s)", (seed,))
            if role:
                cursor.execute(f"SET ROLE {quote_ident(role, connection)}")
        mutator = Mutator(connection, rows)
        return mutator.mutate(truncate), mutator.refused
    finally:
        connection.close()
