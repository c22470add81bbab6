/* SPDX-License-Identifier: MIT */
#include "core/parse/duration.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/attr.h"

enum { FRACTION_DIGITS = 6 };

static const int64_t SECOND_US = 1000000;

struct unit {
    char letter;
    bool behind_t; /* a unit of the time of day */
    int64_t seconds;
};
static const struct unit units[] = {
    {'W', false, 604800}, {'D', false, 86400}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};

/* Digits and, before S only, a fraction of at most six; advances *at to the letter. */
static bool read_number(const char **at, int64_t max, int64_t *ret_whole, int64_t *ret_fraction_us)
{
    int64_t whole = 0;
    int64_t fraction = 0;
    int digits = 0;
    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    for (; isdigit((unsigned char)**at); ++*at) {
        whole = whole * 10 + (**at - '0');
        if (whole > max) {
            return false;
        }
    }
    if (**at == '.') {
        for (++*at; isdigit((unsigned char)**at) && digits < FRACTION_DIGITS; ++*at, digits++) {
            fraction = fraction * 10 + (**at - '0');
        }
        if (digits == 0 || **at != 'S') {
            return false;
        }
    }
    for (; digits < FRACTION_DIGITS; digits++) {
        fraction *= 10;
    }
    *ret_whole = whole;
    *ret_fraction_us = fraction;
    return true;
}

/* Units come largest first: finds the letter's unit among those after the previous one. */
static const struct unit *next_unit(char letter, bool behind_t, const struct unit *before)
{
    for (const struct unit *unit = before == NULL ? units : before + 1; unit < units + ARRAY_LEN(units);
         unit++) {
        if (unit->letter == letter && unit->behind_t == behind_t) {
            return unit;
        }
    }
    return NULL;
}

bool duration_parse(const char *text, int64_t max_us, int64_t *ret_us)
{
    const char *at = text;
    const struct unit *unit = NULL;
    bool behind_t = false;
    int64_t total_us = 0;
    if (*at++ != 'P') {
        return false;
    }
    do {
        int64_t whole = 0;
        int64_t fraction_us = 0;
        if (!behind_t && *at == 'T') {
            behind_t = true;
            at++;
        }
        if (!read_number(&at, max_us / SECOND_US, &whole, &fraction_us) ||
            (unit = next_unit(*at, behind_t, unit)) == NULL) {
            return false;
        }
        at++;
        if (whole > (max_us - total_us - fraction_us) / SECOND_US / unit->seconds) {
            return false;
        }
        total_us += whole * unit->seconds * SECOND_US + fraction_us;
    } while (*at != '\0');
    *ret_us = total_us;
    return total_us <= max_us;
}

const char *duration_format(int64_t us, char text[static DURATION_TEXT_SIZE])
{
    const int64_t seconds = us / SECOND_US;
    const int64_t fraction = us % SECOND_US;
    int len = snprintf(text, DURATION_TEXT_SIZE, "PT");
    const struct {
        int64_t value;
        char letter;
    } parts[] = {{seconds / 3600, 'H'}, {seconds / 60 % 60, 'M'}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].value != 0) {
            len += snprintf(text + len, (size_t)(DURATION_TEXT_SIZE - len), "%" PRId64 "%c", parts[i].value,
                            parts[i].letter);
        }
    }
    if (fraction != 0) {
        len += snprintf(text + len, (size_t)(DURATION_TEXT_SIZE - len), "%" PRId64 ".%06" PRId64,
                        seconds % 60, fraction);
        while (text[len - 1] == '0') {
            len--;
        }
        text[len++] = 'S';
        text[len] = '\0';
    } else if (seconds % 60 != 0 || us == 0) {
        snprintf(text + len, (size_t)(DURATION_TEXT_SIZE - len), "%" PRId64 "S", seconds % 60);
    }
    return text;
}
