/* SPDX-License-Identifier: MIT */
/*
 * Counts the rows of both sides until the time is up: small tables first, many in one query, both sides at
 * the same time. While nobody writes to the source, differing counts are losses, and so are tables that the
 * login may not count.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/cutover/evidence_private.h"
#include "engine/pg/lanes.h"

enum {
    BATCH_TABLES = 100,
    BATCH_PAGES = 1000,
    LANES_FROM_PAGES = 8000, /* for smaller databases, more sessions cost more than they save */
    PAGES_PER_MS = 200,      /* optimistic speed: a table that needs longer even so is not begun */
    BUSY_MS = 150,           /* time limit while the source is written to and counts prove nothing */
    SQL_MAX_BYTES = 4 * 1024 * 1024,
};

struct counter {
    struct cutover_state *state;
    struct counted *tables; /* smallest first */
    size_t count;
    int64_t deadline_ms;
    pthread_mutex_t lock;
    size_t next;   /* under lock */
    bool lent;     /* under lock: the cutover's own sessions are in use */
    bool canceled; /* under lock */
};

enum outcome { COUNTED, REFUSED, OVER };

/* ---- one query -------------------------------------------------------------------------------------------
 */

static enum outcome send_counts(struct pg *pg, const struct counted *tables, size_t count, enum side side)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < count; i++) {
        if (evidence_is_readable(&tables[i], side)) {
            buf_addf(&sql, "%sSELECT %zu, count(*) FROM ONLY ", sql.len > 0 ? " UNION ALL " : "", i);
            pg_add_qualified(pg, &sql, tables[i].relation->schema, tables[i].relation->name);
            const char *condition = tables[i].relation->condition;
            buf_addf(&sql, " %s", condition != NULL ? condition : "");
        }
    }
    if (sql.len == 0 && !buf_failed(&sql)) {
        return COUNTED;
    }
    bool sent = !buf_failed(&sql) &&
                PQsendQueryParams(pg->connection, buf_text(&sql), 0, NULL, NULL, NULL, NULL, 0) &&
                PQflush(pg->connection) >= 0;
    return sent ? COUNTED : OVER;
}

static void keep(const PGresult *rows, const struct counted *tables, size_t count, enum side side)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        int64_t table = 0;
        if (str_to_int(PQgetvalue(rows, row, 0), 0, (int64_t)count - 1, &table)) {
            struct evidence_table *reported = tables[table].reported;
            str_to_int(PQgetvalue(rows, row, 1), 0, INT64_MAX,
                       side == SOURCE ? &reported->source_rows : &reported->target_rows);
        }
    }
}

static void keep_refusal(const PGresult *result, struct counted *tables, size_t count)
{
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (count == 1 && tables[0].refusal == NULL) {
        tables[0].refusal = str_dup(words != NULL ? words : "");
    }
}

static enum outcome take_counts(struct counter *counter, struct pg *pg, struct counted *tables, size_t count,
                                enum side side)
{
    enum outcome outcome = COUNTED;
    for (;;) {
        struct err err = {0};
        auto_result PGresult *rows = NULL;
        if (pg_next_result(pg, counter->deadline_ms, &err, &rows) != 0) {
            pthread_mutex_lock(&counter->lock);
            counter->canceled = counter->canceled || err.code == ERR_CANCELED;
            pthread_mutex_unlock(&counter->lock);
            return OVER;
        }
        if (rows == NULL) {
            return outcome;
        }
        if (PQresultStatus(rows) == PGRES_TUPLES_OK) {
            keep(rows, tables, count, side);
        } else {
            keep_refusal(rows, tables, count);
            outcome = REFUSED;
        }
    }
}

static enum outcome count_rows(struct counter *counter, struct pg *source, struct pg *target,
                               struct counted *tables, size_t count)
{
    enum outcome here = send_counts(source, tables, count, SOURCE);
    enum outcome there = here == OVER ? OVER : send_counts(target, tables, count, TARGET);
    if (there != OVER) {
        here = take_counts(counter, source, tables, count, SOURCE);
    }
    if (here == OVER || there == OVER) {
        pg_abandon(source);
        pg_abandon(target);
        return OVER;
    }
    there = take_counts(counter, target, tables, count, TARGET);
    return there == COUNTED ? here : there;
}

/* ---- all of them -----------------------------------------------------------------------------------------
 */

static size_t take_batch(struct counter *counter, struct counted **ret_first)
{
    size_t count = 0;
    int64_t pages = 0;
    pthread_mutex_lock(&counter->lock);
    *ret_first = &counter->tables[counter->next];
    while (counter->next < counter->count && count < BATCH_TABLES) {
        int64_t more = counter->tables[counter->next].relation->pages;
        bool hopeless = more / PAGES_PER_MS > clock_ms_left(counter->deadline_ms);
        if (hopeless || (count > 0 && pages + more > BATCH_PAGES)) {
            break; /* the others are larger */
        }
        pages += more;
        count++;
        counter->next++;
    }
    pthread_mutex_unlock(&counter->lock);
    return count;
}

