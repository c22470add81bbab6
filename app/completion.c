/* SPDX-License-Identifier: MIT */
#include "app/completion_private.h"

#include "app/client_env_private.h"
#include "client/client.h"
#include "core/options/options.h"
#include "core/str.h"

/* Values of options and arguments that are words of a list. */
static const struct {
    const char *flag;
    const char *words;
} choices[] = {{"auth", "none any strict"},
               {"log-level", "debug info warning error"},
               {"log-format", "text json"},
               {"cutover", "ask when-caught-up manual"}};

static const char shells[] = "bash zsh fish";

enum value_kind { VALUE_NONE, VALUE_ANY, VALUE_FILE, VALUE_DIRECTORY };

static enum value_kind kind_of(const struct option_row *row)
{
    if (row->kind == OPTION_IS_SWITCH) {
        return VALUE_NONE;
    }
    return str_istarts(row->placeholder, "FILE")  ? VALUE_FILE
           : str_istarts(row->placeholder, "DIR") ? VALUE_DIRECTORY
                                                  : VALUE_ANY;
}

static const char *choice_of(const char *flag)
{
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        if (str_equals(choices[i].flag, flag)) {
            return choices[i].words;
        }
    }
    return NULL;
}

static void print_flags(const struct option_table *table, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        fprintf(out, "%s--%s", i == 0 ? "" : " ", table->rows[i].flag);
    }
}

static bool is_in(const struct option_table *table, const char *flag)
{
    for (size_t i = 0; i < table->count; i++) {
        if (str_equals(table->rows[i].flag, flag)) {
            return true;
        }
    }
    return false;
}

/* A pattern of case for the options whose values are of this kind. Some options are in both tables. */
static void print_bash_values(enum value_kind kind, const char *compgen, FILE *out)
{
    const struct option_table *tables[] = {&options_table, &client_option_table};
    const char *before = "    ";
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct option_row *row = &tables[t]->rows[i];
            bool repeated = t > 0 && is_in(tables[0], row->flag);
            if (kind_of(row) == kind && choice_of(row->flag) == NULL && !repeated) {
                fprintf(out, "%s--%s", before, row->flag);
                before = " | ";
            }
        }
    }
    fprintf(out, ")\n        %s\n        return ;;\n", compgen);
}

static void print_bash(const struct command_text *commands, size_t count, FILE *out)
{
    fputs("# bash completion for malachite\n_malachite() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=\n"
          "    COMPREPLY=()\n    if [[ $COMP_CWORD -eq 1 ]]; then\n        words=\"",
          out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : " ", commands[i].name);
    }
    fputs("\"\n        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n        return\n    "
          "fi\n"
          "    case $previous in\n",
          out);
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        fprintf(out,
                "    --%s)\n        mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\")\n"
                "        return ;;\n",
                choices[i].flag, choices[i].words);
    }
    print_bash_values(VALUE_FILE, "mapfile -t COMPREPLY < <(compgen -f -- \"$current\")", out);
    print_bash_values(VALUE_DIRECTORY, "mapfile -t COMPREPLY < <(compgen -d -- \"$current\")", out);
    print_bash_values(VALUE_ANY, ":", out);
    fputs("    esac\n    case ${COMP_WORDS[1]} in\n    env) [[ $COMP_CWORD -eq 2 ]] && words='", out);
    client_env_list(" ", out);
    fprintf(out, "' ;;\n    completion) words='%s' ;;\n    migrate | watch | request) words='", shells);
    print_flags(&client_option_table, out);
    fputs("' ;;\n    serve | healthcheck) words='", out);
    print_flags(&options_table, out);
    fputs("' ;;\n    esac\n    if [[ ${COMP_WORDS[1]} == env && $COMP_CWORD -gt 2 ]]; then\n        words='",
          out);
    print_flags(&options_table, out);
    fputs("'\n    fi\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
          "complete -F _malachite malachite\n",
          out);
}

