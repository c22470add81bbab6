/* SPDX-License-Identifier: MIT */
/* Completions for shells, made from the tables of commands and options. */
#ifndef APP_COMPLETION_PRIVATE_H
#define APP_COMPLETION_PRIVATE_H

#include <stdbool.h>

#include "app/manual_private.h"

/* shell: bash, zsh or fish. False for any other. */
bool completion_print(const char *shell, const struct command_text *commands, size_t count, FILE *out);

#endif
