"""Does the comparer see what it should? Two loads of the hard database, the second changed in many ways."""

import re

import pytest

from compare import compare_databases
from databases.load_hard import load_hard, load_roles
from postgres import Postgres

ROWS = 1000

# What is done to the copy, and a pattern for each line which must appear because of it.
MUTATIONS = {
    # Rows and values
    "row lost": (
        "DELETE FROM tables.plain WHERE id = 5",
        [r"^rows tables\.plain: 1000 at the source, 999 at the target"],
    ),
    "row of a table without columns lost": (
        "DELETE FROM tables.no_columns WHERE ctid = '(0,1)'",
        [r"^rows tables\.no_columns: 3 at the source, 2 "],
    ),
    "row twice instead of another": (
        "UPDATE tables.identity_full SET a = 1, b = 'x' WHERE a IS NULL",
        [r"^rows tables\.identity_full: 3 on both sides, but not the same; for instance source \(,\)"],
    ),
    "last digit of a float": ("UPDATE vals.numbers SET f8 = 0.3 WHERE n = 7", [r"^rows vals\.numbers"]),
    "minus zero": ("UPDATE vals.numbers SET f4 = 0 WHERE n = 2", []),
    "null becomes a word": ("UPDATE vals.arrays SET t[1] = 'NULL' WHERE t[2] = 'NULL'", [r"^rows vals\.arrays"]),
    "trailing blank": ("UPDATE vals.texts SET t = rtrim(t) WHERE n = 9", [r"^rows vals\.texts"]),
    "white space in json": ("UPDATE vals.documents SET j = j::jsonb WHERE n = 5", [r"^rows vals\.documents"]),
    "microsecond": ("UPDATE vals.times SET ts = '294276-12-31 23:59:59.999998' WHERE n = 3", [r"^rows vals\.times"]),
    "regclass to something else": ("UPDATE types.names SET relation = 'types.names'", [r"^rows types\.names"]),
    "row of a parent moved to its child": (
        "DELETE FROM ONLY family.parent WHERE id = 2; INSERT INTO family.child (id, name) VALUES (2, 'p2')",
        [r"^rows family\.parent", r"^rows family\.child"],
    ),
    "row of a partition": ("DELETE FROM parts.by_list WHERE v = 'x'", [r"^rows parts\.by_list_rest"]),
    "row of a table partitioned by the hash of an enum": (
        "UPDATE parts.by_colour SET n = 0 WHERE n = 1",
        [r"^rows parts\.by_colour: 100 on both"],
    ),
    "unlogged rows": ("TRUNCATE tables.unlogged", [r"^rows tables\.unlogged: 50 at the source, 0"]),
    "materialized view emptied": (
        "REFRESH MATERIALIZED VIEW views.empty WITH NO DATA",
        [r"^relation views\.empty: relispopulated", r"^rows views\.empty: missing"],
    ),
    "byte of a large object": ("SELECT lo_put(400004, 1048577, '\\x00')", [r"^large object 400004: contents"]),
    "large object lost": ("SELECT lo_unlink(400002)", [r"^large object 400002: missing"]),
    "owner of a large object": (
        "ALTER LARGE OBJECT 400003 OWNER TO hard_other",
        [r"^large object 400003: owner", r"^large object 400003: acl"],
    ),
    # Columns and tables
    "column type": ('ALTER TABLE tables.empty ALTER "NULL" TYPE varchar(9)', [r'^column tables\.empty\."NULL": type']),
    "column default": ("ALTER TABLE tables.columns_came ALTER d SET DEFAULT '{1,2}'", [r"came\.d: default"]),
    "not null": ("ALTER TABLE tables.plain ALTER name DROP NOT NULL", [r"plain\.name: attnotnull"]),
    "identity": ("ALTER TABLE bulk.rows ALTER id SET GENERATED ALWAYS", [r"rows\.id: attidentity"]),
    "storage": ("ALTER TABLE tables.stored ALTER outside SET STORAGE MAIN", [r"stored\.outside: attstorage"]),
    "statistics target": ("ALTER TABLE tables.stored ALTER number SET STATISTICS 5", [r"stored\.number: statistics"]),
    "n_distinct": ("ALTER TABLE tables.stored ALTER number RESET (n_distinct)", [r"stored\.number: options"]),
    "column privilege": (
        "REVOKE UPDATE (public) ON guard.mine FROM hard_reader",
        [r"^column guard\.mine\.public: acl"],
    ),
    "table option": ("ALTER TABLE tables.stored SET (fillfactor = 71)", [r"^relation tables\.stored: options"]),
    "toast option": ("ALTER TABLE tables.stored RESET (toast.autovacuum_enabled)", [r"stored: toast_options"]),
    "logged": ("ALTER TABLE types.privileges SET UNLOGGED", [r"^relation types\.privileges: relpersistence"]),
    "table owner": ("ALTER TABLE guard.of_other OWNER TO hard_owner", [r"of_other: owner", r"of_other: acl"]),
    "grantor": (
        "SET ROLE hard_other; REVOKE SELECT ON guard.mine FROM hard_group; RESET ROLE;"
        " GRANT SELECT ON guard.mine TO hard_group",
        [r"^relation guard\.mine: acl"],
    ),
    "replica identity": ("ALTER TABLE tables.identity_nothing REPLICA IDENTITY DEFAULT", [r"nothing: relreplident"]),
    "row security": ("ALTER TABLE guard.hidden NO FORCE ROW LEVEL SECURITY", [r"hidden: relforcerowsecurity"]),
    "partition bound": (
        "ALTER TABLE parts.by_expression DETACH PARTITION parts.by_expression_low",
        [
            r"^relation parts\.by_expression_low: (partition_bound|relispartition|parents)",
            r"^column parts\.by_expression_low\.\w: (attinhcount|local)",
        ],
    ),
    "inheritance order": (
        "ALTER TABLE family.both NO INHERIT family.other_parent; ALTER TABLE family.both INHERIT family.other_parent",
        [r"^relation family\.\"both\": parents", r"^column family\.\"both\"\.\w+: local"],
    ),
    # Indexes, constraints, triggers, rules, policies
    "index lost": ("DROP INDEX tables.indexed_hash", [r"^index tables\.indexed_hash: missing"]),
    "index made valid": (
        "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'parts.events_incomplete'::regclass",
        [r"^index parts\.events_incomplete: indisvalid"],
    ),
    "no longer clustered": ("ALTER TABLE tables.indexed SET WITHOUT CLUSTER", [r"indexed_a: indisclustered"]),
    "index statistics": (
        'ALTER INDEX tables."indexed expr; ""quoted""" ALTER 2 SET STATISTICS 5',
        [r"quoted.*: statistics"],
    ),
    "constraint validated": (
        "TRUNCATE cons.broken; ALTER TABLE cons.broken VALIDATE CONSTRAINT no_such_parent",
        [r"^constraint no_such_parent on cons\.broken: (convalidated|definition)", r"^rows cons\.broken"],
    ),
    "domain constraint lost": (
        "ALTER DOMAIN types.positive DROP CONSTRAINT above_zero",
        [r"^constraint above_zero on types\.positive: missing", r"^comment .*above_zero"],
    ),
    "trigger enabled": (
        "ALTER TABLE acts.watched ENABLE TRIGGER a_disabled",
        [r"^trigger a_disabled on acts\.watched: tgenabled"],
    ),
    "foreign key's trigger enabled": (
        "ALTER TABLE cons.unguarded ENABLE TRIGGER ALL",
        [r"of unguarded_tree .*: tgenabled"],
    ),
    "rule no longer always": (
        "ALTER TABLE acts.ruled ENABLE RULE b_always",
        [r"^rule b_always on acts\.ruled: ev_enabled"],
    ),
    "policy": ("ALTER POLICY own_rows ON guard.hidden TO hard_owner", [r"^policy own_rows .*: roles"]),
    # Sequences
    "is_called": ("SELECT setval('seqs.set_not_called', 41, true)", [r"set_not_called: is_called"]),
    "last_value": ("SELECT nextval('seqs.called_once')", [r"called_once: last_value"]),
    "sequence option": ("ALTER SEQUENCE seqs.small NO CYCLE", [r"^sequence seqs\.small: seqcycle"]),
    "sequence owned": ("ALTER SEQUENCE seqs.owned_elsewhere OWNED BY NONE", [r"owned_elsewhere: owned_by"]),
    # Types and code
    "enum label": ("ALTER TYPE types.no_labels ADD VALUE 'one'", [r"^type types\.no_labels: labels"]),
    "function body": (
        "CREATE OR REPLACE FUNCTION code.crlf_body() RETURNS int LANGUAGE sql AS 'SELECT 1 + 2'",
        [r"^function code\.crlf_body\(\): definition"],
    ),
    "function privilege": ("GRANT EXECUTE ON FUNCTION guard.secret() TO PUBLIC", [r"^function guard\.secret\(\): acl"]),
    "aggregate lost": ("DROP AGGREGATE code.smallest(int)", [r"^aggregate code\.smallest\(integer\): missing"]),
    "operator family": (
        "ALTER OPERATOR FAMILY ops.number_family USING btree DROP FUNCTION 1 (types.number, int4)",
        [r"^operator family ops\.number_family .*: functions"],
    ),
    "cast": ("DROP CAST (int4 AS types.number)", [r"^cast integer AS types\.number: missing"]),
    "text search mapping": (
        "ALTER TEXT SEARCH CONFIGURATION ops.config DROP MAPPING FOR int",
        [r"ops\.config: mapping"],
    ),
    "statistics object": (
        "DROP STATISTICS tables.several",
        [r"^statistics tables\.several: missing", r"^comment .*several"],
    ),
    "event trigger": ("ALTER EVENT TRIGGER hard_replica DISABLE", [r"^event trigger hard_replica: evtenabled"]),
    # The rest
    "comment": ("COMMENT ON TRIGGER b_always ON acts.watched IS 'other'", [r"^comment trigger b_always"]),
    "default privileges": (
        "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM hard_reader",
        [r"^default privileges r in all"],
    ),
    "publication": (
        "ALTER PUBLICATION hard_some SET TABLE tables.plain",
        [r"^published table tables\.\"user\" of hard_some"],
    ),
    "server option": ("ALTER SERVER \"no where\" OPTIONS (SET anything 'else')", [r"^foreign server .*: options"]),
    "user mapping": (
        'DROP USER MAPPING FOR "hard ""quoted"" Ünï\'role" SERVER "no where"',
        [r"^user mapping .*: missing"],
    ),
    "schema privilege": ("GRANT CREATE ON SCHEMA public TO PUBLIC", [r"^schema public: acl"]),
    "privilege on a system function": (
        "GRANT EXECUTE ON FUNCTION pg_sleep(float8) TO PUBLIC",
        [r"^changed privileges .*sleep"],
    ),
    "privilege on an extension's function": (
        'REVOKE EXECUTE ON FUNCTION "Ext Two".citext_cmp("Ext Two".citext, "Ext Two".citext) FROM hard_reader',
        [r"^changed privileges .*citext_cmp"],
    ),
    "extension updated": ("ALTER EXTENSION hstore UPDATE", [r"^extension hstore: version"]),
    "database setting": ("ALTER DATABASE copy RESET bytea_output", [r"^setting bytea_output for all: missing"]),
    "role setting": (
        "ALTER ROLE hard_owner IN DATABASE copy SET search_path = public",
        [r"^setting search_path for hard_owner: value"],
    ),
    "database": (
        "ALTER DATABASE copy CONNECTION LIMIT 7; COMMENT ON DATABASE copy IS NULL",
        [r"^database database: datconnlimit", r"^database database: comment"],
    ),
}

