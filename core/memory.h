/* SPDX-License-Identifier: MIT */
/*
 * Notices that memory ran out while a request was served. Many small pieces of an answer or of a row are
 * optional, and a piece that memory was out for looks like one that is not there: tags would vanish, a list
 * would be shorter, a body would look malformed. So jansson and core/ report every failed allocation here,
 * the store refuses to write after one, and the request is answered 500.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Begins to watch the calling thread; watches nest. Returns whether an allocation has failed since the
 * outermost began. Threads that are not watched report nothing. */
void memory_watch_begin(void);
bool memory_watch_end(void);
/* The same in the middle of a watch; false outside of any. */
bool memory_watch_failed(void);

/* Reports the failure when block is NULL; returns block. */
void *memory_checked(void *block);

/* json_loadb() for texts from anywhere: without this jansson's lexer reads beyond its buffer when memory runs
 * out. */
json_t *memory_parse_json(const char *text, size_t len, size_t flags, json_error_t *error);
/* The same for a string; NULL for NULL. */
json_t *memory_parse_text(const char *text, size_t flags);

#endif
