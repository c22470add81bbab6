/* SPDX-License-Identifier: MIT */
#include "app/manual_private.h"

#include <string.h>

#include "client/client.h"
#include "core/attr.h"
#include "core/options/options.h"

#ifndef MALACHITE_DATE
#define MALACHITE_DATE "1970-01-01" /* the Makefile gives that of debian/changelog */
#endif

enum { LINE_COLUMNS = 72 };

/* Text as lines of roff: no request, no escape, and hyphens that can be pasted into a shell. */
static void print_text(const char *text, FILE *out)
{
    size_t column = 0;
    for (; *text != '\0'; text++, column++) {
        if (*text == ' ' && ((column + strcspn(text + 1, " ") >= LINE_COLUMNS) || text[1] == '\0')) {
            fputs(text[1] == '\0' ? "" : "\n", out);
            column = (size_t)-1; /* the next character is the first one */
            continue;
        }
        if (column == 0 && (*text == '.' || *text == '\'')) {
            fputs("\\&", out);
        }
        if (*text == '-' || *text == '\\') {
            fputc('\\', out);
            column++;
        }
        fputc(*text == '\\' ? 'e' : *text, out);
    }
    fputc('\n', out);
}

static void print_options(const struct option_table *table, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        char name[OPTION_VARIABLE_SIZE];
        fputs(".TP\n.B ", out);
        char flag[OPTION_VARIABLE_SIZE];
        snprintf(flag, sizeof(flag), "--%s %s", row->flag, row->placeholder);
        print_text(flag, out);
        print_text(row->help, out);
        fprintf(out, ".br\nEnvironment: %s\n", option_variable(row->flag, name));
        if (row->fallback[0] != '\0') {
            fprintf(out, ".br\nDefault: ");
            print_text(row->fallback, out);
        }
    }
}

static void print_exit_codes(FILE *out)
{
    static const char *const codes[][2] = {
        {"0", "A clean stop; for migrate and watch: the migration Succeeded."},
        {"1", "healthcheck: not ready; migrate and watch: the migration did not succeed."},
        {"2", "Wrong usage."},
        {"69", "A required service is missing, a port is in use, or Malachite does not answer."},
        {"70", "Internal error."},
        {"78", "Invalid configuration."},
        {"130", "Interrupted by Ctrl-C or SIGTERM (migrate and watch)."},
    };
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        fprintf(out, ".TP\n.B %s\n", codes[i][0]);
        print_text(codes[i][1], out);
    }
}

void manual_print(const struct command_text *commands, size_t count, FILE *out)
{
    fputs(".TH MALACHITE 1 " MALACHITE_DATE " \"Malachite " MALACHITE_VERSION "\" \"User Commands\"\n"
          ".SH NAME\n"
          "malachite \\- local control plane for Azure Database for PostgreSQL migrations\n"
          ".SH SYNOPSIS\n"
          ".B malachite\n.I COMMAND\n.RI [ OPTION ]...\n"
          ".SH DESCRIPTION\n"
          "Malachite answers the REST calls of Azure's PostgreSQL migration service\n"
          "on this machine, and moves real databases between real PostgreSQL\n"
          "servers: offline, or online with a cutover.\n"
          ".SH COMMANDS\n",
          out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, ".TP\n.B %s\n", commands[i].name);
        print_text(commands[i].help, out);
    }
    fputs(".SH OPTIONS OF SERVE, HEALTHCHECK AND ENV\n", out);
    print_options(&options_table, out);
    fputs(".SH OPTIONS OF MIGRATE AND WATCH\n", out);
    print_options(&client_option_table, out);
    print_exit_codes(out);
    fputs(".SH EXAMPLES\n.nf\n"
          "malachite serve \\-\\-http\\-port 9090\n"
          "malachite migrate \\-\\-source postgresql://me@old/shop \\-\\-target postgresql://me@new\n"
          ".fi\n.SH SEE ALSO\n.BR psql (1),\n.BR pg_dump (1)\n",
          out);
}
