/* SPDX-License-Identifier: MIT */
/* A rule in memory. All of it is guarded by rules_state.mutex. */
#ifndef CORE_POINTS_RULES_PRIVATE_H
#define CORE_POINTS_RULES_PRIVATE_H

#include <pthread.h>

#include "core/points/rules.h"

enum fault_state { FAULT_NONE, FAULT_BEGINNING, FAULT_ON };

struct held {
    struct held *next;
    uint64_t ticket;
    int64_t since_us;
    char *migration, *migration_id, *database, *schema, *table, *request;
};

struct rule {
    struct rule *next; /* older to newer */
    uint64_t serial;
    char *name;
    char *document;
    char *origin;
    enum point at;
    char *match[ATTRIBUTE_COUNT];
    char *schema; /* of match[ATTRIBUTE_TABLE] */
    char *table;
    int64_t skip;
    int64_t times;
    int64_t expires_ms; /* monotonic */
    int64_t expires_us; /* for people */
    struct point_effect effect;
    int delay_ms;
    int64_t bytes_per_second;
    int64_t bucket_us; /* ACTION_SLOW: when the bytes so far have passed, monotonic */
    struct polls {
        char substate[64]; /* that the last poll has shown */
        int64_t count;     /* of successive polls that have shown it */
        int64_t last_ms;   /* monotonic */
    } polls;
    int64_t hits;
    int64_t fired;
    char *trouble;
    struct held *held; /* oldest first */
    enum fault_state fault;
    bool fault_unwanted; /* it was released while it began */
};

/* A visit that was released as a failure, until its thread looks. */
struct verdict {
    struct verdict *next;
    uint64_t ticket;
    struct point_failure failure;
};

struct rules_state {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* monotonic: a hold was released */
    struct rule *first;
    size_t count;
    uint64_t last_number; /* of serials and tickets */
    struct verdict *verdicts;
    struct rule_faults faults;
    void (*observer)(void *context, size_t count);
    void *observer_context;
};

/* Locks, and removes what has expired; unlocks, then ends faults and reports what has changed. */
struct rules_state *rules_lock(void);
void rules_unlock(struct rules_state *state);

/* Whether another rule has, or begins, the same fault of the same server: it lasts as long as that one. */
bool rules_share_fault(const struct rules_state *state, const struct point_effect *effect);

/* Whether a rule is about this visit. */
bool rule_matches(const struct rule *rule, const struct point_subject *subject);

/* rules_held.c */
struct held *rule_hold(struct rule *rule, uint64_t ticket, const struct point_subject *subject);
void rule_free_held(struct held *held);
/* Whether a visit is still held; forgets it if remove. */
bool rule_holds(struct rules_state *state, uint64_t rule, uint64_t ticket, bool remove);
/* Releases the oldest count visits (0: all). Returns how many. */
size_t rule_release_held(struct rules_state *state, struct rule *rule, size_t count,
                         const struct point_failure *as);
/* rules_pace.c: whether a hold with a pace has lasted long enough; since_ms: its begin, monotonic. */
bool rule_pace_is_over(struct rules_state *state, const struct point_effect *effect,
                       const struct point_subject *subject, int64_t since_ms);
/* Whether a visit was released as a failure; forgets that. */
bool rule_take_verdict(struct rules_state *state, uint64_t ticket, struct point_failure *ret_failure);

#endif
