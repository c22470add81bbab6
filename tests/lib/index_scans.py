"""Whether every index of a database finds what a sequential scan finds.

    assert index_differences(server.dsn("shop")) == []

An index on an expression that was computed under other settings than those of the sessions that search it loses rows
in silence: pg_dump and counting rows do not notice. Sample values of every key column are searched twice, with and
without indexes, by every operator that the index offers for two values of its own type. EXPLAIN is not asked.
"""

import psycopg2

SAMPLES = 6

# A row for each key column of each index, with an operator.
INDEXES = """
SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid, k.n::int, false),
    coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'), format('OPERATOR(%%I.%%s)', s.nspname, p.oprname),
    m.amoprighttype = 'tsquery'::regtype
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND i.indisvalid
    JOIN pg_namespace t ON t.oid = c.relnamespace AND t.nspname !~ '^pg_' AND t.nspname <> 'information_schema'
    CROSS JOIN LATERAL unnest(i.indclass::oid[]) WITH ORDINALITY k(class, n)
    JOIN pg_opclass o ON o.oid = k.class JOIN pg_am a ON a.oid = o.opcmethod
    JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype AND m.amoppurpose = 's'
        AND (m.amoprighttype = o.opcintype OR m.amoprighttype = 'tsquery'::regtype)
        AND (a.amname NOT IN ('btree', 'hash', 'brin') OR m.amopstrategy = CASE a.amname WHEN 'hash' THEN 1 ELSE 3 END)
    JOIN pg_operator p ON p.oid = m.amopopr JOIN pg_namespace s ON s.oid = p.oprnamespace
WHERE t.nspname !~ %s ORDER BY 1, k.n, 5
"""

BY_INDEX = (
    "SET enable_seqscan = off; SET enable_indexscan = on; SET enable_bitmapscan = on; SET enable_indexonlyscan = on"
)
BY_TABLE = (
    "SET enable_seqscan = on; SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off"
)


def index_differences(dsn, skip="^malachite"):
    """One line for each index whose scan finds other rows than a sequential one. The session has the settings that the
    database and the role of `dsn` give it. Indexes in schemas that match `skip` are left out."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("RESET datestyle")  # psycopg2 has set it to ISO
            cursor.execute(INDEXES, (skip,))
            return [line for row in cursor.fetchall() for line in _compare(cursor, *row[:-1], by_words=row[-1])]
    finally:
        connection.close()


def count_indexes(dsn, skip="^malachite"):
    """How many indexes are compared."""
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(INDEXES, (skip,))
        return len({row[0] for row in cursor.fetchall()})


def _compare(cursor, index, *parts, by_words):
    # psycopg2 takes % for a parameter.
    table, key, predicate, operator = (part.replace("%", "%%") for part in parts)
    wanted = f"(SELECT {key} FROM ONLY {table} WHERE ctid = %s::tid)"
    if by_words:
        # A text search: the first word of the sample.
        wanted = (
            f"(SELECT quote_literal((tsvector_to_array({key}))[1])::tsquery FROM ONLY {table} WHERE ctid = %s::tid)"
        )
    search = (
        f"SELECT coalesce(array_agg(ctid::text ORDER BY ctid::text), '{{}}') FROM ONLY {table}"
        f" WHERE {key} {operator} {wanted} AND ({predicate})"
    )
    cursor.execute(BY_TABLE)
    cursor.execute(
        f"SELECT ctid::text FROM (SELECT ctid, row_number() OVER (ORDER BY ctid) AS n, count(*) OVER () AS of"
        f" FROM ONLY {table} WHERE {predicate}) s WHERE n %% greatest(of / %s, 1) = 0",
        (SAMPLES,),
    )
    for (place,) in cursor.fetchall():
        by_table, by_index = (_search(cursor, how, search, place) for how in (BY_TABLE, BY_INDEX))
        if by_table != by_index:
            yield (
                f"{index}: {key} {operator} the value of {place}: the index finds {by_index}, the table has"
                f" {by_table}"
            )
            return


def _search(cursor, how, search, place):
    cursor.execute(how)
    try:
        cursor.execute(search, (place,))
        return cursor.fetchone()[0][:50]
    except psycopg2.Error as error:
        # Not every value is one that its own operator takes: a regular expression, for one.
        return error.pgcode
