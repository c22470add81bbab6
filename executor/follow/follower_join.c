/* SPDX-License-Identifier: MIT */
/*
 * Lets tables join that were created on both sides after the base copy (engine/online/join.h): the cutover
 * then has fewer tables to recopy. An error here never stops the replication of other tables.
 */
#include "executor/follow/follower_join_private.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "executor/follow/follower_figures_private.h"

enum {
    LOOK_PAUSE_MS = 500,
    LATER_MS = 3000, /* another session has a table locked */
    FAILED_LEAST_MS = 5000,
    FAILED_MOST_MS = 60000,
    TEXT_MAX_BYTES = 16 * 1024,
};

/* ---- messages ----------------------------------------------------------------------------------
 */

static void set_message(struct follower_view *view, const struct buf *text)
{
    view->joining = (struct err){0};
    if (text->len > 0 && !buf_failed(text)) {
        err_set(&view->joining, ERR_CONFLICT, "%s", buf_text(text));
    }
}

static void add_left_out(struct buf *text, const char *schema, const char *name, const char *why)
{
    buf_addf(
        text,
        "%sThe table %s.%s was created on both sides after the base copy. It is not replicated, because %s.",
        text->len > 0 ? " " : "", schema, name, why);
}

/* Tables that cannot join: the cutover recopies them. */
static void add_all_left_out(const struct follower *follower, struct buf *text)
{
    size_t count = 0;
    const struct join_table *tables = follower->join == NULL ? NULL : join_tables(follower->join, &count);
    for (size_t i = 0; i < count; i++) {
        if (tables[i].obstacle != NULL) {
            add_left_out(text, tables[i].schema, tables[i].name, tables[i].obstacle);
            buf_adds(text, " The cutover recopies it.");
        }
    }
    for (size_t i = 0; i < follower->late.count; i++) {
        const struct late_table *table = &follower->late.items[i];
        if (table->has_rows) {
            add_left_out(text, table->schema, table->name,
                         "the target's has rows that Malachite did not write");
            buf_adds(text, " The cutover replaces them. Empty the table on the target to have it copied and "
                           "replicated now.");
        }
    }
}

/* A sentence about the tables that can join: "what", their names, "why". */
static void show_joining(struct follower *follower, struct follower_view *view, const char *what,
                         const char *why)
{
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    size_t count = 0;
    size_t shown = 0;
    const struct join_table *tables = join_tables(follower->join, &count);
    buf_adds(&text, what);
    for (size_t i = 0; i < count; i++) {
        if (tables[i].obstacle == NULL) {
            buf_addf(&text, "%s%s.%s", shown++ > 0 ? ", " : "", tables[i].schema, tables[i].name);
        }
    }
    buf_addf(&text, "%s%s.", why != NULL ? ": " : "", why != NULL ? why : "");
    add_all_left_out(follower, &text);
    set_message(view, &text);
}

static void show_left_out(const struct follower *follower, struct follower_view *view)
{
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    add_all_left_out(follower, &text);
    set_message(view, &text);
}

static void log_joined(struct follower *follower)
{
    struct err ignored = {0};
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    size_t count = 0;
    const struct join_table *tables = join_tables(follower->join, &count);
    size_t shown = 0;
    buf_addf(&text, "Database '%s': tables created after the base copy are now copied and replicated:",
             follower->database);
    for (size_t i = 0; i < count; i++) {
        if (tables[i].obstacle == NULL && !tables[i].followed) {
            buf_addf(&text, "%s %s.%s (%lld rows)", shown++ > 0 ? "," : "", tables[i].schema, tables[i].name,
                     (long long)tables[i].rows);
        }
    }
    if (shown > 0 && !buf_failed(&text)) {
        (void)store_event_add(follower->executor->store, follower->migration_id, buf_text(&text), &ignored);
        log_event(LOG_INFO, "tables joined", "migration", follower->migration_uuid, "database",
                  follower->database, "tables", buf_text(&text), NULL);
    }
}

/* ---- requests --------------------------------------------------------------------------------------------
 */

static struct pending_cleanup identities_key(const struct follower *follower)
{
    return (struct pending_cleanup){.migration_id = follower->migration_id,
                                    .database = follower->database,
                                    .side = "source",
                                    .kind = "identities",
                                    .object = follower->name};
}

static int remember(void *context, const char *identities, struct err *err)
{
    const struct follower *follower = context;
    struct pending_cleanup cleanup = identities_key(follower);
    cleanup.undo = identities;
    return store_cleanup_add(follower->executor->store, &cleanup, err);
}

static void tick(void *context)
{
    struct follower *follower = context;
    figures_store_if_due(follower, follower->turn_view);
}

/* ---- parts -----------------------------------------------------------------------------------------------
 */

static void end(struct follower *follower)
{
    join_free(TAKE(follower->join));
    follower->join_copies = false;
}

static void pause_following(struct follower *follower)
{
    follow_close(TAKE(follower->follow));
}

static void fail(struct follower *follower, struct follower_view *view, const struct err *err)
{
    if (stop_requested(&follower->stop)) {
        return;
    }
    int64_t pause_ms = (int64_t)FAILED_LEAST_MS
                       << (follower->join_failures < 4 ? follower->join_failures : 4);
    follower->join_failures++;
    follower->join_due_ms = clock_monotonic_ms() + (pause_ms < FAILED_MOST_MS ? pause_ms : FAILED_MOST_MS);
    log_event(LOG_INFO, "tables cannot join", "migration", follower->migration_uuid, "database",
              follower->database, "reason", err->message, NULL);
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    buf_addf(
        &text,
        "Cannot copy tables created after the base copy yet: %s Malachite retries. The cutover copies them "
        "at the latest.",
        err->message);
    set_message(view, &text);
    end(follower);
}

