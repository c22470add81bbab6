"""The same queries for majors 10 and 11, which lack some columns and functions."""

BEFORE_12 = [("attgenerated::text", "''::text AS attgenerated"), ("collisdeterministic", "true AS collisdeterministic")]
BEFORE_11 = [
    ("prokind::text", "CASE WHEN proisagg THEN 'a' WHEN proiswindow THEN 'w' ELSE 'f' END AS prokind"),
    ("prokind <> 'a'", "NOT proisagg"),
    ("p.oid = c.conparentid", "false"),
    ("p.oid = k.conparentid", "false"),
    ("pubtruncate", "NULL AS pubtruncate"),
    ("aggfinalmodify::text, aggmfinalmodify::text", "NULL AS aggfinalmodify, NULL AS aggmfinalmodify"),
]


def for_major(sql, major):
    """The query as that major understands it."""
    for text, replacement in (BEFORE_12 if major < 12 else []) + (BEFORE_11 if major < 11 else []):
        sql = sql.replace(text, replacement)
    return sql
