/* SPDX-License-Identifier: MIT */
#include "core/points/rules.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/points/rules_private.h"
#include "core/str.h"

enum { ENDED_FAULTS_MAX = 16 };

_Atomic int point_rule_counts[POINT_COUNT];

static struct rules_state rules = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Faults to end, and changes to report, once the mutex is free. Guarded by it. */
static struct rule *removed;
static size_t reported_count;

static void init(void)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&rules.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void rule_free(struct rule *rule)
{
    free(rule->name);
    free(rule->document);
    free(rule->origin);
    for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
        free(rule->match[i]);
    }
    free(rule->schema);
    free(rule->table);
    free(rule->trouble);
    free(rule);
}

/* Takes a rule out of the list: releases what it holds. */
static void unlink_rule(struct rule **at)
{
    struct rule *rule = *at;
    *at = rule->next;
    rules.count--;
    atomic_fetch_sub(&point_rule_counts[rule->at], 1);
    rule_release_held(&rules, rule, 0, NULL);
    rule->next = removed;
    removed = rule;
}

static void remove_expired(void)
{
    int64_t now_ms = clock_monotonic_ms();
    for (struct rule **at = &rules.first; *at != NULL;) {
        if ((*at)->expires_ms <= now_ms) {
            log_event(LOG_WARNING, "a rule has expired", "rule", (*at)->name, NULL);
            unlink_rule(at);
        } else {
            at = &(*at)->next;
        }
    }
}

struct rules_state *rules_lock(void)
{
    pthread_once(&once, init);
    pthread_mutex_lock(&rules.mutex);
    remove_expired();
    return &rules;
}

static void end_fault(const struct rule_faults *faults, const struct rule *rule)
{
    if (faults->end != NULL) {
        const struct point_effect *effect = &rule->effect;
        faults->end(faults->context, effect->subscription, effect->server, effect->server_action);
    }
}

bool rules_share_fault(const struct rules_state *state, const struct point_effect *effect)
{
    for (const struct rule *at = state->first; at != NULL; at = at->next) {
        const struct point_effect *other = &at->effect;
        if (at->fault != FAULT_NONE && other->rule != effect->rule &&
            str_equals(other->server_action, effect->server_action) &&
            str_iequals(other->server, effect->server) &&
            str_iequals(other->subscription, effect->subscription)) {
            return true;
        }
    }
    return false;
}

void rules_unlock(struct rules_state *state)
{
    struct rule *gone = removed;
    removed = NULL;
    size_t count = state->count;
    bool report = count != reported_count && state->observer != NULL;
    reported_count = count;
    struct rule_faults faults = state->faults;
    void (*observer)(void *context, size_t count) = state->observer;
    void *context = state->observer_context;
    for (struct rule *at = gone; at != NULL; at = at->next) {
        at->fault = rules_share_fault(state, &at->effect) ? FAULT_NONE : at->fault;
    }
    pthread_mutex_unlock(&state->mutex);
    while (gone != NULL) {
        struct rule *rule = gone;
        gone = rule->next;
        if (rule->fault == FAULT_ON) {
            end_fault(&faults, rule);
        }
        rule_free(rule);
    }
    if (report) {
        observer(context, count);
    }
}

static char *copy(const char *text, bool *failed)
{
    char *ret = text == NULL ? NULL : str_dup(text);
    *failed = *failed || (text != NULL && ret == NULL);
    return ret;
}

static struct rule *rule_new(const struct rule_request *request, struct err *err)
{
    bool failed = false;
    struct rule *rule = calloc(1, sizeof(*rule));
    if (rule == NULL) {
        err_no_memory(err);
        return NULL;
    }
    rule->name = copy(request->name, &failed);
    rule->document = copy(request->document, &failed);
    rule->origin = copy(request->origin, &failed);
    for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
        rule->match[i] = copy(request->match[i], &failed);
    }
    rule->at = request->at;
    rule->skip = request->skip;
    rule->times = request->times;
    rule->effect = request->effect;
    rule->effect.point = request->at;
    rule->delay_ms = request->delay_ms;
    rule->bytes_per_second = request->bytes_per_second;
    rule->expires_ms = clock_monotonic_ms() + (int64_t)request->ttl_seconds * 1000;
    rule->expires_us = clock_now_us() + (int64_t)request->ttl_seconds * 1000000;
    const char *table = request->match[ATTRIBUTE_TABLE];
    bool split = table == NULL || rule_split_table(table, err, &rule->schema, &rule->table) == 0;
    if (failed || !split) {
        rule_free(rule);
        if (failed) {
            err_no_memory(err);
        }
        return NULL;
    }
    return rule;
}

/* Whether a client that puts the request means this rule. */
static bool is_same(const struct rule *rule, const struct rule_request *request)
{
    const char *of = rule->match[ATTRIBUTE_SUBSCRIPTION];
    const char *wanted = request->match[ATTRIBUTE_SUBSCRIPTION];
    return str_iequals(rule->name, request->name) &&
           (of == NULL || wanted == NULL || str_iequals(of, wanted));
}

static struct rule **find_same(struct rule **at, const struct rule_request *request)
{
    while (*at != NULL && !is_same(*at, request)) {
        at = &(*at)->next;
    }
    return at;
}

