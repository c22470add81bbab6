/* SPDX-License-Identifier: MIT */
/*
 * One query lists the changes of a target database. It consists of units: common table expressions that
 * several kinds of change use, then one SELECT for each kind. The target's major and the rights of the login
 * choose the units. search_path is empty, so that definitions qualify the names of functions and types.
 */
#include "engine/replica/replica_changes_private.h"

#define STATE_WORDS(column)                                                                                  \
    "CASE " column " WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA'"                           \
    " WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE' END"

/* ---- what is there ---------------------------------------------------------------------------------------
 */

/* The user's tables. Tables of an extension are included only if the login has the rights of their owner. */
static const char tables[] =
    "tables AS ("
    "  SELECT c.oid, c.relkind, c.relispartition, c.relrowsecurity AND c.relforcerowsecurity AS forced,"
    "    format('%I.%I', n.nspname, c.relname) AS name"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'"
    "    AND n.nspname <> 'information_schema' AND (pg_has_role(c.relowner, 'USAGE') OR NOT EXISTS ("
    "      SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
    "        AND d.deptype = 'e')))";

/* How many partitioned tables are above a table. */
static const char depths[] =
    "depths(oid, depth) AS ("
    "  SELECT oid, 0 FROM tables WHERE NOT relispartition"
    "  UNION ALL SELECT i.inhrelid, d.depth + 1 FROM depths d JOIN pg_inherits i ON i.inhparent = d.oid"
    "    JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition)";

/*
 * Enabled triggers. A trigger on a partitioned table ("cloned") has clones on the partitions, which this
 * lists like other triggers. In 11 to 14 clones are internal triggers.
 */
static const char triggers[] =
    "triggers AS (SELECT t.oid, t.tgrelid, t.tgname, t.tgenabled, t.tgisinternal, r.name AS table_name,"
    "    r.relkind = 'p' AND t.tgtype & 1 = 1 AS cloned, t.tgisinternal AND t.tgconstraint = 0 AS clone,"
    "    " STATE_WORDS("t.tgenabled") " AS state"
                                      "  FROM pg_trigger t JOIN tables r ON r.oid = t.tgrelid, helper h"
                                      "  WHERE t.tgenabled <> 'D' AND t.tgname <> h.name)";

/*
 * Tables whose changes the stream does not carry, as far as the helper schema (%s) knows them, with the
 * partitioned tables above them ("uncarried") and the partitions of those ("kin"); and the statements that
 * undo the deferral of a foreign key ("deferrals").
 */
static const char uncarried[] =
    "uncarried(oid) AS (SELECT i.target FROM %s.stale s JOIN %s.identity i ON i.source = s.relation"
    "  UNION SELECT to_regclass(s.place)::oid FROM %s.stale s WHERE s.place <> ''"
    "  UNION SELECT i.inhparent FROM uncarried u JOIN pg_inherits i ON i.inhrelid = u.oid"
    "    JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'),"
    " kin(oid) AS (SELECT oid FROM uncarried WHERE oid IS NOT NULL"
    "  UNION SELECT i.inhrelid FROM kin k JOIN pg_inherits i ON i.inhparent = k.oid"
    "    JOIN pg_class p ON p.oid = k.oid AND p.relkind = 'p'),"
    " deferrals AS (SELECT part, undo FROM %s.changes WHERE kind = 5), ";

static void add_uncarried(struct pg *target, const char *name, struct buf *sql)
{
    auto_buf struct buf schema = BUF_MAX(256);
    pg_add_identifier(target, &schema, name);
    sql->failed = sql->failed || buf_failed(&schema);
    const char *helper = buf_text(&schema);
    buf_addf(sql, uncarried, helper, helper, helper, helper);
}

/*
 * Foreign keys. Those that are "set_aside" must be dropped, because deferring does not help:
 *   - RESTRICT and SET DEFAULT check immediately, but one statement of the source may delete both rows, in
 * any order;
 *   - the stream deletes and inserts a row that moves to another partition;
 *   - until the cutover recopies a table that the stream does not carry, its rows do not fit those of others.
 * A "late" key is added as NOT VALID and validated last, because rows may violate it. Until 18 PostgreSQL
 * does not support that for partitioned tables.
 */
#define KEYS(enforced)                                                                                       \
    "keys AS (SELECT k.oid, k.conname, k.condeferrable, k.condeferred, k.confrelid, r.oid AS relation,"      \
    "    r.name AS table_name, k.confdeltype IN ('d', 'r') OR k.confupdtype IN ('d', 'r')"                   \
    "      OR k.confdeltype = 'a' AND f.relkind = 'p' OR k.conrelid IN (SELECT oid FROM kin)"                \
    "      OR k.confrelid IN (SELECT oid FROM kin) AS set_aside,"                                            \
    "    k.convalidated AND r.relkind = 'r' AND f.relkind = 'r' AS late,"                                    \
    "    format(' REFERENCES %I.%I(', fn.nspname, f.relname) AS referring"                                   \
    "  FROM pg_constraint k JOIN tables r ON r.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid"      \
    "    JOIN pg_namespace fn ON fn.oid = f.relnamespace WHERE k.contype = 'f'" enforced ")"
