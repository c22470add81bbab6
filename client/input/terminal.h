/* SPDX-License-Identifier: MIT */
/* The interactive user: Ctrl-C, questions, the width of a line. */
#ifndef CLIENT_INPUT_TERMINAL_H
#define CLIENT_INPUT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* From now on, the first SIGINT or SIGTERM is only counted, and the second one ends the process. */
void terminal_catch_signals(void);
bool terminal_interrupted(void);

/* Whether a user sees the output, and can answer. */
bool terminal_is_live(void); /* standard error is a terminal */
bool terminal_can_ask(void); /* standard input is one, too */
/* Columns of the terminal on standard error; 80 if unknown. */
size_t terminal_columns(void);

/* Asks on /dev/tty without echo. Returns new memory, which the caller wipes. -1 without a terminal, or
 * after Ctrl-C. */
int terminal_ask_password(const char *prompt, struct err *err, char **ret_password);
/* Asks on standard error and reads a line of standard input. True for "y" and "yes". */
bool terminal_confirm(const char *question);
/* Waits up to ms for a line of standard input. True if the line is this word. */
bool terminal_typed(const char *word, int ms);

#endif
