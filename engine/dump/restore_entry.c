/* SPDX-License-Identifier: MIT */
#include "engine/dump/restore_entry_private.h"

#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "engine/catalog/replication_name.h"

enum owner_form {
    OWNER_NONE,
    OWNER_NAME,      /* ALTER <word> name */
    OWNER_IN_SCHEMA, /* ALTER <keyword> schema.name */
    OWNER_FROM_DROP, /* ALTER with the text of the DROP statement: overloaded names */
};

struct kind {
    const char *name;
    enum restore_pass pass; /* RESTORE_POST_DATA: according to the section */
    bool vital;
    enum owner_form owner;
    const char *word; /* in ALTER, if it differs from the kind's name */
};

/* Kinds that are not listed (CAST, COMMENT, TRANSFORM, USER MAPPING ...) follow their section, are not
 * vital and have no separate owner. */
static const struct kind kinds[] = {
    {"ACL", RESTORE_PRIVILEGES, false, OWNER_NONE, NULL},
    {"ACL LANGUAGE", RESTORE_PRIVILEGES, false, OWNER_NONE, NULL},
    {"AGGREGATE", RESTORE_POST_DATA, false, OWNER_FROM_DROP, NULL},
    {"BLOB", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"BLOB METADATA", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"BLOBS", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"CHECK CONSTRAINT", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"COLLATION", RESTORE_POST_DATA, true, OWNER_IN_SCHEMA, NULL},
    {"CONSTRAINT", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"CONVERSION", RESTORE_POST_DATA, false, OWNER_IN_SCHEMA, NULL},
    {"DATABASE", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"DATABASE PROPERTIES", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"DEFAULT", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"DEFAULT ACL", RESTORE_PRIVILEGES, false, OWNER_NONE, NULL},
    {"DOMAIN", RESTORE_POST_DATA, true, OWNER_IN_SCHEMA, NULL},
    {"ENCODING", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"EVENT TRIGGER", RESTORE_EVENT_TRIGGERS, false, OWNER_NAME, NULL},
    {"FK CONSTRAINT", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"FOREIGN DATA WRAPPER", RESTORE_POST_DATA, false, OWNER_NAME, NULL},
    {"FOREIGN TABLE", RESTORE_POST_DATA, false, OWNER_IN_SCHEMA, NULL},
    {"FUNCTION", RESTORE_POST_DATA, false, OWNER_FROM_DROP, NULL},
    {"INDEX", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"INDEX ATTACH", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"MATERIALIZED VIEW", RESTORE_POST_DATA, false, OWNER_IN_SCHEMA, "TABLE"},
    {"MATERIALIZED VIEW DATA", RESTORE_REFRESH, false, OWNER_NONE, NULL},
    {"OPERATOR", RESTORE_POST_DATA, false, OWNER_FROM_DROP, NULL},
    {"OPERATOR CLASS", RESTORE_POST_DATA, false, OWNER_FROM_DROP, NULL},
    {"OPERATOR FAMILY", RESTORE_POST_DATA, false, OWNER_FROM_DROP, NULL},
    {"POLICY", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"PROCEDURAL LANGUAGE", RESTORE_POST_DATA, false, OWNER_NAME, NULL},
    {"PROCEDURE", RESTORE_POST_DATA, false, OWNER_FROM_DROP, NULL},
    {"PUBLICATION", RESTORE_REPLICATION, false, OWNER_NAME, NULL},
    {"PUBLICATION TABLE", RESTORE_REPLICATION, false, OWNER_NONE, NULL},
    {"PUBLICATION TABLES IN SCHEMA", RESTORE_REPLICATION, false, OWNER_NONE, NULL},
    {"ROW SECURITY", RESTORE_ROW_SECURITY, true, OWNER_NONE, NULL},
    {"SCHEMA", RESTORE_POST_DATA, true, OWNER_NAME, NULL},
    {"SEARCHPATH", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"SEQUENCE", RESTORE_POST_DATA, true, OWNER_IN_SCHEMA, "TABLE"},
    {"SEQUENCE OWNED BY", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"SEQUENCE SET", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"SERVER", RESTORE_POST_DATA, false, OWNER_NAME, NULL},
    {"SHELL TYPE", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"STATISTICS", RESTORE_POST_DATA, false, OWNER_IN_SCHEMA, NULL},
    {"STATISTICS DATA", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"STDSTRINGS", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"SUBSCRIPTION", RESTORE_REPLICATION, false, OWNER_NAME, NULL},
    {"SUBSCRIPTION TABLE", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"TABLE", RESTORE_POST_DATA, true, OWNER_IN_SCHEMA, NULL},
    {"TABLE ATTACH", RESTORE_POST_DATA, true, OWNER_NONE, NULL},
    {"TABLE DATA", RESTORE_NEVER, false, OWNER_NONE, NULL},
    {"TEXT SEARCH CONFIGURATION", RESTORE_POST_DATA, false, OWNER_IN_SCHEMA, NULL},
    {"TEXT SEARCH DICTIONARY", RESTORE_POST_DATA, false, OWNER_IN_SCHEMA, NULL},
    {"TYPE", RESTORE_POST_DATA, true, OWNER_IN_SCHEMA, NULL},
    {"VIEW", RESTORE_POST_DATA, false, OWNER_IN_SCHEMA, "TABLE"},
};

