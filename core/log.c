/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"

/* A text is cut at LOG_TEXT_MAX bytes; escaping multiplies its length by up to six. */
enum { LOG_LINE_MAX = 64 * 1024, LOG_TEXT_MAX = 4 * 1024 };

static enum log_level least_level = LOG_INFO;
static bool as_json;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

void log_setup(enum log_level least, bool json)
{
    least_level = least;
    as_json = json;
}

/* Escapes control characters, so that foreign text cannot start a new log line. */
static void add_escaped(struct buf *line, const char *text, bool quoted)
{
    const char *at = text;
    for (; *at != '\0' && at - text < LOG_TEXT_MAX; at++) {
        unsigned char c = (unsigned char)*at;
        if (quoted && (c == '"' || c == '\\')) {
            buf_addc(line, '\\');
            buf_addc(line, *at);
        } else if (c == '\n') {
            buf_adds(line, "\\n");
        } else if (c < 0x20 || c == 0x7F) {
            buf_addf(line, "\\u%04x", c);
        } else {
            buf_addc(line, *at);
        }
    }
    if (*at != '\0') {
        buf_adds(line, "...");
    }
}

/* Adds text in double quotes with JSON's escapes; the text format quotes values in the same way. */
static void add_quoted(struct buf *line, const char *text)
{
    buf_addc(line, '"');
    add_escaped(line, text, true);
    buf_addc(line, '"');
}

static bool needs_quotes(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c <= 0x20 || c == 0x7F || strchr("\"\\=", c) != NULL) {
            return true;
        }
    }
    return value[0] == '\0';
}

static void add_value(struct buf *line, const char *value)
{
    if (as_json || needs_quotes(value)) {
        add_quoted(line, value);
    } else {
        add_escaped(line, value, false);
    }
}

static void begin_line(struct buf *line, enum log_level level, const char *message)
{
    char now[CLOCK_TEXT_SIZE];
    clock_format(clock_now_us(), now);
    if (as_json) {
        buf_addf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", now, level_names[level]);
        add_quoted(line, message);
    } else {
        buf_addf(line, "%s %-7s ", now, level_names[level]);
        add_escaped(line, message, false);
    }
}

static void write_line(struct buf *line)
{
    buf_adds(line, as_json ? "}\n" : "\n");
    if (buf_failed(line)) {
        buf_reset(line);
        begin_line(line, LOG_ERROR, "a line of the log was too long");
        buf_adds(line, as_json ? "}\n" : "\n");
    }
    const char *text = buf_text(line);
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, text, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;
        }
        text += written;
        left -= (size_t)written;
    }
}

void log_event(enum log_level level, const char *message, ...)
{
    if (level < least_level) {
        return;
    }
    auto_buf struct buf line = BUF_MAX(LOG_LINE_MAX);
    begin_line(&line, level, message);
    va_list args;
    va_start(args, message);
    for (const char *key = va_arg(args, const char *); key != NULL; key = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);
        if (value == NULL) {
            continue;
        }
        if (as_json) {
            buf_addf(&line, ",\"%s\":", key);
        } else {
            buf_addf(&line, " %s=", key);
        }
        add_value(&line, value);
    }
    va_end(args);
    write_line(&line);
}
