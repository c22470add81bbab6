/* SPDX-License-Identifier: MIT */
/* The command line: one table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/client_env_private.h"
#include "app/completion_private.h"
#include "app/healthcheck_private.h"
#include "app/manual_private.h"
#include "app/secrets_private.h"
#include "app/serve_private.h"
#include "client/client.h"
#include "core/log.h"
#include "core/options/options.h"
#include "core/str.h"
#include "executor/executor.h"
#include "executor/fsm/migration_fsm.h"
#include "server/route.h"

/* argc and argv are the arguments after the command. Returns an exit code. */
typedef int command_fn(int argc, char **argv);

static int usage_error(const char *message)
{
    fprintf(stderr, "malachite: %s\n", message);
    return EXIT_USAGE;
}

static int run_help(int argc, char **argv);

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (str_equals(argv[i], "--help") || str_equals(argv[i], "-h")) {
            return true;
        }
    }
    return false;
}

static int with_options(int argc, char **argv, int (*run)(struct options *options))
{
    if (asks_for_help(argc, argv)) {
        return run_help(0, NULL);
    }
    struct options options = {0};
    struct err err = {0};
    int parsed = options_parse(&options, argc, argv, &err);
    int result = parsed < 0 ? usage_error(err.message) : run(&options);
    options_done(&options);
    return result;
}

static int serve_with_log(struct options *options)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    enum log_level least = LOG_INFO;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (str_equals(options->log_level, levels[i])) {
            least = (enum log_level)i;
        }
    }
    log_setup(least, str_equals(options->log_format, "json"));
    struct err err = {0};
    if (secrets_read(options, &err) < 0) {
        log_event(LOG_ERROR, "cannot start", "reason", err.message, NULL);
        return EXIT_BAD_CONFIGURATION;
    }
    return serve(options);
}

static int run_serve(int argc, char **argv)
{
    return with_options(argc, argv, serve_with_log);
}

static int healthcheck_with_options(struct options *options)
{
    return healthcheck(options);
}

static int run_healthcheck(int argc, char **argv)
{
    return with_options(argc, argv, healthcheck_with_options);
}

static int run_env(int argc, char **argv)
{
    if (asks_for_help(argc, argv)) {
        return run_help(0, NULL);
    }
    struct options options = {0};
    struct err err = {0};
    int result = EXIT_USAGE;
    if (argc == 0 || argv[0][0] == '-') {
        fputs("malachite: no client given; known clients: ", stderr);
        client_env_list(", ", stderr);
        fputc('\n', stderr);
    } else if (options_parse(&options, argc - 1, argv + 1, &err) < 0) {
        usage_error(err.message);
    } else {
        result = client_env_print(argv[0], &options);
    }
    options_done(&options);
    return result;
}

/* For commands that accept no arguments; 0 means continue. */
static int refuse_arguments(int argc, char **argv)
{
    if (argc > 0) {
        fprintf(stderr, "malachite: unexpected argument '%s'\n", argv[0]);
        return EXIT_USAGE;
    }
    return 0;
}

static int run_demo(int argc, char **argv)
{
    puts("The demonstration needs the source tree: run 'make demo' there. It migrates a sample database "
         "between\n"
         "two real PostgreSQL servers and leaves everything running for you to explore.");
    return refuse_arguments(argc, argv);
}

static int run_migrate(int argc, char **argv)
{
    return asks_for_help(argc, argv) ? run_help(0, NULL) : client_migrate(argc, argv);
}

static int run_watch(int argc, char **argv)
{
    return asks_for_help(argc, argv) ? run_help(0, NULL) : client_watch(argc, argv);
}

static int run_request(int argc, char **argv)
{
    return asks_for_help(argc, argv) ? run_help(0, NULL) : client_request(argc, argv);
}

static int run_fsm(int argc, char **argv)
{
    int refused = refuse_arguments(argc, argv);
    if (refused == 0) {
        fsm_print(stdout);
    }
    return refused;
}

static int run_routes(int argc, char **argv)
{
    int refused = refuse_arguments(argc, argv);
    if (refused == 0) {
        route_print(stdout);
    }
    return refused;
}

static int run_version(int argc, char **argv)
{
    int refused = refuse_arguments(argc, argv);
    if (refused == 0) {
        puts("malachite " MALACHITE_VERSION);
    }
    return refused;
}

static int run_man(int argc, char **argv);
static int run_completion(int argc, char **argv);

