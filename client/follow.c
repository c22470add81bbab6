/* SPDX-License-Identifier: MIT */
#include "client/follow_private.h"

#include "client/input/terminal.h"
#include "client/progress_private.h"
#include "core/clock.h"
#include "core/str.h"

enum {
    POLL_MS = 300,
    TABLES_MS = 1000,
    SILENCE_MS = 60000,        /* of a remote Malachite, which may be restarting */
    CAUGHT_UP_BYTES = 1 << 20, /* the cutover applies the rest within a moment */
    FRESH_MS = 2500,           /* after which the figures of a waiting migration are current */
};

struct following {
    const struct followed *what;
    struct progress progress;
    const char *reason; /* why it was canceled here */
    char *tables;       /* being copied now, or NULL */
    int64_t tables_at_ms;
    int64_t waits_since_ms;  /* for its cutover; or 0 */
    int64_t silent_since_ms; /* or 0 */
    bool canceled, answered_overwrite, answered_setup, cutover_asked, cutover_sent;
};

/* Displays a rejection and continues: the next poll shows the migration's state. */
static bool change(struct following *following, const char *property)
{
    struct err err = {0};
    json_auto_t *answer = NULL;
    json_auto_t *body = json_pack("{s:{s:s}}", "properties", property, "True");
    auto_free char *path = str_format("%s?api-version=2025-08-01", following->what->path);
    if (body == NULL || path == NULL) {
        return false;
    }
    if (rest_call(following->what->rest, "PATCH", path, body, &err, &answer) < 0) {
        progress_note(&following->progress, "Malachite refused '%s': %s", property, err.message);
        return false;
    }
    return true;
}

static void cancel(struct following *following, const char *reason)
{
    if (!following->canceled) {
        following->canceled = true;
        following->reason = reason;
        (void)change(following, "cancel");
    }
}

/* Asks the user, unless the command line contains the answer. */
struct question {
    bool yes; /* on the command line */
    const char *text, *property, *reason;
};

static void answer(struct following *following, bool *answered, const struct question *question)
{
    if (*answered) {
        return;
    }
    *answered = true;
    if (question->yes) {
        (void)change(following, question->property);
        return;
    }
    progress_note(&following->progress, "%s", "");
    if (terminal_can_ask() && terminal_confirm(question->text)) {
        (void)change(following, question->property);
    } else if (!terminal_interrupted()) {
        cancel(following, question->reason);
    }
}

static void decide_cutover(struct following *following, const struct sighting *sighting)
{
    const struct client_options *options = following->what->options;
    int64_t now_ms = clock_monotonic_ms();
    if (following->waits_since_ms == 0) {
        following->waits_since_ms = now_ms;
    }
    if (following->cutover_sent) {
        return;
    }
    if (str_equals(options->cutover, "when-caught-up")) {
        bool fresh = now_ms - following->waits_since_ms >= FRESH_MS;
        if (fresh && sighting->pending_bytes <= CAUGHT_UP_BYTES) {
            progress_note(&following->progress, "The target has caught up: cutting over.");
            following->cutover_sent = change(following, "triggerCutover");
        }
    } else if (!following->cutover_asked) {
        following->cutover_asked = true;
        if (str_equals(options->cutover, "manual")) {
            progress_note(&following->progress,
                          "The cutover is yours: PATCH %s with triggerCutover \"True\".",
                          following->what->path);
        } else {
            progress_note(
                &following->progress,
                "All rows are copied, and changes are replicated. Stop your applications, then type "
                "'cutover' and press Enter.");
        }
    }
}