static const char keys_of_10[] = KEYS("");
/* The key of a partitioned table includes those of its partitions. */
static const char keys_since_11[] = KEYS(" AND k.conparentid = 0");
/* Keys that are not enforced check nothing. */
static const char keys_since_18[] = KEYS(" AND k.conparentid = 0 AND k.conenforced");

/* Tables whose foreign keys change their rows, if the login can create the trigger that suppresses it.
 * Partitions have keys of their own and are listed by those. */
static const char silent[] =
    "silent AS (SELECT r.oid, r.name FROM tables r WHERE r.relkind = 'r'"
    "  AND EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = r.oid"
    "    AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd')))"
    "  AND NOT EXISTS (SELECT 1 FROM pg_trigger t, helper h WHERE t.tgrelid = r.oid AND t.tgname = h.name)"
    "  AND has_table_privilege(r.oid, 'TRIGGER')"
    "  AND EXISTS (SELECT 1 FROM pg_language l WHERE l.lanname = 'plpgsql'"
    "    AND has_language_privilege(l.oid, 'USAGE')))";

/* ---- triggers and rules ----------------------------------------------------------------------------------
 */

#define DISABLE_TRIGGERS                                                                                     \
    "SELECT tgrelid, 1, oid, format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', table_name, tgname),"          \
    " format('ALTER TABLE ONLY %s %s TRIGGER %s', chr(1), state, chr(2)) FROM triggers WHERE "

/* For a superuser as replica, this includes internal triggers of foreign keys that fire there. */
static const char triggers_of_replica[] = DISABLE_TRIGGERS "tgenabled IN ('A', 'R')";
static const char triggers_of_ordinary_replica[] =
    DISABLE_TRIGGERS "tgenabled IN ('A', 'R') AND (NOT tgisinternal OR clone)";
static const char triggers_that_fire[] = DISABLE_TRIGGERS "NOT tgisinternal OR clone";
/* In 11 and 12 only a superuser may change a clone. */
static const char triggers_without_clones[] = DISABLE_TRIGGERS "NOT tgisinternal AND NOT cloned";

/* In 11 and 12 a trigger with clones is dropped and created again, with its comment. States that a superuser
 * had given to single clones are lost. */
static const char triggers_made_again[] =
    "SELECT t.tgrelid, 0, 0, format('DROP TRIGGER %I ON %s', t.tgname, t.table_name),"
    "  replace(pg_get_triggerdef(t.oid), ' ON ' || t.table_name || ' ', ' ON ' || chr(1) || ' ')"
    "    || CASE t.tgenabled WHEN 'O' THEN '' ELSE"
    "      format('; ALTER TABLE ONLY %s %s TRIGGER %I', chr(1), t.state, t.tgname) END"
    "    || coalesce(format('; COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, chr(1),"
    "      obj_description(t.oid, 'pg_trigger')), '')"
    " FROM triggers t WHERE cloned AND NOT tgisinternal";

#define DISABLE_RULES                                                                                        \
    "SELECT r.oid, 2, w.oid, format('ALTER TABLE ONLY %s DISABLE RULE %I', r.name, w.rulename),"             \
    "  format('ALTER TABLE ONLY %s %s RULE %s', chr(1), " STATE_WORDS(                                       \
        "w.ev_enabled") ", chr(2))"                                                                          \
                        " FROM pg_rewrite w JOIN tables r ON r.oid = w.ev_class WHERE w.ev_type <> '1' AND "

static const char rules_of_replica[] = DISABLE_RULES "w.ev_enabled IN ('A', 'R')";
static const char rules_that_fire[] = DISABLE_RULES "w.ev_enabled <> 'D'";

/* ---- rows and columns ------------------------------------------------------------------------------------
 */

/* Forced row level security applies to the owner, and the applier has the owner's rights. */
static const char security[] =
    "SELECT oid, 3, 0, format('ALTER TABLE ONLY %s NO FORCE ROW LEVEL SECURITY', name),"
    "  format('ALTER TABLE ONLY %s FORCE ROW LEVEL SECURITY', chr(1)) FROM tables WHERE forced"
    "  AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)";

