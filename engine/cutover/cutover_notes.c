/* SPDX-License-Identifier: MIT */
/* The sentences of a cutover's evidence. */
#include <stdarg.h>
#include <stdlib.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"

enum { NOTE_MAX_BYTES = 16384 };

static void printf_like(2, 0) add_to(struct str_list *list, const char *format, va_list args)
{
    auto_buf struct buf text = BUF_MAX(NOTE_MAX_BYTES);
    buf_vaddf(&text, format, args);
    str_list_add(list, buf_failed(&text) ? "(this text was too long)" : buf_text(&text));
}

void cutover_note(struct cutover_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_to(&state->evidence->notes, format, args);
    va_end(args);
}

void cutover_warn(struct cutover_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_to(&state->evidence->warnings, format, args);
    va_end(args);
}

void cutover_lose(struct cutover_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_to(&state->evidence->losses, format, args);
    va_end(args);
}

void cutover_take_warnings(struct cutover_state *state)
{
    auto_str_list struct str_list warnings = {0};
    report_take_warnings(&state->report, &warnings);
    for (size_t i = 0; i < warnings.count; i++) {
        str_list_add(&state->evidence->warnings, warnings.items[i]);
    }
}

void cutover_make_texts_utf8(struct evidence *evidence, struct err *err)
{
    for (size_t i = 0; i < evidence->table_count; i++) {
        str_make_utf8(evidence->tables[i].schema);
        str_make_utf8(evidence->tables[i].name);
    }
    for (size_t i = 0; i < evidence->sequence_count; i++) {
        str_make_utf8(evidence->sequences[i].schema);
        str_make_utf8(evidence->sequences[i].name);
    }
    const struct str_list *const lists[] = {&evidence->losses, &evidence->warnings, &evidence->notes};
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        for (size_t i = 0; i < lists[list]->count; i++) {
            str_make_utf8(lists[list]->items[i]);
        }
    }
    str_make_utf8(err->message);
    str_make_utf8(err->target);
}

void evidence_done(struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->table_count; i++) {
        free(evidence->tables[i].schema);
        free(evidence->tables[i].name);
    }
    for (size_t i = 0; i < evidence->sequence_count; i++) {
        free(evidence->sequences[i].schema);
        free(evidence->sequences[i].name);
    }
    free(evidence->tables);
    free(evidence->sequences);
    str_list_done(&evidence->losses);
    str_list_done(&evidence->warnings);
    str_list_done(&evidence->notes);
    *evidence = (struct evidence){0};
}
