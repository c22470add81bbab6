/* SPDX-License-Identifier: MIT */
/*
 * One line per event on standard error: time, level, message, then key=value pairs, or the same as one
 * JSON object per line. Log once, at the level that knows the meaning, and never a secret: connection
 * strings and bodies do not belong in a log line.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Sets the lowest level and the format. Call it once, before threads start. */
void log_setup(enum log_level least, bool json);

/*
 * Writes one line, or drops it if standard error is a pipe, socket or terminal that takes no more: it never
 * waits. The next line that fits is preceded by one that says how many were dropped. Keys and values follow
 * the message as pairs of strings, terminated by NULL; a pair with a NULL value is left out. Any thread;
 * lines never mix.
 *
 * log_event(LOG_INFO, "server started", "server", name, "port", port_text, NULL);
 */
void log_event(enum log_level level, const char *message, ...) __attribute__((sentinel));

#endif
