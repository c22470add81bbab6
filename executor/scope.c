/* SPDX-License-Identifier: MIT */
#include "executor/scope.h"

#include <stdlib.h>

#include "core/str.h"

static void read_server(const struct executor *executor, int64_t id, char **name, char **subscription)
{
    struct err ignored = {0};
    auto_server struct server server = {0};
    if (id != 0 && store_server_get_by_id(executor->store, id, &ignored, &server) == 1) {
        (void)str_replace(name, server.name);
        if (subscription != NULL) {
            (void)str_replace(subscription, server.subscription_id);
        }
    }
}

void scope_begin(struct scope *scope, const struct executor *executor, const struct migration *migration,
                 const struct stop *stop)
{
    *scope = (struct scope){.migration = str_dup(migration->name), .migration_id = str_dup(migration->uuid)};
    read_server(executor, migration->source_id, &scope->source, NULL);
    read_server(executor, migration->target_id, &scope->target, &scope->subscription);
    scope->subject = (struct point_subject){
        .subscription = scope->subscription,
        .migration = scope->migration,
        .migration_id = scope->migration_id,
        .server = scope->source,
        .other_server = scope->target,
        .substate = word_of(WORDS_SUBSTATE, (int)migration->substate),
        .stop = stop,
    };
    point_scope_set(&scope->subject);
}

void scope_end(struct scope *scope)
{
    point_scope_set(NULL);
    free(scope->subscription);
    free(scope->migration);
    free(scope->migration_id);
    free(scope->source);
    free(scope->target);
    *scope = (struct scope){0};
}
