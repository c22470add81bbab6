/* SPDX-License-Identifier: MIT */
/* A visit with a rule at its point. */
#include "core/points/rules_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

enum { SLICE_MS = 50, PAUSE_LEAST_US = 10000 };

static _Thread_local const struct point_subject *scope;

void point_scope_set(const struct point_subject *subject)
{
    scope = subject;
}

const struct point_subject *point_scope(void)
{
    return scope;
}

struct point_subject point_subject_here(void)
{
    return scope == NULL ? (struct point_subject){0} : *scope;
}

/* ---- counting --------------------------------------------------------------------------------------------
 */

/* Counts the hit; whether the rule may fire at it. */
static bool is_due(struct rule *rule)
{
    rule->hits++;
    return rule->hits > rule->skip && (rule->times == 0 || rule->fired < rule->times);
}

/* The pause that keeps the bytes so far below the rate. */
static int64_t pause_of(struct rule *rule, size_t bytes)
{
    int64_t now_us = clock_monotonic_ms() * 1000;
    int64_t from_us = rule->bucket_us > now_us ? rule->bucket_us : now_us;
    rule->bucket_us = from_us + (int64_t)bytes * 1000000 / rule->bytes_per_second;
    return rule->bucket_us - now_us;
}

static void fire(struct rules_state *state, struct rule *rule, const struct point_subject *subject,
                 struct point_effect *effect)
{
    int64_t pause_us = effect->pause_us;
    rule->fired++;
    *effect = rule->effect;
    effect->pause_us = pause_us;
    if (effect->action == ACTION_HOLD) {
        effect->ticket = ++state->last_number;
        if (rule_hold(rule, effect->ticket, subject) == NULL) {
            effect->action = ACTION_NONE;
        }
    } else if (effect->action == ACTION_DELAY) {
        effect->until_ms = clock_monotonic_ms() + rule->delay_ms;
    }
    if (rule->fired > 1) {
        return; /* one line per rule: it may act on every row */
    }
    log_event(LOG_INFO, "a rule acts", "rule", rule->name, "point", point_table[rule->at].name, "action",
              point_action_name(rule->effect.action), "migration", subject->migration, "database",
              subject->database, "table", subject->table, NULL);
}

bool point_take(enum point point, const struct point_subject *subject, struct point_effect *ret_effect)
{
    *ret_effect = (struct point_effect){.point = point};
    if (!point_is_armed(point)) {
        return false;
    }
    struct rules_state *state = rules_lock();
    struct rule *newest = NULL;
    bool slowed = false;
    for (struct rule *at = state->first; at != NULL; at = at->next) {
        if (at->at != point || !rule_matches(at, subject) || !is_due(at)) {
            continue;
        }
        if (at->effect.action == ACTION_SLOW) {
            at->fired++;
            ret_effect->pause_us = pause_of(at, subject->bytes);
            slowed = true;
        } else {
            newest = at;
        }
    }
    if (newest != NULL) {
        fire(state, newest, subject, ret_effect);
    }
    rules_unlock(state);
    return newest != NULL || (slowed && ret_effect->pause_us >= PAUSE_LEAST_US);
}

/* ---- waiting ---------------------------------------------------------------------------------------------
 */

static bool is_stopped(const struct point_subject *subject)
{
    return subject->stop != NULL && stop_requested(subject->stop);
}

static struct timespec in_a_slice(void)
{
    int64_t at_ms = clock_monotonic_ms() + SLICE_MS;
    return (struct timespec){.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000};
}

/* Expiry and release wake it at once, a stop within a slice. */
static enum point_end wait_for_release(struct point_effect *effect, const struct point_subject *subject)
{
    const int64_t since_ms = clock_monotonic_ms();
    bool over = false;
    struct rules_state *state = rules_lock();
    while (!is_stopped(subject) && rule_holds(state, effect->rule, effect->ticket, false)) {
        over = rule_pace_is_over(state, effect, subject, since_ms);
        if (over) {
            break;
        }
        struct timespec until = in_a_slice();
        pthread_cond_timedwait(&state->changed, &state->mutex, &until);
        rules_unlock(state); /* removes what has expired */
        state = rules_lock();
    }
    bool stopped = rule_holds(state, effect->rule, effect->ticket, true) && !over;
    bool fails = rule_take_verdict(state, effect->ticket, &effect->fail);
    rules_unlock(state);
    effect->action = fails ? ACTION_FAIL : ACTION_NONE;
    return stopped ? POINT_STOPPED : fails ? POINT_ACTS : POINT_PASSED;
}

