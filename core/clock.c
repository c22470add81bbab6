/* SPDX-License-Identifier: MIT */
#include "core/clock.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
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
    char date[20] = "";
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_TEXT_SIZE, "%s.%06d0Z", date, (int)fraction);
    return text;
}

/* Reads ".123456..." as microseconds; digits past the sixth are dropped. Leaves *text behind them. */
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

/* Reads "Z" or "+hh:mm" as seconds east of UTC; it must end the text. */
static bool parse_offset(const char *text, int *ret_seconds)
{
    if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0') {
        *ret_seconds = 0;
        return true;
    }
    int hours = 0;
    int minutes = 0;
    int used = 0;
    if ((text[0] != '+' && text[0] != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
        used != 5 || text[6] != '\0' || hours > 23 || hours < 0 || minutes > 59 || minutes < 0) {
        return false;
    }
    *ret_seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
    return true;
}

bool clock_parse(const char *text, int64_t *ret_us)
{
    struct tm utc = {0};
    int us = 0;
    int offset = 0;
    if (strlen(text) >= 64) {
        return false;
    }
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    if (rest == NULL || !parse_fraction(&rest, &us) || !parse_offset(rest, &offset)) {
        return false;
    }
    *ret_us = ((int64_t)timegm(&utc) - offset) * 1000000 + us;
    return true;
}
