/* SPDX-License-Identifier: MIT */
#include "engine/online/base_copy.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/str_list.h"
#include "engine/online/own_identities.h"
#include "engine/pg/pg.h"
#include "engine/replica/replica.h"
#include "engine/replication/replication.h"
#include "engine/replication/tables/seen.h"
#include "engine/replication/tables/stale.h"
#include "engine/transfer/state/transfer_report.h"
#include "engine/transfer/transfer_stages.h"

enum { SQL_BYTES = 1024 };

static void report_waiting(void *context, const char *text)
{
    const struct transfer_observer *observer = context;
    if (observer->step != NULL) {
        observer->step(observer->context, text);
    }
}

/* As the type txid_snapshot accepts it. If the last transaction that the slot waited for was rolled back
 * while another one ran, the slot's snapshot begins after its end, which the type refuses as text. Nothing
 * was committed between the two. */
static const char read_before_sql[] =
    "SELECT concat(least(txid_snapshot_xmin(s), txid_snapshot_xmax(s)), ':', txid_snapshot_xmax(s), ':',"
    " (SELECT string_agg(running::text, ',' ORDER BY running) FROM txid_snapshot_xip(s) AS running))"
    " FROM txid_current_snapshot() AS s";

/* The transactions that the slot considers committed, in the format of txid_current_snapshot(). */
static int read_before(const struct replication *replication, const struct replication_slot *slot,
                       struct err *err, char **ret_before)
{
    auto_pg struct pg source = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_BYTES);
    if (pg_open(replication->source, replication->database, PG_READ, replication->stop, err, &source) != 0) {
        return -1;
    }
    buf_adds(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ");
    pg_add_literal(&source, &sql, slot->snapshot);
    if (pg_run(&source, err, buf_text(&sql)) != 0) {
        err->lasting = false; /* the session that exported the snapshot may be lost */
        return -1;
    }
    return pg_value(&source, err, ret_before, read_before_sql, 0, NULL);
}

/* Creates the slot. The copy does not use its snapshot, which is older than any lock: see
 * engine/replication/tables/seen.h. */
static int make_slot(const struct replication *replication, struct transfer_observer *observer,
                     struct err *err, uint64_t *ret_position, char **ret_before)
{
    const struct replication_observer waiting = {.context = observer, .waiting = report_waiting};
    auto_replication_slot struct replication_slot slot = {0};
    if (replication_create_slot(replication, &waiting, err, &slot) != 0) {
        return -1;
    }
    *ret_position = slot.position;
    return read_before(replication, &slot, err, ret_before);
}

static int publish(const struct replication *replication, struct transfer_observer *observer, struct err *err)
{
    auto_str_list struct str_list notes = {0};
    if (replication_publish(replication, err, &notes) != 0) {
        return -1;
    }
    for (size_t i = 0; i < notes.count && observer->note != NULL; i++) {
        observer->note(observer->context, notes.items[i]);
    }
    return 0;
}

/* The state of the source at the base copy that following needs. */
struct base_copy {
    const char *name;
    uint64_t position;    /* of the slot: where streaming starts */
    char *before;         /* transactions that the slot considers committed */
    PGresult *seen;       /* engine/replication/tables/seen.h */
    PGresult *origin;     /* engine/replication/tables/stale.h */
    PGresult *identities; /* engine/online/own_identities.h */
};

static void base_copy_forget(struct base_copy *copy)
{
    PQclear(copy->seen);
    PQclear(copy->origin);
    PQclear(copy->identities);
    copy->seen = copy->origin = copy->identities = NULL;
}

static int read_more(void *context, struct pg *source, struct err *err)
{
    struct base_copy *copy = context;
    base_copy_forget(copy);
    if (seen_read_source(source, copy->before, err, &copy->seen) != 0 ||
        stale_read_origin(source, err, &copy->origin) != 0 ||
        own_identities_read(source, copy->name, err, &copy->identities) != 0) {
        return -1;
    }
    return copy->seen != NULL ? 1 : 0;
}

/* From here on changes can be applied, and the base copy is complete. */
static int begin_following(struct transfer_state *state, const struct base_copy *copy, struct err *err)
{
    const struct replica_start start = {
        .position = copy->position, .origin = copy->origin, .seen = copy->seen};
    transfer_report_step(state, "Preparing replication");
    return replica_begin_from(&state->target, copy->name, &start, err);
}

static int run_stages(struct transfer_state *state, const struct replication *replication,
                      struct transfer_observer *observer, struct base_copy *copy, struct err *err)
{
    transfer_report_step(state, "Setting up replication");
    return publish(replication, observer, err) != 0 ||
                   make_slot(replication, observer, err, &copy->position, &copy->before) != 0 ||
                   transfer_read_source(state, err) != 0 || transfer_create_schema(state, err) != 0 ||
                   transfer_copy_data(state, err) != 0 ||
                   own_identities_apply(&state->target, copy->identities, &state->report, err) != 0 ||
                   transfer_finish_schema(state, err) != 0 || begin_following(state, copy, err) != 0
               ? -1
               : 0;
}

int base_copy_run(const struct transfer *transfer, const char *name, struct err *err)
{
    static const struct transfer_observer silent = {0};
    struct transfer_observer observer = transfer->observer != NULL ? *transfer->observer : silent;
    const struct replication replication = {.source = transfer->source,
                                            .database = transfer->database,
                                            .name = name,
                                            .stop = transfer->stop,
                                            .identities = transfer->identities,
                                            .remember = observer.remember,
                                            .context = observer.context};
    struct base_copy copy = {.name = name};
    struct transfer_state state;
    transfer_begin(&state, transfer);
    state.also = (struct transfer_reading){.read = read_more, .context = &copy};
    int result = run_stages(&state, &replication, &observer, &copy, err);
    transfer_end(&state, result, err);
    base_copy_forget(&copy);
    free(copy.before);
    return result;
}
