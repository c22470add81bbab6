"""Compares two PostgreSQL databases, object by object and row by row, knowing nothing of how one became the other.

    differences = compare_databases(source_dsn, target_dsn)      # [] when they are equal
    compare.py 'host=... dbname=a' 'host=... dbname=b'           # exit status 1 when they differ

Both logins should be superusers (large objects, subscriptions, user mappings), and nobody should be writing.

Everything is known by name, never by OID (large objects apart). Rows are compared as a count and a checksum that does
not depend on their order nor on the order of the columns; the servers compute it, so that no row travels.

An entry to ignore is a kind ("comment"), a property ("owner"), a property of a kind ("relation.owner"), or
one object with all its properties ("trigger:a_disabled on acts.watched").

Not compared, because PostgreSQL's own tools cannot keep it or it means nothing elsewhere: OIDs, file names, statistics
collected by ANALYZE, the cache state of sequences, dropped columns, declared dimensions of arrays, the order of columns
in a child that joined its parent later, whether a partition's columns began as its own, which of several fitting indexes
a foreign key leans on, rows of foreign tables, roles themselves (they belong to the server), and into which partition the
hash of an OID puts a row.

Between servers of different majors some things cannot be equal; then texts are compared loosely (without blanks,
parentheses, qualifiers and the word IN), newer properties are left out, as are the privilege MAINTAIN (17), the versions
of extensions, and owner and privileges of the schema public if just one server is of 15 or later.
"""

import argparse
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg2
from psycopg2.extensions import parse_dsn

import catalog.queries_rare  # noqa: F401  (adds its kinds)
from catalog.queries import KINDS, RELATION
from catalog.queries_old import for_major

# A database may have settings of its own; with these, values look the same on both sides and nothing is cut short.
PINNED = {
    "search_path": "",
    "client_encoding": "UTF8",
    "DateStyle": "ISO,YMD",
    "IntervalStyle": "iso_8601",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "lc_monetary": "C",
    "xmloption": "content",
    "row_security": "off",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "default_transaction_isolation": r"read\ committed",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "off",
    "client_min_messages": "error",
}

HASH = "hashtextextended({}, 0)"
HASH_10 = "('x' || left(md5({}), 15))::bit(60)::bigint"

SEQUENCES_PER_QUERY = 200
SAMPLE_ROWS = 5000  # Up to so many rows, a table that differs is read to show one that does.
SHOWN = 160  # Characters of a value in a message.


def compare_databases(source_dsn, target_dsn, ignore=(), roles=None):
    """The differences, as a list of lines in the order of KINDS, rows last.

    `roles` maps role names of the source to those of the target, for servers whose superusers have other names.
    """
    with ThreadPoolExecutor(2) as pool:
        sides = list(pool.map(Side, (source_dsn, target_dsn)))
        try:
            for side in sides:
                side.prepare(oldest=min(other.major for other in sides))
            same_encoding = sides[0].encoding == sides[1].encoding
            source, target = pool.map(lambda side: side.read(ignore, same_encoding), sides)
            return Comparison(sides, ignore, roles or {}).differences(source, target)
        finally:
            for side in sides:
                side.connection.close()


