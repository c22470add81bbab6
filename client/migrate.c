/* SPDX-License-Identifier: MIT */
/* `malachite migrate`: from two connection strings to the summary. */
#include <stdio.h>
#include <string.h>

#include "client/batches_private.h"
#include "client/client.h"
#include "client/existing_server_private.h"
#include "client/follow_private.h"
#include "client/input/password.h"
#include "client/input/terminal.h"
#include "client/options_private.h"
#include "client/resources_private.h"
#include "client/summary_private.h"
#include "core/str.h"

struct job {
    struct client_options options;
    struct server_uri source, target;
    struct private_server private_server;
    struct rest *rest;
    json_t *databases; /* names */
    bool created;      /* the migration exists: from now on keep its state */
};

static int report(const struct err *err)
{
    fprintf(stderr, "malachite: %s\n", err->message);
    return err->code == ERR_CANCELED || terminal_interrupted() ? CLIENT_INTERRUPTED
           : err->code == ERR_UNAVAILABLE                      ? CLIENT_UNAVAILABLE
                                                               : CLIENT_NOT_SUCCEEDED;
}

/* Checks that the cutover is decided, so that the command does not wait for an answer that nobody can
 * give. */
static int check_cutover(const struct client_options *options, struct err *err)
{
    if (!options->online && options->cutover[0] != '\0') {
        return err_set(err, ERR_BAD_INPUT, "--cutover is for --online migrations");
    }
    bool asks = options->cutover[0] == '\0' || str_equals(options->cutover, "ask");
    if (options->online && asks && !terminal_can_ask()) {
        return err_set(err, ERR_BAD_INPUT,
                       "--online without a terminal: say when to cut over, with --cutover when-caught-up or "
                       "--cutover manual");
    }
    return 0;
}

/* Databases keep their names: another name in the target's URI would be ignored silently. */
static int check_target_database(const struct job *job, struct err *err)
{
    const char *name = job->target.database;
    if (name == NULL || str_equals(name, "postgres") || str_equals(name, job->options.databases) ||
        (job->options.databases[0] == '\0' && str_equals(name, job->source.database))) {
        return 0;
    }
    return err_set(
        err, ERR_BAD_INPUT,
        "--target names the database '%s', but databases keep their names: leave it out of the URI", name);
}

static int read_words(struct job *job, int argc, char **argv, struct err *err)
{
    int parsed = client_options_parse(&job->options, argc, argv, err);
    if (client_hide_passwords(argc, argv)) {
        fputs("malachite: warning: a password in the arguments stays in the shell's history, and is in the "
              "process "
              "list for a moment, until Malachite overwrites it. Prefer MALACHITE_SOURCE_PASSWORD, "
              "MALACHITE_TARGET_PASSWORD or --passfile.\n",
              stderr);
    }
    if (parsed < 0 || server_uri_parse("source", job->options.source, err, &job->source) < 0 ||
        server_uri_parse("target", job->options.target, err, &job->target) < 0 ||
        check_cutover(&job->options, err) < 0 || check_target_database(job, err) < 0) {
        return -1;
    }
    return password_find(&job->source, job->options.passfile, err) < 0 ||
                   password_find(&job->target, job->options.passfile, err) < 0
               ? -1
               : 0;
}

static int open_private(struct job *job, struct err *err)
{
    auto_free char *source = server_uri_address(&job->source);
    auto_free char *target = server_uri_address(&job->target);
    auto_free char *pair = source == NULL || target == NULL ? NULL : str_format("%s %s", source, target);
    if (pair == NULL) {
        return err_no_memory(err);
    }
    if (private_server_start(pair, job->options.state_dir, err, &job->private_server) < 0) {
        return -1;
    }
    const struct rest_settings settings = {.url = job->private_server.url,
                                           .ca_file = "",
                                           .tenant_id = job->options.tenant_id,
                                           .client_id = job->options.client_id,
                                           .client_secret = job->private_server.secret};
    return rest_open(&settings, err, &job->rest);
}

