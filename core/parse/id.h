/* SPDX-License-Identifier: MIT */
/* Random identifiers. */
#ifndef CORE_PARSE_ID_H
#define CORE_PARSE_ID_H

enum { ID_TEXT_SIZE = 37 };

/* Writes a new random UUID (version 4, lower case) and returns it. Ends the process if the system has no
 * random numbers: nothing that needs an id could continue. Any thread. */
char *id_new(char text[static ID_TEXT_SIZE]);

#endif
