/* SPDX-License-Identifier: MIT */
/* Displays a running migration: one line that is rewritten, or plain lines if standard error is not a
 * terminal. */
#ifndef CLIENT_PROGRESS_PRIVATE_H
#define CLIENT_PROGRESS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/sighting_private.h"
#include "core/attr.h"

enum { PROGRESS_SAMPLES = 32 };

struct progress {
    bool live;     /* the line is rewritten */
    bool drawn;    /* a line is on the terminal */
    size_t events; /* shown already */
    char *message; /* the last one shown */
    char *step;    /* state and substate of the last plain line */
    int tenth;     /* and its tenth of the way */
    int64_t line_at_ms;
    int percent;         /* shown last: never less, unless the copy restarts */
    int64_t bytes_shown; /* with it */
    /* A ring of samples of the last seconds, for rates. */
    struct {
        int64_t at_ms, rows, bytes;
    } samples[PROGRESS_SAMPLES];
    size_t sample_count;
};

void progress_begin(struct progress *progress);
/* tables: names of the tables that are being copied, or NULL. */
void progress_show(struct progress *progress, const struct sighting *sighting, const char *tables);
/* Prints a separate line above the live one. */
void progress_note(struct progress *progress, const char *format, ...) printf_like(2, 3);
/* Ends the live line. */
void progress_end(struct progress *progress);

enum { AMOUNT_SIZE = 32 };
/* "1.2 GB", "1,234,567". Return text. */
const char *format_bytes(int64_t bytes, char text[static AMOUNT_SIZE]);
const char *format_count(int64_t count, char text[static AMOUNT_SIZE]);
/* "42 s", "3 min 20 s", "2 h 5 min". */
const char *format_duration(int64_t seconds, char text[static AMOUNT_SIZE]);

#endif
