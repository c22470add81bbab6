/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/memory.h"
#include "executor/follow/online.h"

static json_t *count_or_null(int64_t rows)
{
    return rows < 0 ? json_null() : json_integer(rows);
}

static json_t *tables_of(const struct evidence *evidence)
{
    json_t *list = json_array();
    for (size_t i = 0; i < evidence->table_count; i++) {
        const struct evidence_table *table = &evidence->tables[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}", "schema", table->schema, "name",
                                              table->name, "sourceRows", count_or_null(table->source_rows),
                                              "targetRows", count_or_null(table->target_rows)));
    }
    return list;
}

static json_t *sequences_of(const struct evidence *evidence)
{
    json_t *list = json_array();
    for (size_t i = 0; i < evidence->sequence_count; i++) {
        const struct evidence_sequence *sequence = &evidence->sequences[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:I, s:I}", "schema", sequence->schema, "name",
                                        sequence->name, "sourceValue", (json_int_t)sequence->source_value,
                                        "targetValue", (json_int_t)sequence->target_value));
    }
    return list;
}

static json_t *list_of(const struct str_list *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++) {
        json_array_append_new(list, json_string(texts->items[i]));
    }
    return list;
}

char *evidence_to_json(const struct migration_database *row, const char *position_applied,
                       const struct evidence *evidence)
{
    char now[CLOCK_TEXT_SIZE];
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "name", row->name, "takenOn",
                  clock_format(clock_now_us(), now), "positionAtTrigger",
                  row->cutover_position == NULL ? "" : row->cutover_position, "positionApplied",
                  position_applied, "sourceQuiet", evidence->quiet, "tables", tables_of(evidence),
                  "sequences", sequences_of(evidence), "losses", list_of(&evidence->losses), "warnings",
                  list_of(&evidence->warnings), "notes", list_of(&evidence->notes));
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

/* ---- what the client sees of it --------------------------------------------------------------------------
 */

enum { LISTED = 20, TEXT_MAX_BYTES = 64 * 1024 };

static json_t *load(const char *json)
{
    return memory_parse_text(json, 0);
}

/* All objects are equal, and nobody wrote: then the message can say so. */
static bool all_compared(const json_t *evidence)
{
    size_t index = 0;
    json_t *table = NULL;
    bool equal = json_is_true(json_object_get(evidence, "sourceQuiet")) &&
                 json_array_size(json_object_get(evidence, "losses")) == 0;
    json_array_foreach (json_object_get(evidence, "tables"), index, table) {
        equal = equal && json_is_integer(json_object_get(table, "sourceRows")) &&
                json_is_integer(json_object_get(table, "targetRows"));
    }
    return equal;
}

char *evidence_losses(const char *json)
{
    json_auto_t *evidence = load(json);
    const json_t *losses = json_object_get(evidence, "losses");
    size_t count = json_array_size(losses);
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    for (size_t i = 0; i < count && i < LISTED; i++) {
        buf_addf(&text, "%s%s", i > 0 ? " " : "", json_string_value(json_array_get(losses, i)));
    }
    if (count > LISTED) {
        buf_addf(&text, " And %zu more.", count - LISTED);
    }
    return count == 0 ? NULL : buf_take(&text);
}

char *evidence_warnings(const char *json, const char *before)
{
    json_auto_t *evidence = load(json);
    const json_t *warnings = json_object_get(evidence, "warnings");
    size_t count = json_array_size(warnings);
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    if (count == 0 && before == NULL) {
        return NULL;
    }
    if (all_compared(evidence)) {
        buf_adds(&text, "All rows were moved: every table has as many rows as on the source. ");
    }
    buf_addf(&text, "%s%s", before != NULL ? before : "", before != NULL && count > 0 ? " " : "");
    if (count > 0) {
        buf_addf(&text, "At the cutover (%zu):", count);
    }
    for (size_t i = 0; i < count && i < LISTED; i++) {
        buf_addf(&text, " (%zu) %s", i + 1, json_string_value(json_array_get(warnings, i)));
    }
    if (count > LISTED) {
        buf_addf(&text, " The evidence lists %zu more.", count - LISTED);
    }
    return buf_take(&text);
}
