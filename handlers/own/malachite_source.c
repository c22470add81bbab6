/* SPDX-License-Identifier: MIT */
/* The source of an active migration, asked now: what a user needs to know before the cutover. */
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "executor/servers/servers.h"
#include "handlers/arm/app.h"
#include "handlers/own/own.h"
#include "server/reply.h"

static int check_active(const struct migration *migration, struct err *err)
{
    return migration->ended_us == 0 ? 0
                                    : err_set(err, ERR_CONFLICT,
                                              "The migration '%s' has ended, and Malachite no longer has the "
                                              "passwords of its servers.",
                                              migration->name);
}

void malachite_migration_source(struct request *request)
{
    struct err err = {0};
    char now[CLOCK_TEXT_SIZE];
    json_t *databases = NULL;
    auto_migration struct migration migration = {0};
    if (own_migration_find(request, &err, &migration) < 0 || check_active(&migration, &err) < 0 ||
        executor_source_use(request->app->executor, &migration, &err, &databases) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200,
               json_pack("{s:s, s:s, s:s, s:o}", "migrationId", migration.uuid, "name", migration.name,
                         "askedOn", clock_format(clock_now_us(), now), "databases", databases));
}
