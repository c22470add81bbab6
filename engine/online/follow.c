/* SPDX-License-Identifier: MIT */
#include "engine/online/follow_private.h"

#include <poll.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/online/too_large.h"
#include "engine/online/uncarried.h"
#include "engine/pg/sqlstate.h"

enum {
    REPORT_MS = 1000,  /* longest interval between reports to the source */
    PROGRESS_MS = 100, /* delay of a report after progress */
    GATHER_MS = 5,     /* wait for more complete transactions before a commit: fewer, larger transactions */
    QUIET_MS = 10000,  /* how long the source may be silent before it is asked for its position */
    CLOCK_LOOK_MESSAGES = 64,
    TRUNCATE_SINCE = 110000,
    BINARY_SINCE = 140000,
};

/* The changes are sent in the source database's encoding, like the rows of the base copy. */
static int read_encoding(struct follow *follow, struct err *err)
{
    const struct follow_request *request = &follow->request;
    auto_pg struct pg source = {0};
    if (pg_open(request->source, request->database, PG_READ, request->stop, err, &source) != 0) {
        return -1;
    }
    follow->encoding = str_dup(PQparameterStatus(source.connection, "server_encoding"));
    follow->hides_truncate = source.version < TRUNCATE_SINCE;
    follow->can_binary = source.version >= BINARY_SINCE;
    return follow->encoding == NULL ? err_no_memory(err) : 0;
}

/* Names and messages are in the database's encoding, but the error is displayed. */
static int fail(struct err *err)
{
    str_make_utf8(err->message);
    str_make_utf8(err->target);
    return -1;
}

/* Keeps the source from timing out the connection during a wait for the target. */
static void tick(void *context)
{
    struct follow *follow = context;
    struct err ignored = {0};
    (void)replication_stream_report(&follow->stream, follow->durable, false, &ignored);
    if (follow->request.waits != NULL) {
        follow->request.waits(follow->request.context);
    }
}

/* Like the stream's session, because the source may be asked for the text of an amount of money. */
static int open_control(void *context, struct err *err, struct pg **ret_source)
{
    struct follow *follow = context;
    const struct follow_request *request = &follow->request;
    struct pg *control = &follow->control;
    if (control->connection == NULL &&
        (pg_open(request->source, request->database, PG_READ, request->stop, err, control) != 0 ||
         source_settings_use_money(&follow->settings, control, err) != 0 ||
         pg_set_encoding(control, follow->encoding, err) != 0)) {
        pg_close(control);
        return -1;
    }
    *ret_source = control;
    return 0;
}

static int look_up_table(void *context, uint32_t relation, const char *horizon, struct err *err,
                         struct stale_look *ret_look)
{
    struct pg *pg = NULL;
    return open_control(context, err, &pg) != 0 ? -1 : stale_look(pg, relation, horizon, err, ret_look);
}

static int open_both(struct follow *follow, struct err *err)
{
    const struct follow_request *request = &follow->request;
    follow->held = false;
    const struct apply_request apply = {.target = request->target,
                                        .database = request->database,
                                        .name = request->name,
                                        .encoding = follow->encoding,
                                        .settings = &follow->settings,
                                        .stop = request->stop,
                                        .tick = tick,
                                        .look = look_up_table,
                                        .source = open_control,
                                        .hides_truncate = follow->hides_truncate,
                                        .careful_until = follow->careful_until,
                                        .context = follow};
    if (apply_open(&apply, err, &follow->apply) != 0) {
        return -1;
    }
    const struct replication replication = {.source = request->source,
                                            .database = request->database,
                                            .name = request->name,
                                            .lc_monetary = follow->settings.money,
                                            .binary = follow->binary_until != 0,
                                            .stop = request->stop};
    follow->binary = (struct binary_text){.source = open_control, .context = follow};
    return replication_stream_open(&replication, follow->encoding, apply_progress(follow->apply)->position,
                                   err, &follow->stream);
}

static void close_both(struct follow *follow)
{
    point_leave(&follow->pause); /* the transaction arrives again */
    follow->pause.action = ACTION_NONE;
    apply_close(TAKE(follow->apply));
    replication_stream_close(&follow->stream);
    binary_text_done(&follow->binary);
}

/* Restarts streaming from the target's position. */
static int reopen(struct follow *follow, struct err *err)
{
    close_both(follow);
    return open_both(follow, err);
}

