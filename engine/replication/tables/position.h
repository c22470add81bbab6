/* SPDX-License-Identifier: MIT */
/* Positions in a server's WAL as text. */
#ifndef ENGINE_REPLICATION_TABLES_POSITION_H
#define ENGINE_REPLICATION_TABLES_POSITION_H

#include <stdbool.h>
#include <stdint.h>

/* Formats and parses "16/B374D848". */
enum { POSITION_TEXT_SIZE = 24 };
const char *position_format(uint64_t position, char text[static POSITION_TEXT_SIZE]);
bool position_parse(const char *text, uint64_t *ret_position);

#endif
