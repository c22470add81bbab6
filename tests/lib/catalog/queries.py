"""What compare.py reads from the catalogs: one query per kind of object.

The first column, "object", names it; every further column is one property. Names of properties carry rules:

    owner, acl, roles   hold role names, which compare.py may translate
    role                likewise, and belongs to the object's name
    name@14             compared when both servers are of major 14 or later
    name=               compared when both servers are of the same major

Columns that only some majors have are read through to_jsonb(row)->>'column', which is NULL where they are missing.
Objects that belong to an extension are left out: CREATE EXTENSION brings them. OIDs below 16384 are initdb's.
"""


def owner(column):
    return f"pg_get_userbyid({column}) AS owner"


def acl(column, kind, owner_column):
    """A list of [grantee, privilege, grantable, grantor], sorted by compare.py; no ACL means the kind's default."""
    return f"""(SELECT coalesce(jsonb_agg(jsonb_build_array(
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END, privilege_type, is_grantable,
            pg_get_userbyid(grantor))), '[]')
        FROM aclexplode(coalesce({column}, acldefault('{kind}', {owner_column})))) AS acl"""


def member(catalog, oid):
    """True for an object which belongs to an extension."""
    return (
        f"EXISTS (SELECT FROM pg_depend AS m WHERE m.classid = '{catalog}'::regclass AND m.objid = {oid}"
        " AND m.deptype = 'e')"
    )


def user_made(catalog, alias):
    return f"{alias}.oid >= 16384 AND NOT {member(catalog, alias + '.oid')}"


def derived(catalog, oid):
    """True for what PostgreSQL makes along with another object, such as the constructors of a range type."""
    return (
        f"EXISTS (SELECT FROM pg_depend AS m WHERE m.classid = '{catalog}'::regclass AND m.objid = {oid}"
        " AND m.deptype = 'i')"
    )


def named(oid):
    """The name of an object in any of the catalogs that have no reg* type."""
    return f"(pg_identify_object({oid})).identity"


# Tables of the user, and those of extensions whose rows the extension declares to be the user's.
RELATION = (
    f"c.oid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace AND c.relpersistence <> 't' "
    f"AND NOT {member('pg_class', 'c.oid')}"
)
HAS_PARENTS = "EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)"
SORTED = '(SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest({}) AS o)'

# Storage parameters that a user can set: the prefix pg_ is the server's own.
PARAMETERS = """(SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest({}) AS o WHERE o !~ '^pg_')"""

# The options that ALTER TABLE ... ALTER COLUMN ... SET takes. Minor releases keep internal ones beside them (15.20 has
# pg_attver), which no user can set and pg_dump leaves out.
COLUMN_OPTIONS = """(SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(attoptions) AS o
       WHERE split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited'))"""

KINDS = {}

KINDS[
    "database"
] = f"""
SELECT 'database' AS object, {owner('datdba')}, {acl('datacl', 'd', 'datdba')}, datconnlimit, datistemplate,
       datallowconn, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,
       coalesce(to_jsonb(d)->>'datlocprovider', 'c') AS "provider@15",
       coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') AS "locale@15",
       to_jsonb(d)->>'daticurules' AS "rules@16", shobj_description(d.oid, 'pg_database') AS comment
FROM pg_database AS d WHERE datname = current_database()"""

KINDS[
    "setting"
] = """
SELECT split_part(entry, '=', 1) AS object, CASE setrole WHEN 0 THEN 'all' ELSE pg_get_userbyid(setrole) END AS role,
       substr(entry, strpos(entry, '=') + 1) AS value
FROM pg_db_role_setting, unnest(setconfig) AS entry
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"""

KINDS[
    "schema"
] = f"""
SELECT quote_ident(nspname) AS object, {owner('nspowner')}, {acl('nspacl', 'n', 'nspowner')}
FROM pg_namespace AS n
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND NOT {member('pg_namespace', 'n.oid')}"""

KINDS[
    "extension"
] = f"""
SELECT quote_ident(extname) AS object, extversion AS "version=", extnamespace::regnamespace::text AS schema,
       {owner('extowner')}
FROM pg_extension"""

