"""DDL that a source runs while an online migration follows it: what is run there, and what the user repeats on the target.

`Model` knows the names under which the tables are now; writers look them up for every transaction, and an event changes
them while no transaction is open. An event is a dictionary:

    what        one line for the story
    source      statements, run in one transaction
    target      what is repeated on the target; by default the same
    first       True: the target may have it before the source, as careful users do
    changes     function of the model, called when the source has it
"""


from torture_model import DML


def rename_table(m):
    table = m.random.choice(list(DML))
    schema, old = m.tables[table]
    new = m.fresh(table)
    return {
        "source": [f"ALTER TABLE {schema}.{old} RENAME TO {new}"],
        "changes": lambda: m.tables.update({table: (schema, new)}),
    }


def swap_tables(m):
    one, two = m.tables["plain"], m.tables["twin"]
    if one[0] != two[0]:
        return None
    spare = m.fresh("spare")
    return {
        "source": [
            f"ALTER TABLE {one[0]}.{one[1]} RENAME TO {spare}",
            f"ALTER TABLE {one[0]}.{two[1]} RENAME TO {one[1]}",
            f"ALTER TABLE {one[0]}.{spare} RENAME TO {two[1]}",
        ],
        "changes": lambda: m.tables.update(plain=two, twin=one),
    }


def move_schema(m):
    table, new = m.random.choice(["plain", "twin", "coded"]), m.fresh("moved")
    name = m.tables[table][1]
    return {
        "source": [f"CREATE SCHEMA {new}", f"ALTER TABLE {m.sql_name(table)} SET SCHEMA {new}"],
        "changes": lambda: m.tables.update({table: (new, name)}),
    }


def rename_schema(m):
    old, new = "app", m.fresh("renamed")
    back = {table: ("app", name) for table, (schema, name) in m.tables.items() if schema == "app"}
    if not back:
        return None
    # Other events know the schema as app: it is called so again a moment later.
    return {"source": [f"ALTER SCHEMA {old} RENAME TO {new}", f"ALTER SCHEMA {new} RENAME TO {old}"]}


def rename_column(m):
    table, column = m.random.choice(list(DML)), m.random.choice("vw")
    old, new = m.columns[table][column], m.fresh("col")
    return {
        "source": [f"ALTER TABLE {m.sql_name(table)} RENAME {old} TO {new}"],
        "changes": lambda: m.columns[table].update({column: new}),
    }


def swap_columns(m):
    table = m.random.choice(list(DML))
    one, two, spare = m.columns[table]["v"], m.columns[table]["w"], m.fresh("spare")
    name = m.sql_name(table)
    return {
        "source": [
            f"ALTER TABLE {name} RENAME {one} TO {spare}",
            f"ALTER TABLE {name} RENAME {two} TO {one}",
            f"ALTER TABLE {name} RENAME {spare} TO {two}",
        ],
        "changes": lambda: m.columns[table].update(v=two, w=one),
    }


TYPES = {
    "x": ["numeric", "numeric(12,4)", "numeric(14,3)", "numeric(15,1)", "double precision"],
    "ts": ["timestamp", "timestamp(3)", "timestamptz", "text"],
    "vc": ["varchar(30)", "text", "char(40)", "varchar"],
    "small": ["int", "bigint", "numeric"],
}


def alter_type(m):
    table = m.random.choice(["plain", "twin", "whole"])
    column = m.random.choice([c for c in m.columns[table] if c in TYPES] or [None])
    if column is None:
        return None
    kind = m.random.choice(TYPES[column])
    # Back from text only with USING, which every type takes.
    return {
        "source": [f"ALTER TABLE {m.sql_name(table)} ALTER {m.columns[table][column]} TYPE {kind}"],
        "may_fail": True,
    }


def key_type(m):
    table = m.random.choice(["whole", "parted", "coded"])
    return {"source": [f"ALTER TABLE {m.sql_name(table)} ALTER n TYPE {m.random.choice(['bigint', 'numeric', 'int'])}"]}


def add_column(m):
    name = m.fresh("added")
    kind = m.random.choice(
        [
            "int",
            "text",
            "int DEFAULT 7",
            "text NOT NULL DEFAULT 'd'",
            "timestamptz DEFAULT '2020-01-01'",
            "int[]",
            "numeric(8,2) DEFAULT 1.25",
        ]
    )
    return {
        "source": [f"ALTER TABLE {m.sql_name(m.random.choice(list(DML)))} ADD {name} {kind}"],
        "first": m.random.random() < 0.3,
    }