int follow_open(const struct follow_request *request, struct err *err, struct follow **ret_follow)
{
    struct follow *follow = calloc(1, sizeof(*follow));
    if (follow == NULL) {
        return err_no_memory(err);
    }
    follow->request = *request;
    if (read_encoding(follow, err) != 0 ||
        source_settings_read(request->source, request->database, request->stop, err, &follow->settings) !=
            0 ||
        open_both(follow, err) != 0) {
        follow_close(follow);
        return fail(err);
    }
    *ret_follow = follow;
    return 0;
}

void follow_close(struct follow *follow)
{
    if (follow == NULL) {
        return;
    }
    point_leave(&follow->pause);
    close_both(follow);
    pg_close(&follow->control);
    pgoutput_message_done(&follow->message);
    source_settings_done(&follow->settings);
    free(follow->encoding);
    free(follow);
}

/* The source sends the transaction again when streaming restarts. */
static bool must_hold(const struct follow *follow)
{
    const struct source_snapshot *hold = follow->request.hold;
    const struct pgoutput_message *message = &follow->message;
    return hold != NULL && message->kind == PGOUTPUT_BEGIN &&
           !source_snapshot_sees(hold, message->transaction);
}

/* The stream has ended with an error. A value that is too large as text may fit in binary. */
static int end_stream(struct follow *follow, struct err *err)
{
    struct pg *source = NULL;
    struct err ignored = {0};
    if (!too_large_is_state(err->sqlstate)) {
        return -1;
    }
    follow->wants_binary = follow->can_binary && follow->binary_until == 0;
    if (follow->wants_binary || open_control(follow, &ignored, &source) != 0) {
        return -1;
    }
    return too_large_stream(source, follow->request.name, err);
}

/* Applies messages until none has arrived (0) or the time is up (1). */
static int take_messages(struct follow *follow, int64_t until_ms, struct err *err)
{
    int paused = follow_resume(follow, err);
    if (paused != 0) {
        return paused < 0 ? -1 : 0;
    }
    for (int taken = 1; !follow->held; taken++) {
        const char *bytes = NULL;
        size_t len = 0;
        int got = replication_stream_next(&follow->stream, err, &bytes, &len);
        if (got <= 0) {
            return got == 0 ? 0 : end_stream(follow, err);
        }
        if (pgoutput_parse(bytes, len, &follow->message, err) != 0 ||
            (follow->binary_until != 0 && binary_text_convert(&follow->binary, &follow->message, err) != 0)) {
            return -1;
        }
        follow->held = must_hold(follow);
        paused = follow->held ? 0 : follow_take_message(follow, err);
        if (paused != 0) {
            return paused < 0 ? -1 : 0;
        }
        if (taken % CLOCK_LOOK_MESSAGES == 0 && clock_ms_left(until_ms) == 0) {
            return 1;
        }
    }
    return 0;
}

static bool has_more(const struct follow *follow)
{
    return pg_poll_socket(follow_socket(follow), POLLIN, clock_monotonic_ms() + GATHER_MS, NULL) ==
           PG_POLL_READY;
}

/* Reports only changes that would survive a crash of the target, because the source forgets them. */
static int report(struct follow *follow, bool ask, struct err *err)
{
    if (apply_make_durable(follow->apply, err) != 0) {
        return -1;
    }
    uint64_t position =
        apply_is_busy(follow->apply) ? apply_durable_position(follow->apply) : follow_position(follow);
    follow->durable = position > follow->durable ? position : follow->durable;
    bool quiet = clock_monotonic_ms() - follow->stream.heard_ms >= QUIET_MS;
    return replication_stream_report(&follow->stream, follow->durable, ask || quiet, err);
}

/* During shutdown the source waits for confirmation of everything it sent and requests it repeatedly; each
 * reply repeats the last report, so the time since the last reply must not delay a report. */
static bool is_report_due(struct follow *follow)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t age_ms = now_ms - follow->stream.reported_ms;
    bool news = !apply_is_busy(follow->apply) && follow_position(follow) > follow->durable;
    follow->news_ms = !news ? 0 : follow->news_ms == 0 ? now_ms : follow->news_ms;
    return age_ms >= REPORT_MS ||
           (news && (age_ms >= PROGRESS_MS || now_ms - follow->news_ms >= PROGRESS_MS));
}

/* Nothing can be read: because the source writes nothing, or because nothing arrives any longer. */
static int check_source(struct follow *follow, struct err *err)
{
    return pg_look_for_server(&follow->stream.pg, follow->stream.heard_ms, err);
}

