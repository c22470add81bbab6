/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"

/* A text is cut at LOG_TEXT_MAX bytes; escaping multiplies its length by up to six. */
enum { LOG_LINE_MAX = 64 * 1024, LOG_TEXT_MAX = 4 * 1024 };

static enum log_level least_level = LOG_INFO;
static bool as_json;
static int output = STDERR_FILENO;
static bool output_is_socket;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* what follows */
static unsigned long long dropped;
static char rest[LOG_LINE_MAX]; /* of a line that was written in part */
static size_t rest_len;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

/* Other processes may share standard error and expect writes to block. The mode belongs to the open file, so
 * a pipe or terminal is opened once more. */
static void open_output(void)
{
    struct stat info;
    if (fstat(STDERR_FILENO, &info) < 0) {
        return;
    }
    output_is_socket = S_ISSOCK(info.st_mode);
    if (output == STDERR_FILENO && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) {
        int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        output = fd < 0 ? STDERR_FILENO : fd;
    }
}

void log_setup(enum log_level least, bool json)
{
    open_output();
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

/* Writes as much as standard error takes without waiting; returns the number of bytes. Call it with the
 * mutex held. */
static size_t write_some(const char *text, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t written = output_is_socket
                              ? send(output, text + done, len - done, MSG_DONTWAIT | MSG_NOSIGNAL)
                              : write(output, text + done, len - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            break;
        }
        done += (size_t)written;
    }
    return done;
}

/* True: nothing waits to be written. Call it with the mutex held. */
static bool flush_rest(void)
{
    size_t done = write_some(rest, rest_len);
    memmove(rest, rest + done, rest_len - done);
    rest_len -= done;
    return rest_len == 0;
}

/* A line is written whole, or dropped and counted. Call it with the mutex held. */
static bool write_whole(const char *text, size_t len)
{
    if (!flush_rest()) {
        return false;
    }
    size_t done = write_some(text, len);
    if (done > 0 && done < len && len - done <= sizeof(rest)) {
        rest_len = len - done;
        memcpy(rest, text + done, rest_len);
    }
    return done > 0;
}

static bool report_dropped(void)
{
    char count[24];
    snprintf(count, sizeof(count), "%llu", dropped);
    auto_buf struct buf line = BUF_MAX(1024);
    begin_line(&line, LOG_WARNING, "lines of the log were dropped: nobody read standard error");
    buf_addf(&line, as_json ? ",\"dropped\":\"%s\"}\n" : " dropped=%s\n", count);
    return write_whole(buf_text(&line), strlen(buf_text(&line)));
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
    pthread_mutex_lock(&mutex);
    if (dropped > 0 && report_dropped()) {
        dropped = 0;
    }
    if (dropped > 0 || !write_whole(text, strlen(text))) {
        dropped++;
    }
    pthread_mutex_unlock(&mutex);
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
