/* SPDX-License-Identifier: MIT */
/*
 * The tester's rules: what happens at which point (core/points/points.h), to whom, and how often. They live
 * in memory and expire. One mutex guards all of them; it is a leaf, and nothing waits while holding it.
 * Any thread.
 *
 * When several rules would fire at one visit, the newest wins; the others count the hit and stay due. Rules
 * that slow a visit act beside the others.
 */
#ifndef CORE_POINTS_RULES_H
#define CORE_POINTS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/points/points.h"

enum { RULES_MAX = 1000, RULE_TTL_DEFAULT_S = 600, RULE_TTL_MAX_S = 7 * 24 * 3600 };

/* A rule as a client describes it. Strings are copied; NULL: matches everything. */
struct rule_request {
    const char *name;
    const char *document; /* the rule as JSON, shown as it is */
    const char *origin;   /* the id of the migration whose tag made it, or NULL */
    enum point at;
    const char *match[ATTRIBUTE_COUNT];
    int64_t skip;
    int64_t times; /* 0: unlimited */
    int ttl_seconds;
    struct point_effect effect; /* action and its values; the rest is ignored */
    int delay_ms;               /* ACTION_DELAY */
    int64_t bytes_per_second;   /* ACTION_SLOW */
};

/* Splits a table's name by PostgreSQL's rules of quoting: sales.orders, "Sales"."Orders", orders. Both
 * results are new strings; *ret_schema is NULL without a schema. */
int rule_split_table(const char *text, struct err *err, char **ret_schema, char **ret_table);

/* Adds a rule. One with the same name and the same document stays as it is, its counts included
 * (*ret_created false); another one of this name is replaced, which releases what it holds. Rules that match
 * different subscriptions may have one name: parallel tests do not know of each other. ERR_CONFLICT: a rule
 * for all subscriptions would replace several. */
int rules_put(const struct rule_request *request, struct err *err, bool *ret_created);
/* Deletes a rule (of several with this name, the oldest), or all of a subscription, of an origin, or all
 * (NULL does not restrict); releases what they hold and ends their faults. Returns how many. */
size_t rules_delete(const char *name, const char *subscription, const char *origin);
/* Releases the oldest count visits that a rule holds (0: all), as a failure if "as" is not NULL. A fault of
 * a server ends. subscription: as of rules_delete(). -1: there is no such rule. */
int rules_release(const char *name, const char *subscription, size_t count, const struct point_failure *as,
                  size_t *ret_released);

/* A GET of a migration is answered while it shows this substate: for rules that hold it until so many polls.
 */
void rules_note_poll(const char *migration_id, const char *substate);

struct rule_held {
    const char *migration; /* NULL: none */
    const char *migration_id;
    const char *database;
    const char *schema;
    const char *table;
    const char *request; /* operation of a held request */
    int64_t since_us;
};
struct rule_status {
    const char *name;
    const char *document;
    const char *origin;
    const char *trouble; /* why its action could not be carried out, or NULL */
    int64_t hits;
    int64_t fired;
    int64_t expires_us;
    const struct rule_held *held;
    size_t held_count;
};
/* Calls see for each rule, oldest first, with the mutex held. Returns how many. */
typedef void rule_see_fn(void *context, const struct rule_status *status);
size_t rules_see(const char *name, const char *subscription, rule_see_fn *see, void *context);
size_t rules_count(void);

/* Removes expired rules. Others call it about once a second; visits and lists do so by themselves. */
void rules_sweep(void);

/* ---- for the program: set before threads start ---- */

/* Real faults of servers (ACTION_SERVER). begin may wait for the server; end undoes it. */
struct rule_faults {
    void *context;
    int (*begin)(void *context, const char *subscription, const char *server, const char *action,
                 struct err *err);
    void (*end)(void *context, const char *subscription, const char *server, const char *action);
};
void rules_set_faults(const struct rule_faults *faults);
/* Called without the mutex after the number of rules has changed. */
void rules_set_observer(void (*changed)(void *context, size_t count), void *context);

#endif