def add_random_column(m):
    """The target cannot compute the values of rows that are there: only a copy of the table has them."""
    kind = m.random.choice(["float8 DEFAULT random()", "serial", "text DEFAULT md5(random()::text)"])
    return {
        "source": [
            f"ALTER TABLE {m.sql_name(m.random.choice(['plain', 'twin', 'coded']))} ADD {m.fresh('added')} {kind}"
        ],
        "volatile": True,
    }


def drop_column(m):
    table = m.random.choice(["plain", "twin"])
    column = m.random.choice([c for c in m.columns[table] if c in TYPES] or [None])
    if column is None:
        return None
    name = m.columns[table][column]
    sql = [f"ALTER TABLE {m.sql_name(table)} DROP {name}"]
    if m.random.random() < 0.6:
        sql.append(f"ALTER TABLE {m.sql_name(table)} ADD {name} int")
    return {"source": sql, "changes": lambda: m.columns[table].pop(column)}


def add_index(m):
    table, name = m.random.choice(["plain", "twin", "whole", "coded", "father", "kid"]), m.fresh("index")
    kind = m.random.choice(["({v})", "({v}, n)", "(n) WHERE n > 5", "(lower({v}))"]).format(v=m.columns[table]["v"])
    return {"source": [f"CREATE INDEX {name} ON {m.sql_name(table)} {kind}"], "first": m.random.random() < 0.5}


def add_unique(m):
    """Made on both sides while changes fly."""
    table, name = m.random.choice(["plain", "coded"]), m.fresh("unique")
    return {"source": [f"CREATE UNIQUE INDEX {name} ON {m.sql_name(table)} (id, n)"], "first": m.random.random() < 0.5}


def new_partition(m):
    number, name = m.number + 100, m.fresh("parted_new")
    parent = m.sql_name("parted")
    how = m.random.choice(["of", "attach", "attach with rows"])
    columns = f"(LIKE {parent} INCLUDING ALL)"
    if how == "of":
        sql = [f"CREATE TABLE app.{name} PARTITION OF {parent} FOR VALUES IN ({number})"]
        rows = [f"INSERT INTO {parent} (id, n, part) VALUES ({number}, 1, {number})"]
    else:
        sql = [
            f"CREATE TABLE app.{name} {columns}",
            f"ALTER TABLE {parent} ATTACH PARTITION app.{name} FOR VALUES IN ({number})",
        ]
        rows = (
            [f"INSERT INTO app.{name} (id, n, part) SELECT i, i, {number} FROM generate_series(1, 20) AS i"]
            if "rows" in how
            else []
        )
    return {
        "source": [sql[0], *rows, *sql[1:]] if "rows" in how else sql + rows,
        "target": sql,
        "first": m.random.random() < 0.3,
        "changes": lambda: m.partitions.append([number, name, True]),
    }


def detach_partition(m):
    attached = [p for p in m.partitions if p[2]]
    if not attached:
        return None
    one = m.random.choice(attached)
    sql = [f"ALTER TABLE {m.sql_name('parted')} DETACH PARTITION app.{one[1]}"]
    if m.random.random() < 0.4:
        sql.append(f"DROP TABLE app.{one[1]}")
        return {"source": sql, "changes": lambda: m.partitions.remove(one)}
    more = [f"INSERT INTO app.{one[1]} (id, n, part) VALUES (777, 1, {one[0]})"]
    return {"source": sql + more, "target": sql, "changes": lambda: one.__setitem__(2, False)}


def exchange_partition(m):
    """Detach, rename, attach another with the same bounds: the old rows are in the old table."""
    attached = [p for p in m.partitions if p[2]]
    if not attached:
        return None
    number, name, _ = one = m.random.choice(attached)
    parent, old, new = m.sql_name("parted"), m.fresh("old"), m.fresh("new")
    ddl = [
        f"CREATE TABLE app.{new} (LIKE {parent} INCLUDING ALL)",
        f"ALTER TABLE {parent} DETACH PARTITION app.{name}",
        f"ALTER TABLE app.{name} RENAME TO {old}",
        f"ALTER TABLE app.{new} RENAME TO {name}",
        f"ALTER TABLE {parent} ATTACH PARTITION app.{name} FOR VALUES IN ({number})",
    ]
    rows = f"INSERT INTO app.{name} (id, n, part) SELECT 5000 + i, i, {number} FROM generate_series(1, 7) AS i"
    return {"source": [*ddl, rows], "target": ddl, "changes": lambda: one.__setitem__(2, True)}


