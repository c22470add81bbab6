/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "core/clock.h"
#include "executor/online.h"

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

char *evidence_to_json(const struct migration_database *row, const char *position_applied,
                       const struct evidence *evidence)
{
    char now[CLOCK_TEXT_SIZE];
    json_t *notes = json_array();
    for (size_t i = 0; i < evidence->notes.count; i++) {
        json_array_append_new(notes, json_string(evidence->notes.items[i]));
    }
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "name", row->name, "takenOn",
                               clock_format(clock_now_us(), now), "positionAtTrigger",
                               row->cutover_position == NULL ? "" : row->cutover_position, "positionApplied",
                               position_applied, "sourceQuiet", evidence->quiet, "tables",
                               tables_of(evidence), "sequences", sequences_of(evidence), "notes", notes);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}