static void count_all(struct counter *counter, struct pg *source, struct pg *target)
{
    struct counted *first = NULL;
    for (size_t count = take_batch(counter, &first); count > 0; count = take_batch(counter, &first)) {
        if (clock_ms_left(counter->deadline_ms) == 0) {
            return;
        }
        enum outcome outcome = count_rows(counter, source, target, first, count);
        /* A table that the login may not count makes the whole query fail. */
        for (size_t i = 0; i < count && outcome == REFUSED && count > 1; i++) {
            if (count_rows(counter, source, target, &first[i], 1) == OVER) {
                outcome = OVER;
            }
        }
        if (outcome == OVER) {
            return;
        }
    }
}

/* The first lane uses the cutover's sessions, others open their own. A lane that cannot connect leaves its
 * work to the first. */
static int work(void *context, struct err *err)
{
    struct counter *counter = context;
    const struct cutover *cutover = counter->state->cutover;
    struct cutover_state *state = counter->state;
    pthread_mutex_lock(&counter->lock);
    bool first = !counter->lent;
    counter->lent = true;
    pthread_mutex_unlock(&counter->lock);
    if (first) {
        count_all(counter, &state->source, &state->target);
        return 0;
    }
    auto_pg struct pg source = {0};
    auto_pg struct pg target = {0};
    if (pg_open(cutover->source, cutover->database, PG_READ, cutover->stop, err, &source) == 0 &&
        pg_set_encoding(&source, state->encoding, err) == 0 &&
        pg_open(cutover->target, cutover->database, PG_WRITE, cutover->stop, err, &target) == 0 &&
        pg_set_encoding(&target, state->encoding, err) == 0) {
        count_all(counter, &source, &target);
    }
    return 0;
}

static int smaller_first(const void *a, const void *b)
{
    const struct counted *left = a;
    const struct counted *right = b;
    if (left->relation->pages != right->relation->pages) {
        return left->relation->pages < right->relation->pages ? -1 : 1;
    }
    return left->relation < right->relation ? -1 : left->relation > right->relation;
}

static int list_tables(struct counter *counter, struct err *err)
{
    const struct cutover_state *state = counter->state;
    struct evidence *evidence = state->evidence;
    evidence->tables = calloc(state->relation_count + 1, sizeof(*evidence->tables));
    counter->tables = calloc(state->relation_count + 1, sizeof(*counter->tables));
    if (evidence->tables == NULL || counter->tables == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < state->relation_count; i++) {
        const struct cutover_relation *relation = &state->relations[i];
        if (relation->kind != 'r') {
            continue;
        }
        struct evidence_table *reported = &evidence->tables[evidence->table_count++];
        *reported = (struct evidence_table){.schema = str_dup(relation->schema),
                                            .name = str_dup(relation->name),
                                            .source_rows = -1,
                                            .target_rows = -1};
        if (reported->schema == NULL || reported->name == NULL) {
            return err_no_memory(err);
        }
        counter->tables[counter->count++] = (struct counted){.relation = relation, .reported = reported};
    }
    qsort(counter->tables, counter->count, sizeof(*counter->tables), smaller_first);
    return 0;
}

static void run_lanes(struct counter *counter)
{
    int64_t pages = 0;
    for (size_t i = 0; i < counter->count; i++) {
        pages += counter->tables[i].relation->pages;
    }
    int jobs = counter->state->cutover->jobs;
    struct lanes lanes = {
        .count = jobs > 1 && pages >= LANES_FROM_PAGES ? jobs : 1, .work = work, .context = counter};
    struct err ignored = {0};
    if (lanes.count > 1) {
        (void)lanes_run(&lanes, &ignored);
    } else {
        (void)work(counter, &ignored);
    }
}

static void counter_done(struct counter *counter)
{
    for (size_t i = 0; i < counter->count; i++) {
        free(counter->tables[i].refusal);
    }
    free(counter->tables);
}

int cutover_count(struct cutover_state *state, struct err *err)
{
    int limit_ms = state->cutover->count_ms;
    struct counter counter = {.state = state};
    if (list_tables(&counter, err) != 0) {
        counter_done(&counter);
        return -1;
    }
    if (limit_ms > BUSY_MS && cutover_source_is_quiet(state) != SOURCE_QUIET) {
        limit_ms = BUSY_MS;
    }
    counter.deadline_ms = clock_monotonic_ms() + limit_ms;
    if (limit_ms > 0) {
        pthread_mutex_init(&counter.lock, NULL);
        run_lanes(&counter);
        pthread_mutex_destroy(&counter.lock);
    }
    if (!counter.canceled) {
        evidence_conclude(state, counter.tables, counter.count);
    }
    counter_done(&counter);
    return counter.canceled ? err_set(err, ERR_CANCELED, "The cutover was stopped while rows were counted.")
                            : 0;
}