static int run(struct follow *follow, int slice_ms, struct err *err)
{
    int64_t until_ms = clock_monotonic_ms() + slice_ms;
    int more = 0;
    for (;;) {
        more = take_messages(follow, until_ms, err);
        if (more != 0 || !apply_is_busy(follow->apply)) {
            break;
        }
        if (!follow->held && !follow_is_paused(follow) && clock_ms_left(until_ms) > 0 && has_more(follow)) {
            continue;
        }
        if (apply_flush(follow->apply, err) != 0) {
            return -1;
        }
        break;
    }
    /* Tables are described in bursts at the start of a stream, so do not keep the session. */
    pg_close(&follow->control);
    if (more < 0 || (more == 0 && check_source(follow, err) != 0)) {
        return -1;
    }
    return is_report_due(follow) && report(follow, false, err) != 0 ? -1 : more;
}

/* A foreign key of the target may fail because of rows of a table that the stream does not carry. Only
 * once per position: later violations are genuine. */
static bool may_be_uncarried(const struct follow *follow, const struct err *err)
{
    return sqlstate_is(err->sqlstate, SQLSTATE_FOREIGN_KEY_VIOLATION) &&
           apply_progress(follow->apply)->position > follow->uncarried_at;
}

static int begin_without_keys(struct follow *follow, struct err *err)
{
    const struct follow_request *r = &follow->request;
    struct pg *source = NULL;
    follow->uncarried_at = follow_progress(follow)->position;
    close_both(follow);
    bool noted = open_control(follow, err, &source) == 0 &&
                 uncarried_note(source, r->target, r->database, r->name, r->stop, err) == 0;
    return noted ? open_both(follow, err) : -1;
}

/* Whether the order of the changes, or an unknown index or foreign key, may have caused the error. */
static bool may_be_order(const struct follow *follow, const struct err *err)
{
    bool refused = err->code == ERR_CONFLICT || (err->waiting && err->sqlstate[0] != '\0');
    return refused && follow->careful_until == 0 && apply_begun(follow->apply) != 0;
}

/* Only once: a change that is rejected in the source's order, too, is rejected permanently. */
static int begin_in_order(struct follow *follow, struct err *err)
{
    follow->careful_until = apply_begun(follow->apply);
    return reopen(follow, err);
}

/* The stream in binary stays careful until the transaction at which the text stream ended is applied. */
static int begin_in_binary(struct follow *follow, struct err *err)
{
    uint64_t begun = apply_begun(follow->apply);
    follow->wants_binary = false;
    follow->binary_until = begun == 0 ? 1 : begun;
    return reopen(follow, err);
}

static bool has_passed_binary(const struct follow *follow)
{
    return follow->binary_until != 0 && apply_begun(follow->apply) != 0 && !apply_is_busy(follow->apply) &&
           apply_progress(follow->apply)->position > follow->binary_until;
}

static int end_binary(struct follow *follow, struct err *err)
{
    follow->binary_until = 0;
    return reopen(follow, err);
}

int follow_run(struct follow *follow, int slice_ms, struct err *err)
{
    int more = run(follow, slice_ms, err);
    if (more < 0 && follow->wants_binary) {
        more = begin_in_binary(follow, err) != 0 ? -1 : 1;
    } else if (more < 0 && may_be_uncarried(follow, err)) {
        more = begin_without_keys(follow, err) != 0 ? -1 : 1;
    } else if (more < 0 && may_be_order(follow, err)) {
        more = begin_in_order(follow, err) != 0 ? -1 : 1;
    } else if (more >= 0 && has_passed_binary(follow)) {
        more = end_binary(follow, err) != 0 ? -1 : 1;
    }
    if (more >= 0 && apply_progress(follow->apply)->position > follow->careful_until) {
        follow->careful_until = 0;
    }
    return more < 0 ? fail(err) : more;
}

bool follow_is_held(const struct follow *follow)
{
    return follow->held && !apply_is_busy(follow->apply);
}

int follow_ask(struct follow *follow, struct err *err)
{
    return replication_stream_report(&follow->stream, follow->durable, true, err);
}

int follow_socket(const struct follow *follow)
{
    return follow_is_paused(follow) ? -1 : replication_stream_socket(&follow->stream);
}

uint64_t follow_position(const struct follow *follow)
{
    uint64_t applied = apply_progress(follow->apply)->position;
    bool all = !apply_is_busy(follow->apply) && !follow->held && !follow_is_paused(follow);
    return all && follow->stream.server_end > applied ? follow->stream.server_end : applied;
}

const struct replica_progress *follow_progress(const struct follow *follow)
{
    return apply_progress(follow->apply);
}

uint64_t follow_begun(const struct follow *follow)
{
    return apply_begun(follow->apply);
}

int64_t follow_commit_us(const struct follow *follow)
{
    return apply_commit_us(follow->apply);
}