static const struct kind *kind_of(const struct archive_entry *entry)
{
    static const struct kind other = {"", RESTORE_POST_DATA, false, OWNER_NONE, NULL};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (archive_entry_is(entry, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return &other;
}

/* The publication of an online migration from this source, which the target does not need. */
static bool is_our_publication(const struct archive_entry *entry)
{
    static const char alter[] = "ALTER PUBLICATION ";
    if (archive_entry_is(entry, "PUBLICATION")) {
        return replication_name_is_ours(entry->name);
    }
    if (strncmp(entry->definition, alter, strlen(alter)) != 0) {
        return false;
    }
    const char *start = entry->definition + strlen(alter);
    auto_free char *name = strndup(start, strcspn(start, " "));
    return name != NULL && replication_name_is_ours(name);
}

static enum restore_pass pass_of_object(const struct archive *archive, const struct archive_entry *entry)
{
    if (archive->without_extensions && archive_entry_is(entry, "EXTENSION")) {
        return RESTORE_NEVER;
    }
    enum restore_pass pass = kind_of(entry)->pass;
    if (pass == RESTORE_REPLICATION && is_our_publication(entry)) {
        return RESTORE_NEVER;
    }
    if (pass != RESTORE_POST_DATA) {
        return pass;
    }
    return entry->section == ARCHIVE_SECTION_POST_DATA ? RESTORE_POST_DATA : RESTORE_PRE_DATA;
}

enum restore_pass restore_pass_of(const struct archive *archive, const struct archive_entry *entry)
{
    bool follows = archive_entry_is(entry, "COMMENT") || archive_entry_is(entry, "SECURITY LABEL");
    for (size_t i = 0; follows && i < entry->dependency_count; i++) {
        const struct archive_entry *object = archive_find(archive, entry->dependencies[i]);
        if (object != NULL) {
            return pass_of_object(archive, object);
        }
    }
    return pass_of_object(archive, entry);
}

bool restore_is_vital(const struct archive_entry *entry)
{
    return kind_of(entry)->vital;
}

/* The definition up to its last semicolon. */
static size_t statement_len(const char *sql)
{
    size_t len = strlen(sql);
    while (len > 0 && strchr("; \n", sql[len - 1]) != NULL) {
        len--;
    }
    return len;
}

static void add_access_method(struct pg *pg, struct buf *sql, const char *method)
{
    buf_adds(sql, "SET default_table_access_method = ");
    pg_add_identifier(pg, sql, method);
    buf_adds(sql, ";\n");
}

void restore_add_definition(struct pg *pg, struct buf *sql, const struct archive_entry *entry,
                            const char *version)
{
    if (version != NULL && archive_entry_is(entry, "EXTENSION")) {
        buf_add(sql, entry->definition, statement_len(entry->definition));
        buf_adds(sql, " VERSION ");
        pg_add_literal(pg, sql, version);
        buf_adds(sql, ";\n");
        return;
    }
    bool other_method = entry->access_method[0] != '\0' && !str_equals(entry->access_method, "heap");
    bool partitioned = entry->relkind == 'p';
    if (other_method && !partitioned) {
        add_access_method(pg, sql, entry->access_method);
    }
    buf_addf(sql, "%s\n", entry->definition);
    if (other_method && !partitioned) {
        add_access_method(pg, sql, "heap");
    } else if (other_method) {
        buf_adds(sql, "ALTER TABLE ");
        pg_add_qualified(pg, sql, entry->schema, entry->name);
        buf_adds(sql, " SET ACCESS METHOD ");
        pg_add_identifier(pg, sql, entry->access_method);
        buf_adds(sql, ";\n");
    }
}

bool restore_add_owner(struct pg *pg, struct buf *sql, const struct archive_entry *entry, const char *owner)
{
    static const char drop[] = "DROP ";
    const struct kind *kind = kind_of(entry);
    const char *word = kind->word != NULL ? kind->word : entry->kind;
    if (entry->owner[0] == '\0' || entry->drop[0] == '\0') {
        return false;
    }
    switch (kind->owner) {
    case OWNER_NONE:
        return false;
    case OWNER_FROM_DROP:
        if (strncmp(entry->drop, drop, strlen(drop)) != 0) {
            return false;
        }
        buf_adds(sql, "ALTER ");
        buf_add(sql, entry->drop + strlen(drop), statement_len(entry->drop) - strlen(drop));
        break;
    case OWNER_IN_SCHEMA:
        buf_addf(sql, "ALTER %s ", word);
        pg_add_qualified(pg, sql, entry->schema, entry->name);
        break;
    case OWNER_NAME:
        buf_addf(sql, "ALTER %s ", word);
        pg_add_identifier(pg, sql, entry->name);
        break;
    }
    buf_adds(sql, " OWNER TO ");
    pg_add_identifier(pg, sql, owner);
    buf_adds(sql, ";\n");
    return true;
}

void restore_add_label(struct buf *text, const struct archive_entry *entry)
{
    buf_addf(text, "%s %s%s%s", entry->kind, entry->schema, entry->schema[0] != '\0' ? "." : "", entry->name);
}