/* Between single quotes: of zsh's _arguments (where brackets and colons count too), or of fish. */
static void print_quoted(const char *text, const char *special, const char *quote, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs(quote, out);
        } else {
            bool escaped = false;
            for (const char *at = special; *at != '\0'; at++) {
                escaped = escaped || *at == *text;
            }
            fprintf(out, escaped ? "\\%c" : "%c", *text);
        }
    }
}

static void print_zsh_options(const char *pattern, const struct option_table *table, FILE *out)
{
    fprintf(out, "    %s)\n        _arguments", pattern);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        bool repeats = row->kind == OPTION_IS_LIST || row->kind == OPTION_IS_LINES;
        enum value_kind kind = kind_of(row);
        const char *choice = choice_of(row->flag);
        fprintf(out, " \\\n            '%s--%s[", repeats ? "*" : "", row->flag);
        print_quoted(row->help, "[]:\\", "'\\''", out);
        fputc(']', out);
        if (choice != NULL) {
            fprintf(out, ":%s:(%s)", row->placeholder, choice);
        } else if (kind != VALUE_NONE) {
            fprintf(out, ":%s:%s", row->placeholder,
                    kind == VALUE_FILE        ? "_files"
                    : kind == VALUE_DIRECTORY ? "_files -/"
                                              : "");
        }
        fputc('\'', out);
    }
    fputs(" ;;\n", out);
}

static void print_zsh(const struct command_text *commands, size_t count, FILE *out)
{
    fputs("#compdef malachite\n_malachite() {\n    local -a commands\n    commands=(\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "        '%s:", commands[i].name);
        print_quoted(commands[i].help, ":\\", "'\\''", out);
        fputs("'\n", out);
    }
    fputs(
        "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
        "    local command=${words[2]}\n    shift words\n    (( CURRENT-- ))\n    case $command in\n    env) "
        "_values client ",
        out);
    client_env_list(" ", out);
    fprintf(out, " ;;\n    completion) _values shell %s ;;\n", shells);
    print_zsh_options("migrate|watch|request", &client_option_table, out);
    print_zsh_options("serve|healthcheck", &options_table, out);
    fputs("    esac\n}\n"
          "# Loaded by compinit, or sourced.\n"
          "if [[ ${funcstack[1]:-} == _malachite ]]; then _malachite \"$@\"; else compdef _malachite "
          "malachite; fi\n",
          out);
}

static void print_fish_options(const char *seen, const struct option_table *table, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        const char *choice = choice_of(row->flag);
        enum value_kind kind = kind_of(row);
        fprintf(out, "complete -c malachite -n '__fish_seen_subcommand_from %s' -l %s", seen, row->flag);
        fputs(kind == VALUE_NONE ? "" : kind == VALUE_ANY ? " -x" : " -r -F", out);
        if (choice != NULL) {
            fprintf(out, " -a '%s'", choice);
        }
        fputs(" -d '", out);
        print_quoted(row->help, "\\", "\\'", out);
        fputs("'\n", out);
    }
}

static void print_fish(const struct command_text *commands, size_t count, FILE *out)
{
    fputs("# fish completion for malachite\ncomplete -c malachite -f\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "complete -c malachite -n __fish_use_subcommand -a %s -d '", commands[i].name);
        print_quoted(commands[i].help, "\\", "\\'", out);
        fputs("'\n", out);
    }
    fputs("complete -c malachite -n '__fish_seen_subcommand_from env' -a '", out);
    client_env_list(" ", out);
    fprintf(out, "'\ncomplete -c malachite -n '__fish_seen_subcommand_from completion' -a '%s'\n", shells);
    print_fish_options("migrate watch request", &client_option_table, out);
    print_fish_options("serve healthcheck env", &options_table, out);
}

bool completion_print(const char *shell, const struct command_text *commands, size_t count, FILE *out)
{
    if (str_equals(shell, "bash")) {
        print_bash(commands, count, out);
    } else if (str_equals(shell, "zsh")) {
        print_zsh(commands, count, out);
    } else if (str_equals(shell, "fish")) {
        print_fish(commands, count, out);
    } else {
        return false;
    }
    return true;
}