int rules_put(const struct rule_request *request, struct err *err, bool *ret_created)
{
    struct rule *rule = rule_new(request, err);
    if (rule == NULL) {
        return -1;
    }
    struct rules_state *state = rules_lock();
    struct rule **old = find_same(&state->first, request);
    if (*old != NULL && *find_same(&(*old)->next, request) != NULL) {
        rules_unlock(state);
        rule_free(rule);
        return err_set(err, ERR_CONFLICT,
                       "Several subscriptions have a rule '%.100s'. Add the subscription to"
                       " the rule's match, or use another name.",
                       request->name);
    }
    if (*old != NULL && str_equals((*old)->document, request->document)) {
        *ret_created = false;
        rules_unlock(state);
        rule_free(rule);
        return 0;
    }
    *ret_created = *old == NULL;
    if (*old != NULL) {
        unlink_rule(old);
    }
    if (state->count >= RULES_MAX) {
        rules_unlock(state);
        rule_free(rule);
        return err_set(err, ERR_CONFLICT, "There are %d rules already. Delete some of them.", RULES_MAX);
    }
    rule->serial = ++state->last_number;
    rule->effect.rule = rule->serial;
    struct rule **end = &state->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = rule;
    state->count++;
    atomic_fetch_add(&point_rule_counts[rule->at], 1);
    rules_unlock(state);
    return 0;
}

static bool is_wanted(const struct rule *rule, const char *name, const char *subscription, const char *origin)
{
    const char *of = rule->match[ATTRIBUTE_SUBSCRIPTION];
    return (name == NULL || str_iequals(rule->name, name)) &&
           (subscription == NULL || (of != NULL && str_iequals(of, subscription))) &&
           (origin == NULL || str_equals(rule->origin, origin));
}

size_t rules_delete(const char *name, const char *subscription, const char *origin)
{
    size_t deleted = 0;
    struct rules_state *state = rules_lock();
    for (struct rule **at = &state->first; *at != NULL;) {
        if (is_wanted(*at, name, subscription, origin)) {
            unlink_rule(at);
            deleted++;
            if (name != NULL) {
                break;
            }
        } else {
            at = &(*at)->next;
        }
    }
    rules_unlock(state);
    return deleted;
}

int rules_release(const char *name, const char *subscription, size_t count, const struct point_failure *as,
                  size_t *ret_released)
{
    struct rules_state *state = rules_lock();
    struct rule *rule = state->first;
    while (rule != NULL && !is_wanted(rule, name, subscription, NULL)) {
        rule = rule->next;
    }
    if (rule == NULL) {
        rules_unlock(state);
        return -1;
    }
    *ret_released = rule_release_held(state, rule, count, as);
    struct rule fault = {.effect = rule->effect};
    struct rule_faults faults = state->faults;
    bool ends = rule->fault == FAULT_ON;
    rule->fault_unwanted = rule->fault == FAULT_BEGINNING;
    rule->fault = ends ? FAULT_NONE : rule->fault;
    bool shared = rules_share_fault(state, &rule->effect);
    rules_unlock(state);
    if (ends && !shared) {
        end_fault(&faults, &fault);
    }
    *ret_released += ends;
    return 0;
}

static void see_one(const struct rule *rule, rule_see_fn *see, void *context)
{
    size_t count = 0;
    for (const struct held *at = rule->held; at != NULL; at = at->next) {
        count++;
    }
    struct rule_held *held = calloc(count + 1, sizeof(*held));
    size_t i = 0;
    for (const struct held *at = rule->held; held != NULL && at != NULL; at = at->next) {
        held[i++] = (struct rule_held){.migration = at->migration,
                                       .migration_id = at->migration_id,
                                       .database = at->database,
                                       .schema = at->schema,
                                       .table = at->table,
                                       .request = at->request,
                                       .since_us = at->since_us};
    }
    const struct rule_status status = {.name = rule->name,
                                       .document = rule->document,
                                       .origin = rule->origin,
                                       .trouble = rule->trouble,
                                       .hits = rule->hits,
                                       .fired = rule->fired,
                                       .expires_us = rule->expires_us,
                                       .held = held,
                                       .held_count = i};
    see(context, &status);
    free(held);
}

size_t rules_see(const char *name, const char *subscription, rule_see_fn *see, void *context)
{
    size_t seen = 0;
    struct rules_state *state = rules_lock();
    for (const struct rule *at = state->first; at != NULL; at = at->next) {
        if (is_wanted(at, name, subscription, NULL)) {
            see_one(at, see, context);
            seen++;
        }
    }
    rules_unlock(state);
    return seen;
}

size_t rules_count(void)
{
    struct rules_state *state = rules_lock();
    size_t count = state->count;
    rules_unlock(state);
    return count;
}

void rules_sweep(void)
{
    rules_unlock(rules_lock());
}

void rules_set_faults(const struct rule_faults *faults)
{
    struct rules_state *state = rules_lock();
    state->faults = *faults;
    rules_unlock(state);
}

void rules_set_observer(void (*changed)(void *context, size_t count), void *context)
{
    struct rules_state *state = rules_lock();
    state->observer = changed;
    state->observer_context = context;
    rules_unlock(state);
}
