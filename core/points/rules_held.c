/* SPDX-License-Identifier: MIT */
/* Visits that a rule holds, and what was decided about those that it has released. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/points/rules_private.h"
#include "core/str.h"

static char *copy(const char *text)
{
    return text == NULL ? NULL : str_dup(text);
}

struct held *rule_hold(struct rule *rule, uint64_t ticket, const struct point_subject *subject)
{
    struct held *held = calloc(1, sizeof(*held));
    if (held == NULL) {
        return NULL;
    }
    *held = (struct held){.ticket = ticket,
                          .since_us = clock_now_us(),
                          .migration = copy(subject->migration),
                          .migration_id = copy(subject->migration_id),
                          .database = copy(subject->database),
                          .schema = copy(subject->schema),
                          .table = copy(subject->table),
                          .request = copy(subject->operation)};
    struct held **end = &rule->held;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = held;
    return held;
}

void rule_free_held(struct held *held)
{
    free(held->migration);
    free(held->migration_id);
    free(held->database);
    free(held->schema);
    free(held->table);
    free(held->request);
    free(held);
}

bool rule_holds(struct rules_state *state, uint64_t rule, uint64_t ticket, bool remove)
{
    for (struct rule *at = state->first; at != NULL; at = at->next) {
        if (at->serial != rule) {
            continue;
        }
        for (struct held **held = &at->held; *held != NULL; held = &(*held)->next) {
            if ((*held)->ticket == ticket) {
                struct held *found = *held;
                if (remove) {
                    *held = found->next;
                    rule_free_held(found);
                }
                return true;
            }
        }
    }
    return false;
}

static void note_verdict(struct rules_state *state, uint64_t ticket, const struct point_failure *failure)
{
    struct verdict *verdict = malloc(sizeof(*verdict));
    if (verdict != NULL) {
        *verdict = (struct verdict){.next = state->verdicts, .ticket = ticket, .failure = *failure};
        state->verdicts = verdict;
    }
}

size_t rule_release_held(struct rules_state *state, struct rule *rule, size_t count,
                         const struct point_failure *as)
{
    size_t released = 0;
    while (rule->held != NULL && (count == 0 || released < count)) {
        struct held *held = rule->held;
        rule->held = held->next;
        if (as != NULL) {
            note_verdict(state, held->ticket, as);
        }
        rule_free_held(held);
        released++;
    }
    pthread_cond_broadcast(&state->changed);
    return released;
}

bool rule_take_verdict(struct rules_state *state, uint64_t ticket, struct point_failure *ret_failure)
{
    for (struct verdict **at = &state->verdicts; *at != NULL; at = &(*at)->next) {
        struct verdict *found = *at;
        if (found->ticket == ticket) {
            *ret_failure = found->failure;
            *at = found->next;
            free(found);
            return true;
        }
    }
    return false;
}
