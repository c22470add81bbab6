/* SPDX-License-Identifier: MIT */
#include "engine/pg/setting.h"

#include <string.h>

#include "core/parse/setting_list.h"
#include "core/str.h"

/* Each member becomes a separate literal; otherwise the list would become one long name. */
static void add_list(struct pg *pg, struct buf *sql, const struct str_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        buf_adds(sql, i == 0 ? "" : ", ");
        pg_add_literal(pg, sql, names->items[i]);
    }
}

void pg_add_setting(struct pg *pg, struct buf *sql, const char *name, const char *value)
{
    buf_adds(sql, " SET ");
    /* The name of an extension's setting has two parts, each an identifier. */
    const char *dot = strchr(name, '.');
    auto_free char *prefix = dot == NULL ? NULL : str_format("%.*s", (int)(dot - name), name);
    if (prefix != NULL) {
        pg_add_identifier(pg, sql, prefix);
        buf_addc(sql, '.');
    }
    pg_add_identifier(pg, sql, prefix != NULL ? dot + 1 : name);
    buf_adds(sql, " TO ");
    auto_str_list struct str_list names = {0};
    if (setting_is_name_list(name) && setting_list_split(name, value, &names) && names.count > 0) {
        add_list(pg, sql, &names);
    } else {
        pg_add_literal(pg, sql, value);
    }
}
