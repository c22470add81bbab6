/* SPDX-License-Identifier: MIT */
#include "core/clock.h"

#include <ctype.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { DATE_TIME_LEN = 19 }; /* "2026-10-07T17:37:19" */

int64_t clock_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_steady_us(void)
{
    static _Atomic int64_t first_offset_us; /* 0: not known yet */
    int64_t offset_us = atomic_load(&first_offset_us);
    if (offset_us == 0) {
        int64_t mine_us = clock_now_us() - monotonic_us();
        offset_us =
            atomic_compare_exchange_strong(&first_offset_us, &offset_us, mine_us) ? mine_us : offset_us;
    }
    return offset_us + monotonic_us();
}

int64_t clock_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_ms_left(int64_t deadline_ms)
{
    int64_t left = deadline_ms - clock_monotonic_ms();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void clock_sleep_ms(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

const char *clock_format(int64_t at_us, char text[static CLOCK_TEXT_SIZE])
{
    int64_t fraction = at_us % 1000000;
    time_t seconds = (time_t)(at_us / 1000000);
    if (fraction < 0) {
        fraction += 1000000;
        seconds--;
    }
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    char date[CLOCK_TEXT_SIZE - 9] =
        ""; /* years that fit into 64 bits of microseconds have up to six digits */
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_TEXT_SIZE, "%s.%06d0Z", date, (int)fraction);
    return text;
}

/* Reads ".123456..." as microseconds and drops further digits. Moves *text behind them. */
static bool parse_fraction(const char **text, int *ret_us)
{
    int us = 0;
    int scale = 100000;
    const char *at = *text;
    if (*at != '.') {
        *ret_us = 0;
        return true;
    }
    at++;
    if (!isdigit((unsigned char)*at)) {
        return false;
    }
    for (; isdigit((unsigned char)*at); at++) {
        us += (*at - '0') * scale;
        scale /= 10;
    }
    *text = at;
    *ret_us = us;
    return true;
}

/* Reads exactly count digits. */
static bool parse_digits(const char *text, int count, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *ret_value = value;
    return true;
}

/* Reads "Z" or "+hh:mm" as seconds east of UTC; it must end the text. */
static bool parse_offset(const char *text, int *ret_seconds)
{
    if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0') {
        *ret_seconds = 0;
        return true;
    }
    int hours = 0;
    int minutes = 0;
    if ((text[0] != '+' && text[0] != '-') || !parse_digits(text + 1, 2, &hours) || text[3] != ':' ||
        !parse_digits(text + 4, 2, &minutes) || text[6] != '\0' || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
    return true;
}

static bool has_shape(const char *text, const char *shape)
{
    for (size_t i = 0; shape[i] != '\0'; i++) {
        int c = toupper((unsigned char)text[i]);
        if (shape[i] == '0' ? !isdigit(c) : c != shape[i]) {
            return false;
        }
    }
    return true;
}

/* Reads "2026-10-07T17:37:19"; strptime() would accept blanks, short numbers and the 31st of February. */
static bool parse_date_time(const char *text, struct tm *ret_utc)
{
    if (!has_shape(text, "0000-00-00T00:00:00")) {
        return false;
    }
    struct tm utc = {0};
    const struct {
        int *field;
        int at, digits, least, most;
    } parts[] = {
        {&utc.tm_year, 0, 4, 0, 9999}, {&utc.tm_mon, 5, 2, 1, 12},  {&utc.tm_mday, 8, 2, 1, 31},
        {&utc.tm_hour, 11, 2, 0, 23},  {&utc.tm_min, 14, 2, 0, 59}, {&utc.tm_sec, 17, 2, 0, 60},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        (void)parse_digits(text + parts[i].at, parts[i].digits, parts[i].field);
        if (*parts[i].field < parts[i].least || *parts[i].field > parts[i].most) {
            return false;
        }
    }
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    /* timegm() turns the 31st of a short month into the 1st of the next. */
    struct tm day = {.tm_year = utc.tm_year, .tm_mon = utc.tm_mon, .tm_mday = utc.tm_mday};
    timegm(&day);
    *ret_utc = utc;
    return day.tm_mday == utc.tm_mday;
}

bool clock_parse(const char *text, int64_t *ret_us)
{
    struct tm utc = {0};
    int us = 0;
    int offset = 0;
    if (!parse_date_time(text, &utc)) {
        return false;
    }
    const char *rest = text + DATE_TIME_LEN;
    if (!parse_fraction(&rest, &us) || !parse_offset(rest, &offset)) {
        return false;
    }
    *ret_us = ((int64_t)timegm(&utc) - offset) * 1000000 + us;
    return true;
}