# A float's minus zero is equal to zero in SQL, but its text is not; it shares its line with another mutation.
MUTATIONS["minus zero"][1].append(r"^rows vals\.numbers")

# From 18 on a NOT NULL is also an object of its own.
CONSEQUENCES = [r"^not null constraint plain_name_not_null on tables\.plain: missing"]


@pytest.fixture(scope="module")
def server():
    with Postgres() as server:
        load_hard(server.dsn(), "hard", ROWS)
        load_hard(server.dsn(), "copy", ROWS)
        yield server


@pytest.fixture(scope="module")
def differences(server):
    """All mutations at once, each object touched by one of them. Runs after the tests that want equal databases."""
    # Otherwise the copy's event trigger would log our DDL, and its settings would be ours.
    quiet = (
        "SET search_path = ''; SET xmloption = content; SET array_nulls = on; SET standard_conforming_strings = on;"
        " SET default_table_access_method = heap; "
    )
    for sql, _ in [("ALTER EVENT TRIGGER hard_log DISABLE", []), *MUTATIONS.values()]:
        server.psql(quiet + sql, "copy")
    return compare_databases(server.dsn("hard"), server.dsn("copy"), ["event trigger:hard_log"])


def test_0_two_loads_are_equal(server):
    assert compare_databases(server.dsn("hard"), server.dsn("copy")) == []