# Privileges that somebody changed on what CREATE EXTENSION or initdb had made.
CHANGED_ACL = f"""
SELECT (pg_identify_object('{{0}}'::regclass, o.oid, 0)).type || ' ' || {named("'{0}'::regclass, o.oid, 0")} AS object,
       {acl('o.{1}acl', '{2}', 'o.{1}owner')}
FROM {{0}} AS o LEFT JOIN pg_init_privs AS i ON i.classoid = '{{0}}'::regclass AND i.objoid = o.oid AND i.objsubid = 0
WHERE (o.oid < 16384 AND {{1}}namespace = 'pg_catalog'::regnamespace OR {member('{0}', 'o.oid')})
  AND {{1}}acl IS DISTINCT FROM initprivs"""

KINDS["changed privileges"] = " UNION ALL ".join(
    CHANGED_ACL.format(*words) for words in [("pg_class", "rel", "r"), ("pg_proc", "pro", "f"), ("pg_type", "typ", "T")]
)

KINDS[
    "language"
] = f"""
SELECT quote_ident(lanname) AS object, {owner('lanowner')}, {acl('lanacl', 'l', 'lanowner')}, lanpltrusted,
       lanplcallfoid::regprocedure::text AS call, laninline::regprocedure::text AS inline,
       lanvalidator::regprocedure::text AS validator
FROM pg_language AS l WHERE lanispl"""

KINDS[
    "type"
] = f"""
SELECT format_type(t.oid, NULL) AS object, {owner('typowner')}, {acl('typacl', 'T', 'typowner')}, typtype::text,
       typlen, typbyval, typcategory::text, typispreferred, typisdefined, typdelim::text, typelem::regtype::text,
       typinput::regproc::text, typoutput::regproc::text, typreceive::regproc::text, typsend::regproc::text,
       typmodin::regproc::text, typanalyze::regproc::text, to_jsonb(t)->>'typsubscript' AS "subscript@14",
       typalign::text, typstorage::text, typnotnull, format_type(typbasetype, typtypmod) AS base, typdefault,
       (SELECT collname FROM pg_collation WHERE oid = typcollation) AS collation,
       (SELECT jsonb_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) AS labels,
       (SELECT jsonb_build_array(rngsubtype::regtype::text, {named("'pg_opclass'::regclass, rngsubopc, 0")},
           (SELECT collname FROM pg_collation WHERE oid = rngcollation), rngcanonical::text, rngsubdiff::text)
           FROM pg_range WHERE rngtypid = t.oid) AS range,
       (SELECT (to_jsonb(r)->>'rngmultitypid')::regtype::text FROM pg_range AS r WHERE rngtypid = t.oid) AS "multirange@14"
FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = typrelid
WHERE {user_made('pg_type', 't')} AND coalesce(relkind = 'c', true) AND typtype <> 'm'
  AND NOT EXISTS (SELECT FROM pg_type AS element WHERE element.typarray = t.oid)
  AND typnamespace::regnamespace::text !~ '^"?pg_(toast_)?temp'"""

KINDS[
    "function"
] = f"""
SELECT p.oid::regprocedure::text AS object, {owner('proowner')}, {acl('proacl', 'f', 'proowner')}, prokind::text,
       pg_get_functiondef(p.oid) AS definition
FROM pg_proc AS p WHERE {user_made('pg_proc', 'p')} AND NOT {derived('pg_proc', 'p.oid')} AND prokind <> 'a'"""

KINDS[
    "aggregate"
] = f"""
SELECT p.oid::regprocedure::text AS object, {owner('proowner')}, {acl('proacl', 'f', 'proowner')},
       pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, proparallel::text,
       aggkind::text, aggnumdirectargs, aggtransfn::text, aggfinalfn::text, aggcombinefn::text, aggserialfn::text,
       aggdeserialfn::text, aggmtransfn::text, aggminvtransfn::text, aggmfinalfn::text, aggfinalextra, aggmfinalextra,
       aggfinalmodify::text, aggmfinalmodify::text, aggsortop::regoperator::text, aggtranstype::regtype::text,
       aggtransspace, aggmtranstype::regtype::text, aggmtransspace, agginitval, aggminitval
FROM pg_proc AS p JOIN pg_aggregate ON aggfnoid = p.oid WHERE {user_made('pg_proc', 'p')}"""

