/* SPDX-License-Identifier: MIT */
/* Durations of ISO 8601, as far as their length is certain: weeks, days, hours, minutes, seconds. */
#ifndef CORE_PARSE_DURATION_H
#define CORE_PARSE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

enum { DURATION_TEXT_SIZE = 48 };

/* Parses "PT72H", "P7D", "P1DT12H30M", "P2W", "PT0.5S" into microseconds. False if it is malformed, negative,
 * has years or months, or is longer than max_us. */
bool duration_parse(const char *text, int64_t max_us, int64_t *ret_us);
/* "PT72H30M1.5S"; "PT0S" for 0. Returns text. */
const char *duration_format(int64_t us, char text[static DURATION_TEXT_SIZE]);

#endif