static enum point_end sleep_until(int64_t until_ms, const struct point_subject *subject)
{
    while (!is_stopped(subject)) {
        int left_ms = clock_ms_left(until_ms);
        if (left_ms == 0) {
            return POINT_PASSED;
        }
        clock_sleep_ms(left_ms < SLICE_MS ? left_ms : SLICE_MS);
    }
    return POINT_STOPPED;
}

bool point_is_waiting(struct point_effect *effect)
{
    if (effect->action == ACTION_DELAY) {
        bool waits = clock_ms_left(effect->until_ms) > 0;
        effect->action = waits ? ACTION_DELAY : ACTION_NONE;
        return waits;
    }
    if (effect->action != ACTION_HOLD) {
        return false;
    }
    struct rules_state *state = rules_lock();
    bool held = rule_holds(state, effect->rule, effect->ticket, false);
    if (!held) {
        effect->action = rule_take_verdict(state, effect->ticket, &effect->fail) ? ACTION_FAIL : ACTION_NONE;
    }
    rules_unlock(state);
    return held;
}

void point_leave(struct point_effect *effect)
{
    if (effect->action == ACTION_HOLD) {
        struct rules_state *state = rules_lock();
        rule_holds(state, effect->rule, effect->ticket, true);
        rule_take_verdict(state, effect->ticket, &effect->fail);
        rules_unlock(state);
        effect->action = ACTION_NONE;
    }
}

/* ---- faults of servers -----------------------------------------------------------------------------------
 */

static struct rule *rule_of(struct rules_state *state, uint64_t serial)
{
    struct rule *at = state->first;
    while (at != NULL && at->serial != serial) {
        at = at->next;
    }
    return at;
}

static void note_trouble(struct rule *rule, const char *text)
{
    free(rule->trouble);
    rule->trouble = str_dup(text);
}

/* One fault per rule at a time: a second visit finds it on already. */
static void begin_fault(const struct point_effect *effect)
{
    struct err err = {0};
    struct rules_state *state = rules_lock();
    struct rule *rule = rule_of(state, effect->rule);
    struct rule_faults faults = state->faults;
    bool begins = rule != NULL && rule->fault == FAULT_NONE && faults.begin != NULL;
    if (begins) {
        rule->fault = FAULT_BEGINNING;
        rule->fault_unwanted = false;
    }
    rules_unlock(state);
    if (!begins) {
        return;
    }
    int begun =
        faults.begin(faults.context, effect->subscription, effect->server, effect->server_action, &err);
    if (begun < 0) {
        log_event(LOG_ERROR, "the fault of a rule failed", "server", effect->server, "action",
                  effect->server_action, "reason", err.message, NULL);
    }
    state = rules_lock();
    rule = rule_of(state, effect->rule);
    bool unwanted = rule == NULL || rule->fault_unwanted; /* deleted or released in the meantime */
    if (rule != NULL) {
        rule->fault = begun < 0 || unwanted ? FAULT_NONE : FAULT_ON;
        if (begun < 0) {
            note_trouble(rule, err.message);
        }
    }
    /* Not begun: it may be on for a rule that has gone and left its end to this one. */
    bool ends = (begun < 0 || unwanted) && !rules_share_fault(state, effect);
    rules_unlock(state);
    if (ends && faults.end != NULL) {
        faults.end(faults.context, effect->subscription, effect->server, effect->server_action);
    }
}

enum point_end point_act(struct point_effect *effect, const struct point_subject *subject)
{
    if (effect->pause_us >= PAUSE_LEAST_US &&
        sleep_until(clock_monotonic_ms() + effect->pause_us / 1000, subject) == POINT_STOPPED) {
        point_leave(effect);
        return POINT_STOPPED;
    }
    switch (effect->action) {
    case ACTION_HOLD:
        return wait_for_release(effect, subject);
    case ACTION_DELAY:
        return sleep_until(effect->until_ms, subject);
    case ACTION_SERVER:
        begin_fault(effect);
        return is_stopped(subject) ? POINT_STOPPED : POINT_PASSED;
    case ACTION_FAIL:
    case ACTION_CUT:
    case ACTION_ANSWER:
        return POINT_ACTS;
    case ACTION_NONE:
    case ACTION_SLOW:
    case ACTION_COUNT:
        break;
    }
    return POINT_PASSED;
}

enum point_end point_visit(enum point point, const struct point_subject *subject,
                           struct point_effect *ret_effect)
{
    return point_take(point, subject, ret_effect) ? point_act(ret_effect, subject) : POINT_PASSED;
}

/* Closing a TCP socket that lingers for no time would send the RST, but others still use it: disconnecting
 * sends it, too. */
void point_cut_socket(int socket, bool reset)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (reset) {
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        (void)connect(socket, &nobody, sizeof(nobody));
    }
    shutdown(socket, SHUT_RDWR);
}