def rotate(m):
    """Log rotation: the table gets another name, and a new one its own."""
    table = m.random.choice(["plain", "twin"])
    schema, name = m.tables[table]
    old = m.fresh("rotated")
    ddl = [
        f"ALTER TABLE {schema}.{name} RENAME TO {old}",
        f"CREATE TABLE {schema}.{name} (LIKE {schema}.{old} INCLUDING ALL)",
    ]
    columns = ", ".join(["id", "n"])
    return {
        "source": [*ddl, f"INSERT INTO {schema}.{name} ({columns}) SELECT i, i FROM generate_series(1, 30) AS i"],
        "target": ddl,
        "renames": True,
    }


def recreate(m):
    """The same name, another table."""
    schema, name = m.tables["twin"]
    spare = m.fresh("spare")
    ddl = [
        f"CREATE TABLE {schema}.{spare} (LIKE {schema}.{name} INCLUDING ALL)",
        f"DROP TABLE {schema}.{name}",
        f"ALTER TABLE {schema}.{spare} RENAME TO {name}",
    ]
    return {
        "source": [*ddl, f"INSERT INTO {schema}.{name} (id, n) SELECT i, i FROM generate_series(1, 40) AS i"],
        "target": ddl,
    }


def reload(m):
    table = m.random.choice(["plain", "twin", "whole", "parted", "kid"])
    name = m.sql_name(table)
    part = ", part" if table == "parted" else ""
    value = ", i % 3" if table == "parted" else ""
    return {
        "source": [
            f"TRUNCATE {name}",
            f"INSERT INTO {name} (id, n{part}) SELECT i, i{value} FROM generate_series(1, 60) AS i",
        ],
        "target": [],
    }


def new_table(m):
    name = m.fresh("made")
    ddl = [f"CREATE TABLE app.{name} (id int PRIMARY KEY, v text)"]
    return {
        "source": [*ddl, f"INSERT INTO app.{name} SELECT i, 'v' FROM generate_series(1, 25) AS i"],
        "target": ddl,
        "first": m.random.random() < 0.3,
    }


def looser(m):
    """What the target would refuse from now on."""
    table, name = m.random.choice(["plain", "twin"]), m.fresh("value")
    return m.random.choice(
        [
            {
                "source": [
                    f"ALTER TABLE {m.sql_name(table)} ALTER n DROP NOT NULL",
                    f"UPDATE {m.sql_name(table)} SET n = NULL WHERE id % 10 = 1",
                ],
                "target": [f"ALTER TABLE {m.sql_name(table)} ALTER n DROP NOT NULL"],
                "first": True,
            },
            {
                "source": [f"ALTER TYPE mood ADD VALUE '{name}'"],
                "then": [f"UPDATE {m.sql_name(table)} SET m = '{name}' WHERE id % 10 = 2"],
            },
        ]
    )


def identity(m):
    how = m.random.choice(["FULL", "DEFAULT"])
    return {
        "source": [f"ALTER TABLE {m.sql_name(m.random.choice(['plain', 'coded', 'father']))} REPLICA IDENTITY {how}"]
    }


def rewrite(m):
    """Nothing changes, but every file does."""
    table = m.sql_name(m.random.choice(["plain", "twin", "coded", "kid"]))
    return (
        {"source": [f"VACUUM FULL {table}"], "target": []}
        if m.random.random() < 0.5
        else {"source": [f"ALTER TABLE {table} SET (fillfactor = {m.random.randint(50, 90)})"]}
    )


def sequence(m):
    return {
        "source": [
            f"ALTER SEQUENCE app.numbers INCREMENT {m.random.randint(1, 5)} RESTART {m.random.randint(1, 10 ** 6)}"
        ]
    }


def settings(m):
    return {"source": [f"ALTER DATABASE %(name)s SET work_mem = '{m.random.randint(1, 9)}MB'"]}


EVENTS = [
    rename_table,
    swap_tables,
    move_schema,
    rename_schema,
    rename_column,
    swap_columns,
    alter_type,
    alter_type,
    key_type,
    add_column,
    add_column,
    add_random_column,
    drop_column,
    add_index,
    add_unique,
    new_partition,
    new_partition,
    detach_partition,
    exchange_partition,
    rotate,
    recreate,
    reload,
    reload,
    new_table,
    looser,
    identity,
    rewrite,
    sequence,
    settings,
]


def next_event(m, without=()):
    while True:
        make = m.random.choice(EVENTS)
        event = None if make.__name__ in without else make(m)
        if event:
            return {
                "what": make.__name__,
                "first": False,
                "changes": lambda: None,
                "then": [],
                "target": event["source"],
                **event,
            }
