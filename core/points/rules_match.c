/* SPDX-License-Identifier: MIT */
/* Which visits a rule is about. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/points/rules_private.h"
#include "core/str.h"

enum { NAME_MAX_BYTES = 4 * 64 };

static bool either(const char *wanted, const char *a, const char *b)
{
    return (a != NULL && str_iequals(wanted, a)) || (b != NULL && str_iequals(wanted, b));
}

static bool is_table(const struct rule *rule, const struct point_subject *subject)
{
    return subject->table != NULL && str_equals(rule->table, subject->table) &&
           (rule->schema == NULL || str_equals(rule->schema, subject->schema));
}

/* Names of Resource Manager compare without case, those of PostgreSQL exactly. */
static bool attribute_matches(const struct rule *rule, enum point_attribute attribute,
                              const struct point_subject *subject)
{
    const char *wanted = rule->match[attribute];
    switch (attribute) {
    case ATTRIBUTE_SUBSCRIPTION:
        return either(wanted, subject->subscription, NULL);
    case ATTRIBUTE_MIGRATION:
        return either(wanted, subject->migration, subject->migration_id);
    case ATTRIBUTE_SERVER:
        return either(wanted, subject->server, subject->other_server);
    case ATTRIBUTE_DATABASE:
        return subject->database != NULL && strcmp(wanted, subject->database) == 0;
    case ATTRIBUTE_TABLE:
        return is_table(rule, subject);
    case ATTRIBUTE_SUBSTATE:
        return either(wanted, subject->substate, NULL);
    case ATTRIBUTE_OPERATION:
        return either(wanted, subject->operation, NULL);
    case ATTRIBUTE_CLIENT:
        return subject->client != NULL && strncmp(subject->client, wanted, strlen(wanted)) == 0;
    case ATTRIBUTE_COUNT:
        break;
    }
    return false;
}

bool rule_matches(const struct rule *rule, const struct point_subject *subject)
{
    for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (rule->match[i] != NULL && !attribute_matches(rule, (enum point_attribute)i, subject)) {
            return false;
        }
    }
    return true;
}

/* Reads one identifier: quoted as it is, unquoted in lower case. NULL: there is none. */
static const char *read_identifier(const char *at, struct buf *name)
{
    if (*at != '"') {
        while (*at != '\0' && *at != '.' && *at != '"') {
            bool is_ascii = (unsigned char)*at < 0x80;
            buf_addc(name, (char)(is_ascii ? tolower((unsigned char)*at) : *at));
            at++;
        }
        return name->len > 0 && *at != '"' ? at : NULL;
    }
    for (at++; *at != '\0'; at++) {
        if (*at == '"' && *++at != '"') {
            return name->len > 0 ? at : NULL;
        }
        buf_addc(name, *at);
    }
    return NULL;
}

int rule_split_table(const char *text, struct err *err, char **ret_schema, char **ret_table)
{
    auto_buf struct buf first = BUF_MAX(NAME_MAX_BYTES);
    auto_buf struct buf second = BUF_MAX(NAME_MAX_BYTES);
    const char *end = read_identifier(text, &first);
    bool qualified = end != NULL && *end == '.';
    if (qualified) {
        end = read_identifier(end + 1, &second);
    }
    if (end == NULL || *end != '\0' || buf_failed(&first) || buf_failed(&second)) {
        return err_set(err, ERR_BAD_PARAMETER,
                       "'%.100s' is not the name of a table. Write schema.table; quote a name with capital "
                       "letters or dots as PostgreSQL does: \"Sales\".\"Orders\".",
                       text);
    }
    char *schema = qualified ? str_dup(buf_text(&first)) : NULL;
    char *table = str_dup(buf_text(qualified ? &second : &first));
    if ((qualified && schema == NULL) || table == NULL) {
        free(schema);
        free(table);
        return err_no_memory(err);
    }
    *ret_schema = schema;
    *ret_table = table;
    return 0;
}