class Side:
    """One database and what was read of it."""

    def __init__(self, dsn):
        pinned = " ".join(f"-c {name}={value}" for name, value in PINNED.items())
        # What the caller pinned comes first, what we need wins.
        options = (parse_dsn(dsn).get("options", "") + " " + pinned).strip()
        self.connection = psycopg2.connect(dsn, options=options)
        self.connection.autocommit = True
        self.major = self.connection.server_version // 10000
        self.encoding = self.connection.get_parameter_status("server_encoding")

    def prepare(self, oldest):
        """Until 11 floats are written with fewer or more digits than they need; 10 cannot hash to 64 bits."""
        self.hash = HASH_10 if oldest < 11 else HASH
        with self.connection.cursor() as cursor:
            if oldest < 12:
                cursor.execute("SET extra_float_digits = 0")
            if self.major >= 11:
                cursor.execute("SET jit = off")

    def query(self, sql):
        """All rows, as dictionaries."""
        with self.connection.cursor() as cursor:
            cursor.execute(for_major(sql, self.major))
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    def read(self, ignore, same_encoding):
        """{kind: {object: {property: value}}}"""
        found = {}
        for kind, sql in KINDS.items():
            name, _, since = kind.partition("@")
            if name not in ignore and self.major >= int(since or 0):
                found[kind] = [*self.query(sql)]
        if "sequence" not in ignore:
            self._read_sequence_values(found["sequence"])
        if "rows" not in ignore:
            found["rows"] = [self._read_rows(table, same_encoding) for table in self._tables(same_encoding)]
        return found

    def _read_sequence_values(self, sequences):
        values = {}
        names = [sequence["object"] for sequence in sequences]
        for first in range(0, len(names), SEQUENCES_PER_QUERY):
            parts = [
                f"SELECT {literal(name)} AS object, last_value, is_called FROM {name}"
                for name in names[first : first + SEQUENCES_PER_QUERY]
            ]
            values.update((row.pop("object"), row) for row in self.query(" UNION ALL ".join(parts)))
        for sequence in sequences:
            sequence.update(values[sequence["object"]])

    def _tables(self, same_encoding):
        """Everything that stores rows: ordinary tables, leaf partitions, materialized views. With their columns by
        name, since a table may have them in another order on the other side.

        The hash of an enum or a regclass is that of an OID, and that of a text depends on the encoding: rows may belong
        to other partitions elsewhere. Tables partitioned like this are read as a whole."""
        spread = """SELECT FROM (WITH RECURSIVE up(relid) AS (SELECT c.oid
                UNION ALL SELECT inhparent FROM up JOIN pg_inherits ON inhrelid = up.relid) SELECT relid FROM up) AS a
                JOIN pg_partitioned_table ON partrelid = a.relid
            WHERE partstrat = 'h' AND (a.relid <> c.oid OR NOT {itself}) AND ({any_key} OR EXISTS (
                SELECT FROM unnest(partattrs) AS key LEFT JOIN pg_attribute ON attrelid = partrelid AND attnum = key
                LEFT JOIN pg_type AS t ON t.oid = atttypid WHERE key = 0 OR t.oid >= 16384 OR typname LIKE 'reg%'))"""
        above = spread.format(itself=True, any_key=not same_encoding)
        at_all = spread.format(itself=False, any_key=not same_encoding)
        return self.query(
            f"""
            SELECT c.oid::regclass::text AS object, CASE relkind WHEN 'p' THEN '' ELSE 'ONLY ' END AS "only",
                   (SELECT string_agg('r.' || quote_ident(attname), ', ' ORDER BY attname::text COLLATE "C") FROM pg_attribute
                    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
            FROM pg_class AS c
            WHERE ({RELATION} OR c.oid IN (SELECT unnest(extconfig) FROM pg_extension))
              AND (relkind = 'r' AND NOT EXISTS ({at_all}) OR relkind = 'm' AND relispopulated
                   OR relkind = 'p' AND EXISTS ({at_all}) AND NOT EXISTS ({above}))"""
        )

    def _read_rows(self, table, same_encoding):
        text = f"ROW({table['columns'] or ''})::text"
        # Texts of different encodings are equal when they are equal in UTF-8.
        hashed = text + ' COLLATE "C"' if same_encoding else f"md5(convert_to({text}, 'UTF8'))"
        checksum = f"sum({self.hash.format(hashed)}::numeric)" if table["columns"] else "NULL"
        try:
            [row] = self.query(
                f"SELECT count(*) AS count, {checksum} AS checksum" f" FROM {table['only']}{table['object']} AS r"
            )
        except psycopg2.Error as error:
            row = {"count": "cannot be read: " + str(error).strip(), "checksum": None}
        return {**table, **row}

    def rows_as_text(self, table):
        """Every row of a table with its number of occurrences."""
        rows = self.query(
            f"SELECT ROW({table['columns']})::text AS row, count(*) AS n"
            f" FROM {table['only']}{table['object']} AS r GROUP BY 1"
        )
        return {row["row"]: row["n"] for row in rows}


