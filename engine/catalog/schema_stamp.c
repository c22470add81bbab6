/* SPDX-License-Identifier: MIT */
#include "engine/catalog/schema_stamp.h"

#include "core/buf.h"

enum { SQL_MAX_BYTES = 8192 };

/* The number of rows of each catalog, and the transactions that wrote them. */
int schema_stamp(struct pg *source, struct err *err, char **ret_stamp)
{
    static const char *const catalogs[] = {"pg_class",   "pg_attribute", "pg_type",   "pg_namespace",
                                           "pg_proc",    "pg_rewrite",   "pg_index",  "pg_constraint",
                                           "pg_trigger", "pg_inherits",  "pg_depend", "pg_enum"};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT string_agg(part, ',') FROM (");
    for (size_t i = 0; i < ARRAY_LEN(catalogs); i++) {
        buf_addf(&sql, "%sSELECT count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) FROM %s",
                 i == 0 ? "" : " UNION ALL ", catalogs[i]);
    }
    buf_adds(&sql, ") AS parts(part)");
    return buf_failed(&sql) ? err_no_memory(err) : pg_value(source, err, ret_stamp, buf_text(&sql), 0, NULL);
}
