"""The queries of catalog/queries.py, continued with the kinds of objects that few databases hold."""

from catalog.queries import KINDS, SORTED, acl, derived, member, named, owner, user_made

KINDS[
    "operator"
] = f"""
SELECT o.oid::regoperator::text AS object, {owner('oprowner')}, oprcanmerge, oprcanhash, oprresult::regtype::text AS result,
       oprcode::regprocedure::text AS code, oprcom::regoperator::text AS commutator, oprnegate::regoperator::text AS negator,
       oprrest::regproc::text AS restriction, oprjoin::regproc::text AS "join"
FROM pg_operator AS o WHERE {user_made('pg_operator', 'o')}"""

KINDS[
    "operator class"
] = f"""
SELECT {named("'pg_opclass'::regclass, o.oid, 0")} AS object, {owner('opcowner')}, opcintype::regtype::text AS type,
       {named("'pg_opfamily'::regclass, opcfamily, 0")} AS family, opcdefault, opckeytype::regtype::text AS key
FROM pg_opclass AS o WHERE {user_made('pg_opclass', 'o')}"""

KINDS[
    "operator family"
] = f"""
SELECT {named("'pg_opfamily'::regclass, f.oid, 0")} AS object, {owner('opfowner')},
       (SELECT jsonb_agg(jsonb_build_array(amopstrategy, amoppurpose, amopopr::regoperator::text)
           ORDER BY amopstrategy, amopopr::regoperator::text COLLATE "C") FROM pg_amop WHERE amopfamily = f.oid) AS operators,
       (SELECT jsonb_agg(jsonb_build_array(amprocnum, amproclefttype::regtype::text, amprocrighttype::regtype::text,
           amproc::regprocedure::text)
           ORDER BY amprocnum, amproclefttype::regtype::text COLLATE "C", amprocrighttype::regtype::text COLLATE "C")
        FROM pg_amproc WHERE amprocfamily = f.oid) AS functions
FROM pg_opfamily AS f WHERE {user_made('pg_opfamily', 'f')}"""

KINDS[
    "cast"
] = f"""
SELECT format('%s AS %s', castsource::regtype, casttarget::regtype) AS object, castfunc::regprocedure::text AS function,
       castcontext::text, castmethod::text
FROM pg_cast AS c WHERE {user_made('pg_cast', 'c')} AND NOT {derived('pg_cast', 'c.oid')}"""

KINDS[
    "transform"
] = f"""
SELECT format('%s for %s', trftype::regtype, (SELECT lanname FROM pg_language AS l WHERE l.oid = trflang)) AS object,
       trffromsql::regprocedure::text, trftosql::regprocedure::text
FROM pg_transform AS t WHERE {user_made('pg_transform', 't')}"""

KINDS[
    "conversion"
] = f"""
SELECT format('%s.%I', connamespace::regnamespace, conname) AS object, {owner('conowner')},
       pg_encoding_to_char(conforencoding) AS source, pg_encoding_to_char(contoencoding) AS target, conproc::text, condefault
FROM pg_conversion AS c WHERE {user_made('pg_conversion', 'c')}"""

KINDS[
    "collation"
] = f"""
SELECT format('%s.%I', collnamespace::regnamespace, collname) AS object, {owner('collowner')}, collprovider::text,
       collencoding, coalesce(to_jsonb(c)->>'colllocale', to_jsonb(c)->>'colliculocale', collcollate) AS locale,
       collisdeterministic, to_jsonb(c)->>'collicurules' AS "rules@16"
FROM pg_collation AS c WHERE {user_made('pg_collation', 'c')}"""

KINDS[
    "text search parser"
] = f"""
SELECT format('%s.%I', prsnamespace::regnamespace, prsname) AS object, prsstart::text, prstoken::text, prsend::text,
       prsheadline::text, prslextype::text
FROM pg_ts_parser AS p WHERE {user_made('pg_ts_parser', 'p')}"""

KINDS[
    "text search template"
] = f"""
SELECT format('%s.%I', tmplnamespace::regnamespace, tmplname) AS object, tmplinit::text, tmpllexize::text
FROM pg_ts_template AS t WHERE {user_made('pg_ts_template', 't')}"""

