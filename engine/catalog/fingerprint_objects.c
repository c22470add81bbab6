/* SPDX-License-Identifier: MIT */
/*
 * Fingerprints objects that few databases have, and comments and security labels. The definition is a
 * whole catalog row: its OIDs have a meaning on that server only.
 */
#include "engine/catalog/fingerprint_private.h"

#define NOT_OF_EXTENSION(catalog, alias)                                                                     \
    " NOT EXISTS (SELECT 1 FROM members m WHERE m.classid = '" catalog "'::regclass AND m.objid = " alias    \
    ".oid)"
/* The server's own objects have smaller OIDs. */
#define OF_USER(catalog, alias) alias ".oid >= 16384 AND" NOT_OF_EXTENSION(catalog, alias)

const char fingerprint_operators_sql[] =
    " UNION ALL SELECT 'operator', format('%I.%s(%s, %s)', p.nspname, o.oprname, format_type(o.oprleft, "
    "NULL),"
    "   format_type(o.oprright, NULL)), '', to_jsonb(o)::text"
    "  FROM pg_operator o JOIN places p ON p.oid = o.oprnamespace WHERE" NOT_OF_EXTENSION(
        "pg_operator",
        "o") " UNION ALL SELECT 'operator class', format('%I.%I for %s', p.nspname, o.opcname, a.amname), '',"
             "   to_jsonb(o)::text FROM pg_opclass o JOIN places p ON p.oid = o.opcnamespace"
             "  JOIN pg_am a ON a.oid = o.opcmethod WHERE" NOT_OF_EXTENSION(
                 "pg_opclass",
                 "o") " UNION ALL SELECT 'operator family', format('%I.%I for %s', p.nspname, o.opfname, "
                      "a.amname), '',"
                      "   concat_ws('|', to_jsonb(o)::text, (SELECT string_agg(to_jsonb(i)::text, ',' ORDER "
                      "BY i.oid)"
                      "     FROM pg_amop i WHERE i.amopfamily = o.oid), (SELECT "
                      "string_agg(to_jsonb(i)::text, ',' ORDER BY i.oid)"
                      "     FROM pg_amproc i WHERE i.amprocfamily = o.oid))"
                      "  FROM pg_opfamily o JOIN places p ON p.oid = o.opfnamespace"
                      "  JOIN pg_am a ON a.oid = o.opfmethod WHERE" NOT_OF_EXTENSION(
                          "pg_opfamily",
                          "o") " UNION ALL SELECT 'cast', concat('(', format_type(c.castsource, NULL), ' AS "
                               "',"
                               "   format_type(c.casttarget, NULL), ')'), '', to_jsonb(c)::text FROM pg_cast "
                               "c"
                               "  WHERE " OF_USER(
                                   "pg_cast",
                                   "c") " UNION ALL SELECT 'transform', concat('for ', "
                                        "format_type(f.trftype, NULL), ' language ', l.lanname), '',"
                                        "   to_jsonb(f)::text FROM pg_transform f JOIN pg_language l ON "
                                        "l.oid = f.trflang"
                                        "  WHERE " OF_USER("pg_transform", "f");

/* The version of a collation's library differs after an upgrade of the operating system. */
const char fingerprint_texts_sql[] =
    " UNION ALL SELECT 'collation', format('%I.%I', p.nspname, c.collname), '',"
    "   (to_jsonb(c) - 'collversion')::text FROM pg_collation c JOIN places p ON p.oid = c.collnamespace"
    "  WHERE" NOT_OF_EXTENSION(
        "pg_collation",
        "c") " UNION ALL SELECT 'conversion', format('%I.%I', p.nspname, c.conname), '', to_jsonb(c)::text"
             "  FROM pg_conversion c JOIN places p ON p.oid = c.connamespace WHERE" NOT_OF_EXTENSION(
                 "pg_conversion",
                 "c") " UNION ALL SELECT 'text search configuration', format('%I.%I', p.nspname, c.cfgname), "
                      "'',"
                      "   concat_ws('|', to_jsonb(c)::text, (SELECT string_agg(concat_ws(' ', "
                      "m.maptokentype, m.mapseqno,"
                      "     m.mapdict), ',' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m "
                      "WHERE m.mapcfg = c.oid))"
                      "  FROM pg_ts_config c JOIN places p ON p.oid = c.cfgnamespace WHERE" NOT_OF_EXTENSION(
                          "pg_ts_config",
                          "c") " UNION ALL SELECT 'text search dictionary', format('%I.%I', p.nspname, "
                               "d.dictname), '', to_jsonb(d)::text"
                               "  FROM pg_ts_dict d JOIN places p ON p.oid = d.dictnamespace "
                               "WHERE" NOT_OF_EXTENSION(
                                   "pg_ts_dict",
                                   "d") " UNION ALL SELECT 'text search parser', format('%I.%I', p.nspname, "
                                        "r.prsname), '', to_jsonb(r)::text"
                                        "  FROM pg_ts_parser r JOIN places p ON p.oid = r.prsnamespace "
                                        "WHERE" NOT_OF_EXTENSION(
                                            "pg_ts_parser",
                                            "r") " UNION ALL SELECT 'text search template', format('%I.%I', "
                                                 "p.nspname, e.tmplname), '', to_jsonb(e)::text"
                                                 "  FROM pg_ts_template e JOIN places p ON p.oid = "
                                                 "e.tmplnamespace"
                                                 "  WHERE" NOT_OF_EXTENSION("pg_ts_template", "e");