static const struct command {
    const char *name;
    command_fn *run;
    const char *help;
} commands[] = {
    {"serve", run_serve, "serve until stopped; prints 'Ready.' when it accepts requests"},
    {"migrate", run_migrate, "move databases between two PostgreSQL servers: --source URI --target URI"},
    {"watch", run_watch, "follow a migration to its end: watch MIGRATION"},
    {"request", run_request, "send the requests of a JSON file: request FILE"},
    {"demo", run_demo, "explain how to run the demonstration"},
    {"fsm", run_fsm, "print the substates of a migration as a mermaid diagram"},
    {"routes", run_routes, "print the HTTP calls that Malachite answers"},
    {"healthcheck", run_healthcheck, "check whether a running Malachite is ready: exit code 0 or 1"},
    {"env", run_env,
     "print the settings for a client: env az, node, python, curl, terraform, dotnet, java, go"},
    {"man", run_man, "print the manual page, for man -l -"},
    {"completion", run_completion, "print the completions for a shell: completion bash, zsh, fish"},
    {"version", run_version, "print the version"},
    {"help", run_help, "print this help; 'help --markdown' prints the options as a table"},
};

static int run_help(int argc, char **argv)
{
    if (argc == 1 && str_equals(argv[0], "--markdown")) {
        option_table_print_markdown(&options_table, stdout);
        return EXIT_CLEAN;
    }
    if (argc == 2 && str_equals(argv[0], "--markdown") && str_equals(argv[1], "client")) {
        option_table_print_markdown(&client_option_table, stdout);
        return EXIT_CLEAN;
    }
    puts("Malachite: a local control plane for Azure Database for PostgreSQL migrations that moves real "
         "data.\n\n"
         "usage: malachite COMMAND [OPTION]...\n\nCommands:");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        printf("  %-13s %s\n", commands[i].name, commands[i].help);
    }
    puts("\nOptions of serve, healthcheck and env:");
    option_table_print_help(&options_table, stdout);
    puts("\nOptions of migrate, watch and request:");
    option_table_print_help(&client_option_table, stdout);
    puts("\nExit codes: 0 clean stop; migrate and watch: Succeeded. 1 healthcheck: not ready; migrate and "
         "watch: not Succeeded.\n2 wrong usage, 69 a required service is missing or a port is in use, 70 "
         "internal "
         "error, 78 invalid\nconfiguration, 130 interrupted.");
    return refuse_arguments(argc, argv);
}

static void list_commands(struct command_text texts[static ARRAY_LEN(commands)])
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        texts[i] = (struct command_text){commands[i].name, commands[i].help};
    }
}

static int run_man(int argc, char **argv)
{
    struct command_text texts[ARRAY_LEN(commands)];
    int refused = refuse_arguments(argc, argv);
    if (refused == 0) {
        list_commands(texts);
        manual_print(texts, ARRAY_LEN(texts), stdout);
    }
    return refused;
}

static int run_completion(int argc, char **argv)
{
    struct command_text texts[ARRAY_LEN(commands)];
    list_commands(texts);
    if (argc != 1 || !completion_print(argv[0], texts, ARRAY_LEN(texts), stdout)) {
        return usage_error("name a shell: malachite completion bash, zsh or fish");
    }
    return EXIT_CLEAN;
}

/* libpq would send them to every server, and override the server's own settings in sessions that must have
 * those. */
static void forget_session_settings(void)
{
    static const char *const variables[] = {"PGDATESTYLE", "PGTZ", "PGGEQO", "PGOPTIONS", "PGCLIENTENCODING"};
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        unsetenv(variables[i]);
    }
}

/* The list of processes shows the arguments until they are overwritten. The commands get copies. */
static char **take_arguments(int argc, char **argv)
{
    static char **copies; /* until the process ends */
    copies = calloc((size_t)argc + 1, sizeof(*copies));
    for (int i = 0; copies != NULL && i < argc; i++) {
        copies[i] = str_dup(argv[i]);
        if (copies[i] == NULL) {
            return NULL;
        }
    }
    secrets_hide(argc, argv);
    if (argc > 1 && !str_equals(argv[1], "serve")) { /* it has no connection strings, but paths */
        (void)client_hide_passwords(argc, argv);
    }
    return copies;
}

int main(int argc, char **listed)
{
    char **argv = take_arguments(argc, listed);
    if (argv == NULL) {
        return usage_error("no memory for the arguments");
    }
    forget_session_settings();
    if (argc < 2) {
        return usage_error("no command given; see 'malachite help'");
    }
    const char *name = argv[1];
    if (str_equals(name, "--help") || str_equals(name, "-h")) {
        name = "help";
    } else if (str_equals(name, "--version") || str_equals(name, "-V")) {
        name = "version";
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_equals(commands[i].name, name)) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    fprintf(stderr, "malachite: unknown command '%s'; see 'malachite help'\n", argv[1]);
    return EXIT_USAGE;
}
