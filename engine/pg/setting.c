/* SPDX-License-Identifier: MIT */
#include "engine/pg/setting.h"

#include <string.h>

#include "core/str.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

/* Settings that are lists: each member becomes a literal of its own, or the list would become one long name.
 */
static bool is_list(const char *name)
{
    static const char *const lists[] = {"local_preload_libraries",   "search_path",
                                        "session_preload_libraries", "shared_preload_libraries",
                                        "temp_tablespaces",          "unix_socket_directories"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (str_iequals(name, lists[i])) {
            return true;
        }
    }
    return false;
}

/* Adds one member of a list of identifiers, quoted or not; returns what follows it. */
static const char *add_member(struct pg *pg, struct buf *sql, const char *list)
{
    auto_buf struct buf member = BUF_MAX(SQL_MAX_BYTES);
    bool quoted = *list == '"';
    list += quoted ? 1 : 0;
    while (*list != '\0' && (quoted || (*list != ',' && *list != ' '))) {
        if (quoted && *list == '"') {
            list++;
            if (*list != '"') {
                break;
            }
        }
        buf_addc(&member, *list++);
    }
    pg_add_literal(pg, sql, buf_text(&member));
    return list + strspn(list, " ");
}

static void add_list(struct pg *pg, struct buf *sql, const char *list)
{
    list += strspn(list, " ");
    if (*list == '\0') {
        buf_adds(sql, "''");
    }
    while (*list != '\0') {
        list = add_member(pg, sql, list);
        if (*list != ',') {
            break;
        }
        buf_adds(sql, ", ");
        list++;
        list += strspn(list, " ");
    }
}

void pg_add_setting(struct pg *pg, struct buf *sql, const char *name, const char *value)
{
    buf_adds(sql, " SET ");
    /* A setting of an extension has two parts: each is a name. */
    const char *dot = strchr(name, '.');
    auto_free char *prefix = dot == NULL ? NULL : str_format("%.*s", (int)(dot - name), name);
    if (prefix != NULL) {
        pg_add_identifier(pg, sql, prefix);
        buf_addc(sql, '.');
    }
    pg_add_identifier(pg, sql, prefix != NULL ? dot + 1 : name);
    buf_adds(sql, " TO ");
    if (is_list(name)) {
        add_list(pg, sql, value);
    } else {
        pg_add_literal(pg, sql, value);
    }
}