/* Publications of migrations do not belong to the user. */
const char fingerprint_outside_sql[] =
    " UNION ALL SELECT 'foreign data wrapper', quote_ident(w.fdwname), '', to_jsonb(w)::text"
    "  FROM pg_foreign_data_wrapper w WHERE" NOT_OF_EXTENSION(
        "pg_foreign_data_wrapper",
        "w") " UNION ALL SELECT 'foreign server', quote_ident(s.srvname), '', to_jsonb(s)::text"
             "  FROM pg_foreign_server s WHERE" NOT_OF_EXTENSION(
                 "pg_foreign_server",
                 "s") " UNION ALL SELECT 'user mapping', concat('for ', quote_ident(u.usename), ' on server "
                      "',"
                      "   quote_ident(u.srvname)), '', u.umoptions::text FROM pg_user_mappings u"
                      " UNION ALL SELECT 'publication', quote_ident(b.pubname), '', concat_ws('|', "
                      "to_jsonb(b)::text,"
                      "   (SELECT string_agg((to_jsonb(r) - 'oid')::text, ',' ORDER BY r.prrelid) FROM "
                      "pg_publication_rel r"
                      "     WHERE r.prpubid = b.oid)) FROM pg_publication b WHERE b.pubname !~ "
                      "'^malachite_[0-9a-f]{32}_[0-9]+$'"
                      " UNION ALL SELECT 'language', quote_ident(l.lanname), '', to_jsonb(l)::text FROM "
                      "pg_language l"
                      "  WHERE " OF_USER("pg_language",
                                         "l") " UNION ALL SELECT 'access method', quote_ident(a.amname), '', "
                                              "to_jsonb(a)::text FROM pg_am a"
                                              "  WHERE " OF_USER(
                                                  "pg_am",
                                                  "a") " UNION ALL SELECT 'owner or privileges', 'of the "
                                                       "database', '', concat_ws('|', d.datdba::regrole,"
                                                       "   d.datacl::text, d.datconnlimit) FROM pg_database "
                                                       "d WHERE d.datname = current_database()";

/* The user's object that a comment or label belongs to. A comment on a column names its table as the
 * parent. */
#define ATTACHED(kind, catalog, columns, text)                                                               \
    " UNION ALL SELECT '" kind "', " columns                                                                 \
    "i.type || ' ' || i.identity, coalesce(t.name, i.identity), " text " FROM " catalog                      \
    " d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i"                           \
    "  LEFT JOIN tables t ON t.oid = d.objoid AND d.classoid = 'pg_class'::regclass"                         \
    "  WHERE (d.objoid >= 16384 OR d.objoid = to_regnamespace('public')) AND i.identity IS NOT NULL AND "    \
    "i.schema !~ '^pg_' IS NOT FALSE"                                                                        \
    "   AND i.schema !~ '^malachite_[0-9a-f]{32}_[0-9]+$' IS NOT FALSE"                                      \
    "   AND NOT EXISTS (SELECT 1 FROM members m WHERE m.classid = d.classoid AND m.objid = d.objoid)"

const char fingerprint_attached_sql[] =
    ATTACHED("comment", "pg_description", "'on ' || ", "d.description") ATTACHED(
        "security label", "pg_seclabel", "d.provider || ' on ' || ",
        "d.label") " UNION ALL SELECT 'comment', 'on the database', '', d.description FROM pg_shdescription d"
                   "  JOIN pg_database b ON b.oid = d.objoid WHERE d.classoid = 'pg_database'::regclass"
                   "   AND b.datname = current_database()";