KINDS[
    "relation"
] = f"""
SELECT c.oid::regclass::text AS object, relkind::text, relpersistence::text, {owner('relowner')},
       CASE relkind WHEN 'S' THEN sequence.acl ELSE relation.acl END AS acl,
       {PARAMETERS.format('reloptions')} AS options,
       (SELECT {PARAMETERS.format('t.reloptions')} FROM pg_class AS t WHERE t.oid = c.reltoastrelid) AS toast_options,
       relreplident::text, relrowsecurity, relforcerowsecurity, relispopulated, relispartition,
       reloftype::regtype::text, (SELECT amname FROM pg_am WHERE oid = relam) AS "method@12",
       (SELECT spcname FROM pg_tablespace WHERE oid = reltablespace) AS tablespace,
       pg_get_partkeydef(c.oid) AS partition_key, pg_get_expr(relpartbound, c.oid) AS partition_bound,
       (SELECT jsonb_agg(inhparent::regclass::text ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid) AS parents,
       CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
       (SELECT jsonb_build_array(srvname, {SORTED.format('ftoptions')}) FROM pg_foreign_table
           JOIN pg_foreign_server AS s ON s.oid = ftserver WHERE ftrelid = c.oid) AS foreign_table
FROM pg_class AS c, LATERAL (SELECT {acl('relacl', 's', 'relowner')}) AS sequence,
     LATERAL (SELECT {acl('relacl', 'r', 'relowner')}) AS relation
WHERE {RELATION} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')"""

# Inherited by CREATE TABLE or joined later: that is not kept by pg_dump for partitions, nor is the order of the columns
# of a child which joined later.
KINDS[
    "column"
] = f"""
SELECT format('%s.%I', c.oid::regclass, attname) AS object, format_type(atttypid, atttypmod) AS type,
       pg_get_expr(adbin, adrelid) AS "default", attidentity::text, attgenerated::text, attnotnull, attinhcount,
       CASE WHEN NOT relispartition THEN attislocal END AS local,
       CASE WHEN relispartition OR NOT {HAS_PARENTS}
            THEN row_number() OVER (PARTITION BY c.oid ORDER BY attnum) END AS position,
       CASE atttypid WHEN 'name'::regtype THEN NULL ELSE (SELECT collname FROM pg_collation AS l WHERE l.oid = attcollation) END AS collation, attstorage::text,
       to_jsonb(a)->>'attcompression' AS "compression@14", coalesce((to_jsonb(a)->>'attstattarget')::int, -1) AS statistics,
       {COLUMN_OPTIONS} AS options, {SORTED.format('attfdwoptions')} AS foreign_options,
       {acl('attacl', 'c', 'relowner')}
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE {RELATION} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped"""

KINDS[
    "index"
] = f"""
SELECT c.oid::regclass::text AS object, pg_get_indexdef(c.oid) AS definition, indrelid::regclass::text AS "table",
       indisvalid, indisready, indisclustered, indisreplident, indisprimary, indimmediate,
       (SELECT spcname FROM pg_tablespace WHERE oid = reltablespace) AS tablespace,
       (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid) AS parent,
       (SELECT jsonb_agg(coalesce((to_jsonb(a)->>'attstattarget')::int, -1) ORDER BY attnum)
           FROM pg_attribute AS a WHERE attrelid = c.oid) AS statistics
FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid WHERE {RELATION}"""

# Constraints that PostgreSQL makes by itself for the partitions behind a foreign key follow from the others; which of
# several fitting unique indexes a foreign key leans on is chance; NOT NULL constraints are objects from 18 on only.
KINDS[
    "constraint"
] = f"""
SELECT format('%I on %s', conname, CASE conrelid WHEN 0 THEN format_type(contypid, NULL) ELSE conrelid::regclass::text END)
       AS object, contype::text, pg_get_constraintdef(c.oid) AS definition, convalidated, condeferrable, condeferred,
       conislocal, coninhcount, CASE WHEN contype = 'c' THEN connoinherit END AS connoinherit,
       CASE WHEN contype <> 'f' THEN conindid::regclass::text END AS index, to_jsonb(c)->>'conenforced' AS "enforced@18"
FROM pg_constraint AS c
WHERE {user_made('pg_constraint', 'c')} AND contype <> 'n'
  AND NOT EXISTS (SELECT FROM pg_constraint AS p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)
  AND NOT coalesce((SELECT {member('pg_class', 't.oid')} FROM pg_class AS t WHERE t.oid = conrelid), false)
  AND NOT {member('pg_type', 'contypid')}"""

