/* SPDX-License-Identifier: MIT */
/* Holds at substate.leave that end by themselves: real work is stretched, never shortened. */
#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/points/rules_private.h"
#include "core/str.h"

static bool has_lasted(const struct point_pace *pace, const struct point_subject *subject)
{
    return subject->entered_us == NULL ||
           clock_steady_us() - atomic_load(subject->entered_us) >= pace->dwell_us;
}

/* A client that polls no longer must not keep a worker for ever. */
static bool is_forgotten(const struct rule *rule, int64_t since_ms)
{
    int64_t last_ms = rule->polls.last_ms > since_ms ? rule->polls.last_ms : since_ms;
    if ((clock_monotonic_ms() - last_ms) * 1000 < rule->effect.pace.patience_us) {
        return false;
    }
    log_event(LOG_WARNING, "nobody polls the migration, so it continues", "rule", rule->name, NULL);
    return true;
}

static bool was_polled(const struct rule *rule, const struct point_subject *subject)
{
    return str_equals(rule->polls.substate, subject->substate) &&
           rule->polls.count >= rule->effect.pace.polls;
}

bool rule_pace_is_over(struct rules_state *state, const struct point_effect *effect,
                       const struct point_subject *subject, int64_t since_ms)
{
    const struct point_pace *pace = &effect->pace;
    if (pace->dwell_us > 0) {
        return has_lasted(pace, subject);
    }
    const struct rule *rule = state->first;
    while (pace->polls > 0 && rule != NULL && rule->serial != effect->rule) {
        rule = rule->next;
    }
    return pace->polls > 0 && rule != NULL && (was_polled(rule, subject) || is_forgotten(rule, since_ms));
}

static void note_poll(struct rule *rule, const char *substate)
{
    if (!str_equals(rule->polls.substate, substate)) {
        snprintf(rule->polls.substate, sizeof(rule->polls.substate), "%s", substate);
        rule->polls.count = 0;
    }
    rule->polls.count++;
    rule->polls.last_ms = clock_monotonic_ms();
}

void rules_note_poll(const char *migration_id, const char *substate)
{
    if (!point_is_armed(POINT_SUBSTATE_LEAVE)) {
        return;
    }
    struct rules_state *state = rules_lock();
    for (struct rule *rule = state->first; rule != NULL; rule = rule->next) {
        if (rule->effect.pace.polls > 0 && str_iequals(rule->match[ATTRIBUTE_MIGRATION], migration_id)) {
            note_poll(rule, substate);
        }
    }
    pthread_cond_broadcast(&state->changed);
    rules_unlock(state);
}