static void decide(struct following *following, const struct sighting *sighting)
{
    const char *substate = sighting->substate;
    const struct client_options *options = following->what->options;
    if (following->canceled) {
        return;
    }
    if (terminal_interrupted()) {
        progress_note(&following->progress,
                      "Canceling the migration. Ctrl-C again aborts without waiting for that.");
        cancel(following, "Interrupted.");
    } else if (str_equals(substate, "WaitingForTargetDBOverwriteConfirmation")) {
        const struct question question = {
            options->overwrite,
            "Databases of these names exist on the target and hold objects. Replace them?",
            "overwriteDbsInTarget",
            "Databases of these names exist on the target and hold objects; --overwrite replaces them."};
        answer(following, &following->answered_overwrite, &question);
    } else if (str_equals(substate, "WaitingForLogicalReplicationSetupRequestOnSourceDB")) {
        const struct question question = {
            options->setup_replication,
            "The source does not have wal_level = logical. Set it? The source has to be restarted "
            "afterwards.",
            "setupLogicalReplicationOnSourceDbIfNeeded",
            "The source does not have wal_level = logical; set it there and restart the source, or let "
            "--setup-replication set it."};
        answer(following, &following->answered_setup, &question);
    } else if (str_equals(substate, "WaitingForCutoverTrigger")) {
        decide_cutover(following, sighting);
    }
}

/* Reads the names of tables once a second, and only for an interactive user. */
static void look_at_tables(struct following *following, const struct sighting *sighting)
{
    int64_t now_ms = clock_monotonic_ms();
    if (!following->progress.live || now_ms - following->tables_at_ms < TABLES_MS) {
        return;
    }
    free(following->tables);
    following->tables = sighting_tables(following->what->rest, following->what->migration_id, sighting);
    following->tables_at_ms = now_ms;
}

/* True: poll again. */
static bool bear_silence(struct following *following, struct err *err)
{
    struct private_server *private_server = following->what->private_server;
    int64_t now_ms = clock_monotonic_ms();
    if (err->code != ERR_UNAVAILABLE || terminal_interrupted()) {
        return false;
    }
    if (private_server != NULL && !private_server_runs(private_server)) {
        err_set(
            err, ERR_UNAVAILABLE,
            "The private Malachite ended unexpectedly; see %s/log. Run the same command again: the migration "
            "resumes.",
            private_server->dir);
        return false;
    }
    if (following->silent_since_ms == 0) {
        following->silent_since_ms = now_ms;
        progress_note(&following->progress, "%s Retrying for %d seconds.", err->message, SILENCE_MS / 1000);
    }
    return now_ms - following->silent_since_ms < SILENCE_MS;
}

static void pause_between_looks(struct following *following)
{
    bool asks = following->cutover_asked && !following->cutover_sent && !following->canceled &&
                !str_equals(following->what->options->cutover, "manual") && terminal_can_ask();
    if (!asks) {
        clock_sleep_ms(POLL_MS);
    } else if (terminal_typed("cutover", POLL_MS)) {
        following->cutover_sent = change(following, "triggerCutover");
    }
}

static int follow_to_end(struct following *following, struct err *err, struct sighting *ret_end)
{
    const struct followed *what = following->what;
    for (;;) {
        auto_sighting struct sighting sighting = {0};
        if (what->path == NULL && terminal_interrupted()) {
            return err_set(err, ERR_CANCELED, "Stopped watching; the migration continues.");
        }
        if (sighting_take(what->rest, what->migration_id, err, &sighting) < 0) {
            if (!bear_silence(following, err)) {
                return -1;
            }
            clock_sleep_ms(POLL_MS);
            continue;
        }
        following->silent_since_ms = 0;
        look_at_tables(following, &sighting);
        progress_show(&following->progress, &sighting, following->tables);
        if (sighting_is_end(&sighting)) {
            *ret_end = sighting;
            sighting.json = NULL;
            return 0;
        }
        if (what->path != NULL) {
            decide(following, &sighting);
        }
        pause_between_looks(following);
    }
}

int follow(const struct followed *followed, struct err *err, struct sighting *ret_end,
           const char **ret_reason)
{
    struct following following = {.what = followed};
    progress_begin(&following.progress);
    int result = follow_to_end(&following, err, ret_end);
    progress_end(&following.progress);
    free(following.tables);
    *ret_reason = following.reason;
    return result;
}
