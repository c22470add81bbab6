/* SPDX-License-Identifier: MIT */
/* The tags malachite.replay and malachite.speed of a migration's PUT. */
#include <math.h>
#include <stdlib.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/migrations/migration.h"
#include "store/testing/recordings.h"

static int bad_tag(struct err *err, const char *tag, const char *value, const char *rule)
{
    err_set(err, ERR_BAD_PARAMETER, "The tag %s is '%.60s'; it must be %s.", tag, value, rule);
    return err_target(err, "tags.%s", tag);
}

int replay_begin(struct store *store, const struct migration *migration, struct err *err)
{
    json_auto_t *tags = json_from_text(migration->tags);
    const char *name = NULL;
    const char *speed = NULL;
    if (tags == NULL || field_string(tags, "tags", "malachite.replay", err, &name) < 0 ||
        field_string(tags, "tags", "malachite.speed", err, &speed) < 0) {
        return tags == NULL ? 0 : -1;
    }
    if (name == NULL) {
        return 0;
    }
    char *end = NULL;
    double factor = speed == NULL ? 1 : strtod(speed, &end);
    if (speed != NULL && (end == speed || *end != '\0' || !(factor >= 0.01) || factor > 1e6)) {
        return bad_tag(err, "malachite.speed", speed, "a number from 0.01 to 1000000");
    }
    struct replay replay = {.migration_id = migration->id};
    int found = store_recording_get(store, name, err, &replay.content);
    if (found == 0) {
        return bad_tag(err, "malachite.replay", name,
                       "the name of a recording (GET /_malachite/recordings lists them)");
    }
    int result = found < 0 ? -1 : store_replay_put(store, &replay, err);
    free(replay.content);
    return result;
}