static int choose_named(struct job *job, json_t *existing, struct err *err)
{
    const char *at = job->options.databases[0] != '\0' ? job->options.databases : job->source.database;
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, "\n");
        json_t *name = json_stringn(at, len);
        json_t *row = NULL;
        size_t i = 0;
        bool exists = false;
        json_array_foreach (existing, i, row) {
            exists = exists || json_equal(row, name);
        }
        bool repeated = false;
        json_array_foreach (job->databases, i, row) {
            repeated = repeated || json_equal(row, name);
        }
        if (repeated) {
            json_decref(name);
        } else if (!exists || json_array_append_new(job->databases, name) != 0) {
            json_decref(name);
            return err_set(err, ERR_BAD_INPUT, "The source has no database '%.*s'.", (int)len, at);
        }
        at += len + (at[len] == '\n' ? 1 : 0);
    }
    return 0;
}

static bool is_of_the_server(const char *name)
{
    static const char *const names[] = {"postgres", "template0", "template1", "azure_maintenance",
                                        "azure_sys"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_equals(names[i], name)) {
            return true;
        }
    }
    return false;
}

static int choose_databases(struct job *job, json_t *existing, struct err *err)
{
    json_t *row = NULL;
    size_t i = 0;
    job->databases = json_array();
    if (job->options.databases[0] != '\0' || job->source.database != NULL) {
        if (choose_named(job, existing, err) < 0) {
            return -1;
        }
    } else {
        json_array_foreach (existing, i, row) {
            if (!is_of_the_server(json_string_value(row))) {
                json_array_append(job->databases, row);
            }
        }
    }
    if (json_array_size(job->databases) == 0) {
        return err_set(err, ERR_BAD_INPUT,
                       "The source has no databases besides its own: nothing to migrate.");
    }
    return 0;
}

static void announce(const struct job *job, const struct batches *batches, size_t index)
{
    auto_free char *names = json_dumps(batches->items[index].databases, JSON_ENCODE_ANY);
    if (batches->count > 1) {
        fprintf(stderr, "migration %zu of %zu, ", index + 1, batches->count);
    }
    fprintf(stderr, "databases: %s, %s\n", names == NULL ? "" : names,
            job->options.online ? "online" : "offline");
}

/* "evidence.json" for one migration; "evidence.json.2" for the second of several. */
static char *evidence_file(const struct job *job, const struct batches *batches, size_t index)
{
    const char *path = job->options.evidence_file;
    return batches->count == 1 || path[0] == '\0' ? str_dup(path) : str_format("%s.%zu", path, index + 1);
}

/* One migration, from its creation to its summary. Returns an exit code; ret_state is its last state, or
 * stays NULL. */
static int run_batch(struct job *job, const struct migration_plan *plan, const char *evidence,
                     char **ret_state)
{
    struct err err = {0};
    auto_created struct created created = {0};
    auto_sighting struct sighting end = {0};
    const char *reason = NULL;
    if (resources_put_migration(job->rest, plan, &err, &created) < 0) {
        return report(&err);
    }
    job->created = true;
    const struct followed followed = {.rest = job->rest,
                                      .migration_id = created.id,
                                      .path = created.path,
                                      .options = &job->options,
                                      .private_server =
                                          job->private_server.dir == NULL ? NULL : &job->private_server};
    if (follow(&followed, &err, &end, &reason) < 0) {
        return report(&err);
    }
    *ret_state = str_dup(end.state);
    return (int)summary_print(job->rest, &end, reason, evidence);
}

static void print_total(const struct batches *batches)
{
    size_t succeeded = 0;
    for (size_t i = 0; i < batches->count; i++) {
        succeeded += str_equals(batches->items[i].state, "Succeeded") ? 1 : 0;
    }
    printf("%zu of %zu migrations succeeded:\n", succeeded, batches->count);
    for (size_t i = 0; i < batches->count; i++) {
        auto_free char *names = json_dumps(batches->items[i].databases, JSON_COMPACT);
        printf("  %zu. %s: %s\n", i + 1,
               batches->items[i].state == NULL ? "not completed" : batches->items[i].state,
               names == NULL ? "" : names);
    }
    fflush(stdout);
}

