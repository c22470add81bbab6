/* SPDX-License-Identifier: MIT */
/*
 * Detects that memory ran out while a request was served. Many small pieces of a response or of a row are
 * optional, and a piece whose allocation failed looks like a missing one: tags would vanish, a list would
 * be shorter, a body would look malformed. So jansson and core/ report every failed allocation here, the
 * store refuses to write after one, and the response is 500.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Begins and ends watching the calling thread; watches nest. The end returns whether an allocation has
 * failed since the outermost watch began. Threads that are not watched report nothing. */
void memory_watch_begin(void);
bool memory_watch_end(void);
/* The same during a watch; false outside of any. */
bool memory_watch_failed(void);

/* Records the failure if block is NULL; returns block. */
void *memory_checked(void *block);

/* json_loadb() for untrusted texts: without this, jansson's lexer reads beyond its buffer when memory runs
 * out. */
json_t *memory_parse_json(const char *text, size_t len, size_t flags, json_error_t *error);
/* The same for a string; NULL for NULL. */
json_t *memory_parse_text(const char *text, size_t flags);

#endif