KINDS[
    "not null constraint@18"
] = """
SELECT format('%I on %s', conname, conrelid::regclass) AS object, pg_get_constraintdef(oid) AS definition, convalidated,
       connoinherit
FROM pg_constraint WHERE contype = 'n' AND oid >= 16384 AND conrelid <> 0"""

# The triggers behind foreign keys are named after OIDs: known by their constraint, table and function instead. On
# partitioned tables they exist from 15 on only and do nothing.
KINDS[
    "trigger"
] = f"""
SELECT CASE WHEN tgconstraint <> 0 AND tgisinternal
            THEN format('%s of %I on %s', tgfoid::regproc, (SELECT conname FROM pg_constraint AS k WHERE k.oid = tgconstraint),
                        tgrelid::regclass)
            ELSE format('%I on %s', tgname, tgrelid::regclass) END AS object,
       CASE WHEN NOT tgisinternal THEN pg_get_triggerdef(t.oid) END AS "definition=", tgtype, tgenabled::text, tgdeferrable,
       tginitdeferred
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid
WHERE {RELATION} AND NOT (relkind = 'p' AND tgisinternal AND tgconstraint <> 0)
  AND NOT EXISTS (SELECT FROM pg_constraint AS k JOIN pg_constraint AS p ON p.oid = k.conparentid
                  WHERE k.oid = tgconstraint AND p.conrelid = k.conrelid)"""

KINDS[
    "rule"
] = f"""
SELECT format('%I on %s', rulename, ev_class::regclass) AS object, pg_get_ruledef(r.oid) AS definition, ev_enabled::text
FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = ev_class WHERE {RELATION} AND rulename <> '_RETURN'"""

KINDS[
    "policy"
] = """
SELECT format('%I on %s', polname, polrelid::regclass) AS object, polcmd::text, polpermissive,
       (SELECT jsonb_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END) FROM unnest(polroles) AS r) AS roles,
       pg_get_expr(polqual, polrelid) AS qualification, pg_get_expr(polwithcheck, polrelid) AS "check"
FROM pg_policy"""

KINDS[
    "sequence"
] = f"""
SELECT c.oid::regclass::text AS object, seqtypid::regtype::text AS type, seqstart, seqincrement, seqmin, seqmax, seqcache,
       seqcycle, (SELECT jsonb_agg(jsonb_build_array(d.deptype, d.refobjid::regclass::text,
           (SELECT attname FROM pg_attribute WHERE attrelid = refobjid AND attnum = refobjsubid)) ORDER BY refobjsubid)
        FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
          AND d.refclassid = 'pg_class'::regclass) AS owned_by
FROM pg_sequence JOIN pg_class AS c ON c.oid = seqrelid WHERE {RELATION}"""

KINDS[
    "default privileges"
] = f"""
SELECT format('%s in %s', defaclobjtype,
           CASE defaclnamespace WHEN 0 THEN 'all schemas' ELSE defaclnamespace::regnamespace::text END) AS object,
       pg_get_userbyid(defaclrole) AS role,
       {acl('defaclacl', 'r', 'defaclrole')}
FROM pg_default_acl"""

KINDS[
    "large object"
] = f"""
SELECT oid::text AS object, {owner('lomowner')}, {acl('lomacl', 'L', 'lomowner')},
       (SELECT md5(string_agg(md5(lo_get(m.oid, first, 8388608)), '' ORDER BY first))
        FROM (SELECT max(pageno::bigint * 2048 + length(data)) AS size FROM pg_largeobject WHERE loid = m.oid) AS s,
             generate_series(0, size, 8388608) AS first) AS contents
FROM pg_largeobject_metadata AS m"""

# Comments on extensions' members come with the extension. From 17 on a transform is called otherwise.
KINDS[
    "comment"
] = """
SELECT i.type || ' ' || CASE i.type WHEN 'transform' THEN replace(i.identity, ' on language ', ' language ')
                                    ELSE i.identity END AS object, description
FROM pg_description AS d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i
WHERE (objoid >= 16384 OR classoid = 'pg_namespace'::regclass)
  AND NOT EXISTS (SELECT FROM pg_depend AS m WHERE m.classid = d.classoid AND m.objid = d.objoid AND m.deptype = 'e')"""

KINDS[
    "security label"
] = """
SELECT i.type || ' ' || i.identity || ' by ' || provider AS object, label
FROM pg_seclabel AS l, LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) AS i"""