/* A failed migration does not stop the next ones; everything else does. */
static int run_batches(struct job *job, struct migration_plan *plan, struct batches *batches)
{
    int result = CLIENT_SUCCEEDED;
    bool goes_on = true; /* until it is canceled, or Malachite does not answer */
    for (size_t i = 0; i < batches->count && goes_on && !terminal_interrupted(); i++) {
        struct batch *batch = &batches->items[i];
        announce(job, batches, i);
        if (batch_is_ended(batch)) {
            fprintf(stderr, "%s in an earlier run: migration %s. --overwrite migrates all again.\n",
                    batch->state, batch->earlier);
            result = str_equals(batch->state, "Succeeded") ? result : CLIENT_NOT_SUCCEEDED;
            continue;
        }
        auto_free char *name = batches_name(batches, i);
        auto_free char *evidence = evidence_file(job, batches, i);
        plan->databases = batch->databases;
        plan->name = name;
        (void)str_replace(&batch->state, NULL);
        int ended = name == NULL || evidence == NULL ? CLIENT_NOT_SUCCEEDED
                                                     : run_batch(job, plan, evidence, &batch->state);
        result = ended == CLIENT_SUCCEEDED ? result : ended;
        goes_on = ended == CLIENT_SUCCEEDED || str_equals(batch->state, "Failed");
        plan->roles = plan->roles && ended != CLIENT_SUCCEEDED; /* they are of the whole server */
    }
    if (batches->count > 1) {
        print_total(batches);
    }
    bool stopped_between = terminal_interrupted() && result == CLIENT_SUCCEEDED &&
                           !str_equals(batches->items[batches->count - 1].state, "Succeeded");
    return stopped_between ? CLIENT_INTERRUPTED : result;
}

/* Before the creation, Ctrl-C simply ends the command. */
static int run(struct job *job, struct err *err)
{
    json_auto_t *on_source = NULL;
    json_auto_t *on_target = NULL;
    auto_free char *target_path = NULL;
    auto_batches struct batches batches = {0};
    rest_end_at_interrupt(job->rest, true);
    if (resources_probe(job->rest, &job->source, err, &on_source) < 0 ||
        resources_probe(job->rest, &job->target, err, &on_target) < 0 ||
        choose_databases(job, on_source, err) < 0 ||
        resources_put_target(job->rest, &job->options, &job->target, err, &target_path) < 0) {
        return report(err);
    }
    struct migration_plan plan = {.options = &job->options,
                                  .source = &job->source,
                                  .target = &job->target,
                                  .target_path = target_path,
                                  .databases = job->databases,
                                  .roles = job->options.roles};
    if (batches_plan(job->rest, &plan, err, &batches) < 0) {
        return report(err);
    }
    rest_end_at_interrupt(job->rest, false);
    return run_batches(job, &plan, &batches);
}

static void finish(struct job *job, int result)
{
    bool is_private = job->private_server.dir != NULL;
    bool forget = result == CLIENT_SUCCEEDED || (job->private_server.is_new && !job->created);
    rest_close(job->rest);
    if (is_private && !forget) {
        fprintf(stderr, "State and log are kept in %s; the next run between these servers uses them.\n",
                job->private_server.dir);
    }
    if (is_private) {
        private_server_stop(&job->private_server, forget);
    }
    server_uri_done(&job->source);
    server_uri_done(&job->target);
    json_decref(job->databases);
    client_options_done(&job->options);
}

int client_migrate(int argc, char **argv)
{
    struct job job = {.private_server = {.lock_fd = -1}};
    struct err err = {0};
    int result = CLIENT_USAGE;
    terminal_catch_signals();
    if (read_words(&job, argc, argv, &err) < 0) {
        result = report(&err) == CLIENT_INTERRUPTED ? CLIENT_INTERRUPTED : CLIENT_USAGE;
    } else if ((job.options.server[0] == '\0' ? open_private(&job, &err)
                                              : existing_server_open(&job.options, &err, &job.rest)) < 0) {
        result = report(&err);
    } else {
        result = run(&job, &err);
    }
    finish(&job, result);
    return result;
}