#define ALLOW_IDENTITIES                                                                                     \
    "SELECT r.oid, 4, a.attnum::int::oid,"                                                                   \
    "  format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED BY DEFAULT', r.name, a.attname),"                \
    "  format('ALTER TABLE %s ALTER COLUMN %s SET GENERATED ALWAYS', chr(1), chr(2))"                        \
    " FROM pg_attribute a JOIN tables r ON r.oid = a.attrelid"                                               \
    " WHERE a.attidentity = 'a' AND NOT a.attisdropped"

static const char identities_until_16[] = ALLOW_IDENTITIES;
/* A partition inherits the identity of its parent. */
static const char identities_since_17[] = ALLOW_IDENTITIES " AND NOT r.relispartition";

/* The target may have publications, which the schema brought along. They reject UPDATE and DELETE of tables
 * without a replica identity. */
static const char replica_identities[] =
    "SELECT r.oid, 7, 0, format('ALTER TABLE ONLY %s REPLICA IDENTITY FULL', r.name),"
    "  format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', chr(1),"
    "    CASE c.relreplident WHEN 'n' THEN 'NOTHING' ELSE 'DEFAULT' END)"
    " FROM tables r JOIN pg_class c ON c.oid = r.oid WHERE r.relkind = 'r' AND (c.relreplident = 'n'"
    "  OR c.relreplident = 'd' AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = r.oid"
    "    AND i.indisprimary AND i.indisvalid AND i.indimmediate))"
    " AND EXISTS (SELECT 1 FROM pg_publication p WHERE p.pubupdate OR p.pubdelete)";

/* Existing values may violate a domain's constraint that is NOT VALID. A change that keeps such a value would
 * fail. */
static const char domains[] =
    "SELECT t.oid, 6, 0, format('ALTER DOMAIN %I.%I DROP CONSTRAINT %I', n.nspname, t.typname, k.conname),"
    "  format('ALTER DOMAIN %s ADD CONSTRAINT %I %s', chr(1), k.conname, pg_get_constraintdef(k.oid))"
    "  || coalesce(format('; COMMENT ON CONSTRAINT %I ON DOMAIN %s IS %L', k.conname, chr(1),"
    "    obj_description(k.oid, 'pg_constraint')), '')"
    " FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace"
    " WHERE k.contype = 'c' AND NOT k.convalidated AND pg_has_role(t.typowner, 'USAGE')";

/* ---- foreign keys, where the login may not be a replica --------------------------------------------------
 */

static const char keys_deferred[] =
    "SELECT relation, 5, oid,"
    "  format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', table_name, conname),"
    "  format('ALTER TABLE %s ALTER CONSTRAINT %s %s', chr(1), chr(2), CASE"
    "    WHEN condeferrable THEN 'DEFERRABLE INITIALLY IMMEDIATE' ELSE 'NOT DEFERRABLE' END)"
    " FROM keys WHERE NOT condeferred AND NOT set_aside";

/* A key that Malachite has deferred gets its original deferrability back. */
static const char keys_set_aside[] =
    "SELECT relation, 9, oid, format('ALTER TABLE %s DROP CONSTRAINT %I', table_name, conname),"
    "  format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', chr(1), conname,"
    "    replace(pg_get_constraintdef(oid), referring, ' REFERENCES ' || chr(2) || '('),"
    "    CASE WHEN late THEN ' NOT VALID' END)"
    "  || coalesce((SELECT '; ' || replace(d.undo, chr(2), quote_ident(conname)) FROM deferrals d"
    "    WHERE d.part = keys.oid), '')"
    "  || coalesce(format('; COMMENT ON CONSTRAINT %I ON %s IS %L', conname, chr(1),"
    "    obj_description(oid, 'pg_constraint')), '')"
    " FROM keys WHERE set_aside";

static const char keys_validated[] = "SELECT relation, 10, oid, 'SELECT 1',"
                                     "  format('ALTER TABLE %s VALIDATE CONSTRAINT %I', chr(1), conname)"
                                     " FROM keys WHERE set_aside AND late";

/* The next unit's triggers call this function. It is dropped with the helper's schema. */
static const char silencer[] =
    "SELECT 0, 0, 0, format('CREATE OR REPLACE FUNCTION %I.drop_action() RETURNS trigger"
    " LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''', name), 'SELECT 1' FROM helper"
    " WHERE EXISTS (SELECT 1 FROM silent)";

/*
 * ON DELETE CASCADE and other actions would repeat what the stream carries. A trigger on the referencing
 * table suppresses the actions in the sessions of the applier and of the cutover. Their own statements have
 * trigger depth 0 and pass.
 */