/* Copies of the tables that can join; NULL: none, or memory is out. */
static struct join_table *choose_tables(const struct follower *follower, size_t *ret_count)
{
    const struct late_tables *late = &follower->late;
    struct join_table *tables = calloc(late->count + 1, sizeof(*tables));
    size_t count = 0;
    bool failed = tables == NULL;
    for (size_t i = 0; i < late->count && !failed; i++) {
        if (late->items[i].has_rows) {
            continue;
        }
        struct join_table *table = &tables[count++];
        *table = (struct join_table){.oid = late->items[i].oid,
                                     .schema = str_dup(late->items[i].schema),
                                     .name = str_dup(late->items[i].name)};
        failed = table->schema == NULL || table->name == NULL;
    }
    if (tables != NULL && (failed || count == 0)) {
        join_tables_done(tables, count);
        tables = NULL;
    }
    *ret_count = count;
    return tables;
}

static void begin(struct follower *follower, struct follower_view *view)
{
    struct err err = {0};
    size_t count = 0;
    auto_free char *identities = NULL;
    struct join_table *tables = choose_tables(follower, &count);
    const struct pending_cleanup key = identities_key(follower);
    if (tables == NULL) {
        show_left_out(follower, view);
        return;
    }
    if (store_cleanup_undo(follower->executor->store, &key, &err, &identities) < 0) {
        join_tables_done(tables, count);
        fail(follower, view, &err);
        return;
    }
    const struct join_request request = {.source = &follower->sides.source.work,
                                         .target = &follower->sides.target.work,
                                         .database = follower->database,
                                         .name = follower->name,
                                         .stop = &follower->stop,
                                         .identities = identities,
                                         .remember = remember,
                                         .tick = tick,
                                         .context = follower};
    pause_following(follower);
    if (join_begin(&request, tables, count, &err, &follower->join) != 0) {
        fail(follower, view, &err);
        return;
    }
    if (join_can_copy(follower->join)) {
        show_joining(follower, view, "Preparing to copy tables created after the base copy: ", NULL);
    } else {
        show_left_out(follower, view);
        end(follower);
        follower->join_due_ms = clock_monotonic_ms() + FAILED_MOST_MS;
    }
}

static void wait_for_writers(struct follower *follower, struct follower_view *view)
{
    struct err err = {0};
    auto_free char *blocker = NULL;
    int ready = join_check_writers(follower->join, view->position, &err, &blocker);
    if (ready < 0) {
        fail(follower, view, &err);
    } else if (ready > 0) {
        follower->join_copies = true;
        show_joining(follower, view,
                     "Copying tables created after the base copy; other changes wait: ", NULL);
    } else if (blocker != NULL) {
        auto_free char *why =
            str_format("waiting for the end of a transaction that wrote to one of them: %s", blocker);
        show_joining(follower, view, "Tables created after the base copy will be copied: ", why);
    }
}

static void copy(struct follower *follower, struct follower_view *view)
{
    struct err err = {0};
    pause_following(follower);
    int copied = join_copy(follower->join, &err);
    if (copied < 0) {
        fail(follower, view, &err);
        return;
    }
    if (copied == 0) {
        follower->join_due_ms = clock_monotonic_ms() + LATER_MS;
        follower->join_copies = false; /* the next turn applies changes that were written concurrently */
        return;
    }
    log_joined(follower);
    end(follower);
    late_tables_done(&follower->late);
    follower->join_failures = 0;
    view->joining = (struct err){0};
}

/* ---- turns -----------------------------------------------------------------------------------------------
 */

void follower_join(struct follower *follower, uint64_t wanted, struct follower_view *view)
{
    atomic_bool *joining = follower->joining;
    bool busy = false;
    bool idle = follower->join == NULL && follower->late.count == 0;
    if (idle) {
        view->joining = (struct err){0};
        follower->join_failures = 0;
        follower->join_due_ms = 0;
    }
    /* A cutover waits for the changes and recopies tables that have not joined. */
    if (idle || wanted != 0 || follower->follow == NULL || follower->retry.failing_since_ms != 0 ||
        clock_monotonic_ms() < follower->join_due_ms ||
        !atomic_compare_exchange_strong(joining, &busy, true)) {
        return;
    }
    follower->turn_view = view;
    follower->join_due_ms = clock_monotonic_ms() + LOOK_PAUSE_MS;
    if (follower->join == NULL) {
        begin(follower, view);
    } else if (follower->join_copies) {
        follower->join_due_ms = 0;
        copy(follower, view);
    } else {
        wait_for_writers(follower, view);
    }
    follower->turn_view = NULL;
    atomic_store(joining, false);
}

static bool is_same_list(const struct late_tables *a, const struct late_tables *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = a->items[i].oid == b->items[i].oid && a->items[i].has_rows == b->items[i].has_rows;
    }
    return same;
}

void follower_take_late(struct follower *follower, struct late_tables *late)
{
    if (!is_same_list(&follower->late, late)) {
        follower->join_due_ms = 0;
    }
    late_tables_done(&follower->late);
    follower->late = *late;
    *late = (struct late_tables){0};
}

void follower_join_done(struct follower *follower)
{
    end(follower);
    late_tables_done(&follower->late);
}