class Comparison:
    """The rules by which two sides are equal."""

    def __init__(self, sides, ignore, roles):
        self.sides = sides
        self.ignore = frozenset(ignore)
        self.roles = roles
        self.oldest = min(side.major for side in sides)
        self.same_major = sides[0].major == sides[1].major
        self.found = []

    def differences(self, source, target):
        for kind in source:
            name, _, since = kind.partition("@")
            if kind in target and self.oldest >= int(since or 0):
                self._compare_kind(name, self._by_name(source[kind], self.roles), self._by_name(target[kind], {}))
        return self.found

    def _by_name(self, objects, roles):
        named = {}
        for item in objects:
            name = item["object"]
            if "role" in item:
                name += f" for {roles.get(item['role'], item['role'])}"
            named[name] = {
                key: translate_roles(key, value, roles) for key, value in item.items() if key not in ("object", "role")
            }
        return named

    def _compare_kind(self, kind, source, target):
        for name in sorted(source.keys() | target.keys()):
            if f"{kind}:{name}" in self.ignore:
                continue
            if name not in target:
                self.found.append(f"{kind} {name}: missing at the target")
            elif name not in source:
                self.found.append(f"{kind} {name}: only at the target")
            elif kind == "rows":
                self._compare_rows(name, source[name], target[name])
            else:
                self._compare_properties(kind, name, source[name], target[name])

    def _compare_properties(self, kind, name, source, target):
        for key in source:
            label = self._comparable(kind, name, key)
            if not label:
                continue
            ours, theirs = self._normal(key, source[key]), self._normal(key, target[key])
            if ours != theirs:
                self.found.append(f"{kind} {name}: {label}: " + describe(source[key], target[key]))

    def _comparable(self, kind, name, key):
        """The property's plain name, or None when it is not to be compared between these servers."""
        label, _, since = key.rstrip("=").partition("@")
        if self.ignore & {label, f"{kind}.{label}"} or self.oldest < int(since or 0):
            return None
        if key.endswith("=") and not self.same_major:
            return None
        newer_public = len({side.major >= 15 for side in self.sides}) == 2
        if (kind, name) == ("schema", "public") and newer_public and label in ("owner", "acl"):
            return None
        return label

    def _normal(self, key, value):
        if self.same_major:
            return value
        if key == "acl":
            return [entry for entry in value if self.oldest >= 17 or entry[1] != "MAINTAIN"]
        if isinstance(value, list):
            return [self._normal("", entry) for entry in value]
        return loosen(value) if isinstance(value, str) else value

    def _compare_rows(self, name, source, target):
        if (source["count"], source["checksum"]) == (target["count"], target["checksum"]):
            return
        if source["count"] != target["count"]:
            difference = f"{source['count']} at the source, {target['count']} at the target"
        else:
            difference = f"{source['count']} on both sides, but not the same"
        self.found.append(f"rows {name}: {difference}{self._sample(name, source, target)}")

    def _sample(self, name, source, target):
        counts = (source["count"], target["count"])
        if not source["columns"] or source["columns"] != target["columns"]:
            return ""
        if not all(isinstance(count, int) and count <= SAMPLE_ROWS for count in counts):
            return ""
        ours, theirs = (side.rows_as_text({**source, "object": name}) for side in self.sides)
        lost = next((row for row in ours if ours[row] > theirs.get(row, 0)), None)
        gained = next((row for row in theirs if theirs[row] > ours.get(row, 0)), None)
        return "; for instance " + describe(lost, gained)


def translate_roles(key, value, roles):
    """The source's role names in the words of the target. Lists that have no order of their own are sorted."""
    if key == "owner":
        return roles.get(value, value)
    if key == "roles":
        return sorted(roles.get(role, role) for role in value)
    if key == "acl":
        return sorted(
            [roles.get(grantee, grantee), privilege, grantable, roles.get(grantor, grantor)]
            for grantee, privilege, grantable, grantor in value
        )
    return value


def loosen(text):
    """A definition without what the majors' printers do differently."""
    without_qualifiers = re.sub(r'("[^"]+"|\b\w+)\.(?=["\w*])', "", text)
    return re.sub(r"\bIN\b|[\s()]+", "", without_qualifiers)


def describe(source, target):
    """Two values in one line, starting shortly before they begin to differ."""
    ours, theirs = (value if isinstance(value, str) else repr(value) for value in (source, target))
    same = 0
    while same < min(len(ours), len(theirs)) and ours[same] == theirs[same]:
        same += 1
    return f"source {excerpt(ours, same)}, target {excerpt(theirs, same)}"


def excerpt(text, at):
    start = max(0, at - 40) if len(text) > SHOWN else 0
    shown = text[start : start + SHOWN].replace("\n", "\\n")
    return ("..." if start else "") + shown + ("..." if start + SHOWN < len(text) else "")


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def main():
    kinds = ", ".join(kind.partition("@")[0] for kind in KINDS)
    parser = argparse.ArgumentParser(
        description="Compares two PostgreSQL databases; exit status 1 when they differ.",
        epilog=f"Kinds: {kinds}, rows.",
    )
    parser.add_argument("source", help="connection string of the one database")
    parser.add_argument("target", help="connection string of the other")
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="WHAT",
        help="a kind, a property, kind.property, or kind:object; may be repeated",
    )
    parser.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="SOURCE=TARGET",
        help="role of the source that has another name at the target; may be repeated",
    )
    options = parser.parse_args()
    differences = compare_databases(
        options.source, options.target, options.ignore, dict(pair.split("=", 1) for pair in options.role)
    )
    for line in differences:
        print(line)
    print(f"{len(differences)} differences" if differences else "no difference", file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