static const char silenced_tables[] =
    "SELECT s.oid, 8, 0, format('CREATE TRIGGER %1$I BEFORE DELETE OR UPDATE ON %2$s FOR EACH ROW"
    " WHEN (pg_catalog.pg_trigger_depth() > 0 AND pg_catalog.current_setting(''application_name'') ="
    " ''malachite'') EXECUTE PROCEDURE %1$I.drop_action()', h.name, s.name),"
    "  format('DROP TRIGGER IF EXISTS %I ON %s', h.name, chr(1)) FROM silent s, helper h";

/* ---- all of it -------------------------------------------------------------------------------------------
 */

/* The order in which the changes can run. */
static const char ordered[] =
    " SELECT c.change, c.undo, c.kind, c.oid AS relation,"
    "  CASE c.kind WHEN 9 THEN k.confrelid ELSE c.part END AS part, coalesce(k.conname::text, '') AS label"
    " FROM changes c LEFT JOIN pg_constraint k ON k.oid = c.part AND c.kind IN (5, 9, 10)"
    " LEFT JOIN depths d ON d.oid = c.oid WHERE d.oid IS NOT NULL OR c.kind IN (0, 6)"
    " ORDER BY c.oid = 0 DESC, c.kind = 10, d.depth, c.oid, c.kind, c.change, k.conname";

static const char *triggers_for(const struct pg *target, bool clones_are_closed)
{
    if (target->replica) {
        return target->superuser ? triggers_of_replica : triggers_of_ordinary_replica;
    }
    return clones_are_closed ? triggers_without_clones : triggers_that_fire;
}

static void add_units(struct buf *sql, const char *const *units, size_t count, const char *between)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (units[i] != NULL) {
            buf_adds(sql, any ? between : "");
            buf_adds(sql, units[i]);
            any = true;
        }
    }
}

/* A NULL unit is one that the target does not need. */
void replica_add_changes_sql(struct pg *target, const char *name, struct buf *sql)
{
    bool clones_are_closed = !target->superuser && target->version >= 110000 && target->version < 130000;
    bool fires = !target->replica;
    const char *const relations[] = {tables, depths, triggers,
                                     target->version >= 180000   ? keys_since_18
                                     : target->version >= 110000 ? keys_since_11
                                                                 : keys_of_10,
                                     silent};
    const char *const changes[] = {triggers_for(target, clones_are_closed),
                                   clones_are_closed ? triggers_made_again : NULL,
                                   fires ? rules_that_fire : rules_of_replica,
                                   security,
                                   target->version >= 170000 ? identities_since_17 : identities_until_16,
                                   fires ? keys_deferred : NULL,
                                   fires ? keys_set_aside : NULL,
                                   fires ? keys_validated : NULL,
                                   fires ? silencer : NULL,
                                   fires ? silenced_tables : NULL,
                                   domains,
                                   replica_identities};
    buf_adds(sql, "WITH RECURSIVE helper AS (SELECT ");
    pg_add_literal(target, sql, name);
    buf_adds(sql, "::text AS name), ");
    add_uncarried(target, name, sql);
    add_units(sql, relations, ARRAY_LEN(relations), ", ");
    buf_adds(sql, ", changes(oid, kind, part, change, undo) AS (");
    add_units(sql, changes, ARRAY_LEN(changes), " UNION ALL ");
    buf_adds(sql, ")");
    buf_adds(sql, ordered);
}

/* Finds objects by OID: another object may have the name by now. A dropped object needs no undo. */
const char replica_undo_sql[] =
    "CASE WHEN h.relation = 0 THEN h.undo ELSE coalesce(replace(replace(h.undo, chr(1),"
    "  CASE h.kind WHEN 6 THEN (SELECT format('%I.%I', n.nspname, t.typname) FROM pg_type t"
    "    JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = h.relation)"
    "  ELSE (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c"
    "    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = h.relation) END), chr(2),"
    "  CASE h.kind WHEN 1 THEN (SELECT quote_ident(tgname) FROM pg_trigger WHERE oid = h.part)"
    "  WHEN 2 THEN (SELECT quote_ident(rulename) FROM pg_rewrite WHERE oid = h.part)"
    "  WHEN 4 THEN (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = h.relation"
    "    AND attnum = h.part::bigint AND NOT attisdropped)"
    "  WHEN 5 THEN (SELECT quote_ident(conname) FROM pg_constraint WHERE oid = h.part)"
    "  WHEN 9 THEN (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c"
    "    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = h.part) ELSE '' END), 'SELECT 1') END";

const char replica_event_triggers_sql[] =
    "SELECT format('ALTER EVENT TRIGGER %I DISABLE', evtname) AS change,"
    " format('ALTER EVENT TRIGGER %I %s', evtname, " STATE_WORDS(
        "evtenabled") ") AS undo"
                      " FROM pg_event_trigger WHERE evtenabled <> 'D' AND pg_has_role(evtowner, 'USAGE') "
                      "ORDER BY evtname";
