/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_gather_private.h"

#include "engine/apply/apply_sql_private.h"

enum { SQL_MAX_BYTES = 4 * 1024 * 1024 };

static const struct pipeline_expectation any = {.rows = -1};

bool apply_gathers(const struct apply_relation *relation, bool more)
{
    bool able = relation->may_gather && relation->identity == APPLY_BY_ROW && !relation->ordered &&
                !relation->grouped && relation->column_count > 0;
    return able && (more || relation->gathered_rows > 0);
}

static int run(struct apply_sender *sender, const struct buf *sql,
               const struct pipeline_expectation *expectation, struct err *err)
{
    return buf_failed(sql) ? err_no_memory(err)
                           : pipeline_command(sender->pipeline, buf_text(sql), expectation, err);
}

static int run_on_table(struct apply_sender *sender, const struct apply_relation *relation,
                        const char *before, const char *after, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, before);
    apply_add_gathering_table(relation, &sql);
    buf_adds(&sql, after);
    return run(sender, &sql, &any, err);
}

int apply_gather_prepare(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    if (relation->gathers) {
        return 0;
    }
    relation->gathers = true;
    return run_on_table(sender, relation, "CREATE TEMPORARY TABLE IF NOT EXISTS ", " (line text)", err);
}

void apply_gather_note(struct apply_sender *sender, struct apply_relation *relation, int64_t rows)
{
    if (relation->gathered_rows == 0) {
        relation->next_gathered = sender->gathered;
        sender->gathered = relation;
    }
    relation->gathered_rows += rows;
}

static int delete_gathered(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    const struct pipeline_expectation all = {.what = relation->what, .rows = relation->gathered_rows};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    apply_add_delete_gathered(relation, &sql);
    if (run_on_table(sender, relation, "ANALYZE ", "", err) != 0 || run(sender, &sql, &all, err) != 0) {
        return -1;
    }
    relation->gathered_rows = 0;
    return run_on_table(sender, relation, "TRUNCATE ", "", err);
}

int apply_gather_finish(struct apply_sender *sender, struct err *err)
{
    while (sender->gathered != NULL) {
        struct apply_relation *relation = sender->gathered;
        sender->gathered = relation->next_gathered;
        if (delete_gathered(sender, relation, err) != 0) {
            return -1;
        }
    }
    return 0;
}
