/* SPDX-License-Identifier: MIT */
/* The manual page and the completions of shells, made from the tables of commands and options. */
#ifndef APP_MANUAL_PRIVATE_H
#define APP_MANUAL_PRIVATE_H

#include <stddef.h>
#include <stdio.h>

struct command_text {
    const char *name;
    const char *help;
};

void manual_print(const struct command_text *commands, size_t count, FILE *out);

#endif