def test_0_superuser_of_another_name(server):
    with Postgres(superuser="azuresu") as other:
        load_roles(other.dsn())
        other_dsn = load_hard(other.dsn(), "hard", ROWS)
        assert compare_databases(server.dsn("hard"), other_dsn, roles={"postgres": "azuresu"}) == []
        assert "relation tables.plain: owner: source postgres, target azuresu" in compare_databases(
            server.dsn("hard"), other_dsn
        )


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_finds(differences, mutation):
    for pattern in MUTATIONS[mutation][1]:
        assert any(re.search(pattern, line) for line in differences), "\n".join(differences)


def test_reports_nothing_else(differences):
    patterns = CONSEQUENCES + [pattern for _, patterns in MUTATIONS.values() for pattern in patterns]
    unexpected = [line for line in differences if not any(re.search(pattern, line) for pattern in patterns)]
    assert unexpected == []


def test_ignores_the_listed_exceptions(server, differences):
    def remaining(*ignore):
        return compare_databases(server.dsn("hard"), server.dsn("copy"), ignore)

    assert not any(line.startswith("comment ") for line in remaining("comment"))
    assert not any(": acl: " in line for line in remaining("acl"))
    assert not any(line.startswith("relation") and ": owner: " in line for line in remaining("relation.owner"))
    assert "statistics tables.several: missing at the target" not in remaining("statistics:tables.several")
