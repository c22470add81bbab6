/* SPDX-License-Identifier: MIT */
/* `malachite watch`: follows a migration that another client has created, and changes nothing. */
#include <stdio.h>
#include <string.h>

#include "client/client.h"
#include "client/existing_server_private.h"
#include "client/follow_private.h"
#include "client/input/terminal.h"
#include "client/summary_private.h"
#include "core/str.h"

/* The migrationId of the migration with this migrationId, name, or ARM path; the newest of several. */
static int find_migration(struct rest *rest, const char *wanted, struct err *err, char **ret_id)
{
    json_auto_t *answer = NULL;
    json_t *row = NULL;
    size_t i = 0;
    if (str_is_uuid(wanted)) {
        *ret_id = str_dup(wanted);
        return *ret_id == NULL ? err_no_memory(err) : 0;
    }
    if (rest_call(rest, "GET", "/_malachite/migrations?limit=1000", NULL, err, &answer) < 0) {
        return -1;
    }
    json_array_foreach (json_object_get(answer, "value"), i, row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *path = json_string_value(json_object_get(row, "id"));
        if (str_iequals(name, wanted) || (path != NULL && str_iequals(path, wanted))) {
            *ret_id = str_dup(json_string_value(json_object_get(row, "migrationId")));
            return *ret_id == NULL ? err_no_memory(err) : 0;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "There is no migration '%.200s'.", wanted);
}

static int watch(struct rest *rest, const struct client_options *options, const char *wanted, struct err *err)
{
    auto_free char *id = NULL;
    auto_sighting struct sighting end = {0};
    const char *reason = NULL;
    if (find_migration(rest, wanted, err, &id) < 0) {
        return -1;
    }
    const struct followed followed = {.rest = rest, .migration_id = id, .options = options};
    return follow(&followed, err, &end, &reason) < 0
               ? -1
               : (int)summary_print(rest, &end, reason, options->evidence_file);
}

int client_watch(int argc, char **argv)
{
    auto_client_options struct client_options options = {0};
    struct err err = {0};
    struct rest *rest = NULL;
    if (argc == 0 || argv[0][0] == '-') {
        fputs("malachite: no migration given: malachite watch MIGRATION, by its name, migrationId or "
              "resource id\n",
              stderr);
        return CLIENT_USAGE;
    }
    terminal_catch_signals();
    if (client_options_parse(&options, argc - 1, argv + 1, &err) < 0) {
        fprintf(stderr, "malachite: %s\n", err.message);
        return CLIENT_USAGE;
    }
    int result = existing_server_open(&options, &err, &rest) < 0 ? -1 : watch(rest, &options, argv[0], &err);
    rest_close(rest);
    if (result >= 0) {
        return result;
    }
    fprintf(stderr, "malachite: %s\n", err.message);
    return err.code == ERR_CANCELED      ? CLIENT_INTERRUPTED
           : err.code == ERR_UNAVAILABLE ? CLIENT_UNAVAILABLE
                                         : CLIENT_NOT_SUCCEEDED;
}
