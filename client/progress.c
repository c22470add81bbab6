/* SPDX-License-Identifier: MIT */
#include "client/progress_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/input/terminal.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"

enum { BAR_CELLS = 24, LINE_BYTES_MAX = 1024, PLAIN_LINE_MS = 30000, SAMPLE_MS = 250 };

const char *format_bytes(int64_t bytes, char text[static AMOUNT_SIZE])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= 1000 && unit + 1 < ARRAY_LEN(units)) {
        amount /= 1000;
        unit++;
    }
    snprintf(text, AMOUNT_SIZE, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text;
}

const char *format_count(int64_t count, char text[static AMOUNT_SIZE])
{
    char digits[AMOUNT_SIZE];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, count < 0 ? 0 : count);
    size_t at = 0;
    for (int i = 0; i < len && at + 2 < AMOUNT_SIZE; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            text[at++] = ',';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

const char *format_duration(int64_t seconds, char text[static AMOUNT_SIZE])
{
    if (seconds < 60) {
        snprintf(text, AMOUNT_SIZE, "%" PRId64 " s", seconds);
    } else if (seconds < 3600) {
        snprintf(text, AMOUNT_SIZE, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
    } else {
        snprintf(text, AMOUNT_SIZE, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
    }
    return text;
}

void progress_begin(struct progress *progress)
{
    *progress = (struct progress){.live = terminal_is_live(), .tenth = -1};
}

static void erase(struct progress *progress)
{
    if (progress->drawn) {
        fputs("\r\033[K", stderr);
        progress->drawn = false;
    }
}

void progress_note(struct progress *progress, const char *format, ...)
{
    va_list args;
    erase(progress);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void progress_end(struct progress *progress)
{
    erase(progress);
    free(TAKE(progress->step));
    free(TAKE(progress->message));
}

/* Names come from databases and may contain anything, but must not control the terminal. Returns text. */
static const char *make_printable(char *text)
{
    for (char *at = str_repair_utf8(text); *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = ' ';
        }
    }
    return text;
}

/* Displays changed messages of the waiting migration and of its databases. */
static void show_messages(struct progress *progress, const struct sighting *sighting)
{
    auto_buf struct buf text = BUF_MAX(LINE_BYTES_MAX * 16);
    size_t i = 0;
    json_t *row = NULL;
    buf_adds(&text, sighting->error == NULL ? "" : sighting->error);
    json_array_foreach (sighting->databases, i, row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *message = json_string_value(json_object_get(row, "message"));
        if (name != NULL && message != NULL && message[0] != '\0') {
            buf_addf(&text, "%s%s: %s", text.len == 0 ? "" : " ", name, message);
        }
    }
    if (text.len > 0 && !sighting_is_end(sighting) && !str_equals(progress->message, buf_text(&text))) {
        (void)str_replace(&progress->message, buf_text(&text));
        progress_note(progress, "  %s", make_printable(text.data));
    }
}

/* The new entries of the history: "22:43:36 The base copy is complete." */
static void show_events(struct progress *progress, const struct sighting *sighting)
{
    for (; progress->events < json_array_size(sighting->events); progress->events++) {
        json_t *event = json_array_get(sighting->events, progress->events);
        const char *at = json_string_value(json_object_get(event, "at"));
        auto_free char *text = str_dup(json_string_value(json_object_get(event, "text")));
        if (at != NULL && strlen(at) > 19 && text != NULL && text[0] != '\0') {
            progress_note(progress, "%.8s %s", at + 11, make_printable(text));
        }
    }
}

static void add_sample(struct progress *progress, const struct sighting *sighting)
{
    int64_t now_ms = clock_monotonic_ms();
    size_t last = (progress->sample_count + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;
    if (progress->sample_count == 0 || now_ms - progress->samples[last].at_ms >= SAMPLE_MS) {
        size_t at = progress->sample_count++ % PROGRESS_SAMPLES;
        progress->samples[at].at_ms = now_ms;
        progress->samples[at].rows = sighting->rows_copied;
        progress->samples[at].bytes = sighting->bytes_copied;
    }
}

/* Per second, over the kept samples; 0 while there are too few. */
static void compute_rates(const struct progress *progress, int64_t *ret_rows, int64_t *ret_bytes)
{
    size_t count = progress->sample_count;
    size_t first = count > PROGRESS_SAMPLES ? count % PROGRESS_SAMPLES : 0;
    size_t last = (count + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;
    int64_t ms = count < 2 ? 0 : progress->samples[last].at_ms - progress->samples[first].at_ms;
    *ret_rows = ms <= 0 ? 0 : (progress->samples[last].rows - progress->samples[first].rows) * 1000 / ms;
    *ret_bytes = ms <= 0 ? 0 : (progress->samples[last].bytes - progress->samples[first].bytes) * 1000 / ms;
}

static void add_bar(struct buf *line, int percent)
{
    int filled = percent * BAR_CELLS / 100;
    buf_addc(line, '[');
    for (int i = 0; i < BAR_CELLS; i++) {
        buf_addc(line, i < filled ? '#' : '-');
    }
    buf_addf(line, "] %3d %%", percent);
}

/* What is left takes as long as its share of what was copied. 0: not known. */
static int64_t seconds_left(const struct sighting *sighting, int64_t bytes_per_s)
{
    if (bytes_per_s <= 0 || sighting->size_copied <= 0) {
        return 0;
    }
    double sent_per_byte = (double)sighting->bytes_copied / (double)sighting->size_copied;
    return (int64_t)((double)sighting->size_left * sent_per_byte / (double)bytes_per_s) + 1;
}

/* The sizes of a database's tables are known only when its copy begins. */
static int next_percent(struct progress *progress, const struct sighting *sighting)
{
    int percent = sighting_percent(sighting);
    bool restarted = sighting->bytes_copied < progress->bytes_shown;
    if (percent > progress->percent || restarted) {
        progress->percent = percent;
    }
    progress->bytes_shown = sighting->bytes_copied;
    return progress->percent;
}

static void describe_copy(struct progress *progress, const struct sighting *sighting, const char *tables,
                          struct buf *line)
{
    char bytes[AMOUNT_SIZE];
    char rows[AMOUNT_SIZE];
    char rate[AMOUNT_SIZE];
    char left[AMOUNT_SIZE];
    int64_t rows_per_s = 0;
    int64_t bytes_per_s = 0;
    int percent = next_percent(progress, sighting);
    compute_rates(progress, &rows_per_s, &bytes_per_s);
    if (progress->live) {
        add_bar(line, percent);
    } else {
        buf_addf(line, "%3d %%", percent);
    }
    buf_addf(line, "  %s  %s rows", format_bytes(sighting->bytes_copied, bytes),
             format_count(sighting->rows_copied, rows));
    if (sighting->size_left > 0) {
        buf_addf(line, "  %s rows/s", format_count(rows_per_s, rate));
        int64_t seconds = seconds_left(sighting, bytes_per_s);
        if (seconds > 0) {
            buf_addf(line, "  about %s left", format_duration(seconds, left));
        }
    }
    if (tables != NULL) {
        buf_addf(line, "  %s", tables);
    } else if (sighting->operation != NULL) {
        buf_addf(line, "  %s", sighting->operation);
    }
}

static void describe_replication(const struct sighting *sighting, struct buf *line)
{
    char pending[AMOUNT_SIZE];
    char applied[AMOUNT_SIZE];
    char latency[AMOUNT_SIZE];
    buf_addf(line, "replicating: %s pending, %s behind, %s changes applied",
             format_bytes(sighting->pending_bytes, pending), format_duration(sighting->latency_s, latency),
             format_count(sighting->applied_changes, applied));
}

/* Draws only as much of the line as fits into the terminal, so that it can be erased. */
static void draw(struct progress *progress, const char *line)
{
    const char *end = str_utf8_at(line, terminal_columns() - 1);
    erase(progress);
    fprintf(stderr, "%.*s", (int)(end - line), line);
    fflush(stderr);
    progress->drawn = true;
}

/* A file gets a line for each step, each tenth of the progress, and twice a minute. */
static void print_plain(struct progress *progress, const struct sighting *sighting, const char *line)
{
    auto_free char *step = str_format("%s/%s", sighting->state, sighting->substate);
    int tenth = sighting_percent(sighting) / 10;
    int64_t now_ms = clock_monotonic_ms();
    if (str_equals(step, progress->step) && tenth == progress->tenth &&
        now_ms - progress->line_at_ms < PLAIN_LINE_MS) {
        return;
    }
    fprintf(stderr, "%s: %s\n", sighting->substate, line);
    free(progress->step);
    progress->step = TAKE(step);
    progress->tenth = tenth;
    progress->line_at_ms = now_ms;
}

/* A small database is copied between two looks: what was copied is shown at the end, too. */
static void show_final(struct progress *progress, const struct sighting *sighting)
{
    auto_buf struct buf line = BUF_MAX(LINE_BYTES_MAX);
    if (!str_equals(sighting->state, "Succeeded") || sighting->tables_done == 0) {
        return;
    }
    describe_copy(progress, sighting, NULL, &line);
    if (!buf_failed(&line)) {
        progress_note(progress, "%s", make_printable(line.data));
    }
}

void progress_show(struct progress *progress, const struct sighting *sighting, const char *tables)
{
    auto_buf struct buf line = BUF_MAX(LINE_BYTES_MAX);
    show_events(progress, sighting);
    show_messages(progress, sighting);
    add_sample(progress, sighting);
    if (sighting_is_end(sighting)) {
        show_final(progress, sighting);
        return;
    }
    if (str_equals(sighting->substate, "WaitingForCutoverTrigger")) {
        describe_replication(sighting, &line);
    } else if (sighting->tables_open + sighting->tables_done > 0) {
        describe_copy(progress, sighting, tables, &line);
    } else {
        buf_adds(&line, sighting->operation != NULL ? sighting->operation : "starting");
    }
    if (line.data == NULL) {
        return;
    }
    const char *text = make_printable(line.data);
    if (progress->live) {
        draw(progress, text);
    } else {
        print_plain(progress, sighting, text);
    }
}