KINDS[
    "text search dictionary"
] = f"""
SELECT d.oid::regdictionary::text AS object, {owner('dictowner')}, dictinitoption,
       {named("'pg_ts_template'::regclass, dicttemplate, 0")} AS template
FROM pg_ts_dict AS d WHERE {user_made('pg_ts_dict', 'd')}"""

KINDS[
    "text search configuration"
] = f"""
SELECT c.oid::regconfig::text AS object, {owner('cfgowner')}, {named("'pg_ts_parser'::regclass, cfgparser, 0")} AS parser,
       (SELECT jsonb_agg(jsonb_build_array(maptokentype, mapdict::regdictionary::text) ORDER BY maptokentype, mapseqno)
        FROM pg_ts_config_map WHERE mapcfg = c.oid) AS mapping
FROM pg_ts_config AS c WHERE {user_made('pg_ts_config', 'c')}"""

KINDS[
    "statistics"
] = f"""
SELECT format('%s.%I', stxnamespace::regnamespace, stxname) AS object, {owner('stxowner')},
       pg_get_statisticsobjdef(s.oid) AS definition, coalesce((to_jsonb(s)->>'stxstattarget')::int, -1) AS "target@13"
FROM pg_statistic_ext AS s WHERE {user_made('pg_statistic_ext', 's')}"""

KINDS[
    "access method"
] = f"""
SELECT quote_ident(amname) AS object, amhandler::text, amtype::text FROM pg_am AS a WHERE {user_made('pg_am', 'a')}"""

KINDS[
    "event trigger"
] = f"""
SELECT quote_ident(evtname) AS object, {owner('evtowner')}, evtevent, evtfoid::regproc::text AS function, evtenabled::text,
       {SORTED.format('evttags')} AS tags
FROM pg_event_trigger AS e WHERE NOT {member('pg_event_trigger', 'e.oid')}"""

KINDS[
    "publication"
] = f"""
SELECT quote_ident(pubname) AS object, {owner('pubowner')}, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate,
       to_jsonb(p)->>'pubviaroot' AS "via_root@13", to_jsonb(p)->>'pubgencols' AS "generated_columns@18"
FROM pg_publication AS p"""

KINDS[
    "published table"
] = """
SELECT format('%I.%I of %I', schemaname, tablename, pubname) AS object, to_jsonb(t)->>'attnames' AS "columns=",
       to_jsonb(t)->>'rowfilter' AS "filter="
FROM pg_publication_tables AS t"""

KINDS[
    "publication of a schema@15"
] = """
SELECT format('%I of %s', pubname, pnnspid::regnamespace) AS object
FROM pg_publication_namespace JOIN pg_publication AS p ON p.oid = pnpubid"""

KINDS[
    "subscription"
] = f"""
SELECT quote_ident(subname) AS object, {owner('subowner')}, subconninfo, subslotname, subsynccommit,
       {SORTED.format('subpublications')} AS publications
FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""

KINDS[
    "foreign data wrapper"
] = f"""
SELECT quote_ident(fdwname) AS object, {owner('fdwowner')}, {acl('fdwacl', 'F', 'fdwowner')}, fdwhandler::regproc::text,
       fdwvalidator::regproc::text, {SORTED.format('fdwoptions')} AS options
FROM pg_foreign_data_wrapper AS w WHERE {user_made('pg_foreign_data_wrapper', 'w')}"""

KINDS[
    "foreign server"
] = f"""
SELECT quote_ident(srvname) AS object, {owner('srvowner')}, {acl('srvacl', 'S', 'srvowner')}, srvtype, srvversion,
       (SELECT fdwname FROM pg_foreign_data_wrapper AS w WHERE w.oid = srvfdw) AS wrapper,
       {SORTED.format('srvoptions')} AS options
FROM pg_foreign_server AS s WHERE {user_made('pg_foreign_server', 's')}"""

KINDS[
    "user mapping"
] = f"""
SELECT quote_ident(srvname) AS object, CASE umuser WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(umuser) END AS role,
       {SORTED.format('umoptions')} AS options
FROM pg_user_mapping JOIN pg_foreign_server AS s ON s.oid = umserver"""
