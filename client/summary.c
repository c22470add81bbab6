/* SPDX-License-Identifier: MIT */
#include "client/summary_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/input/terminal.h"
#include "client/progress_private.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"

enum { PATH_BYTES_MAX = 8192 };

static const char *text(json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value == NULL ? "" : value;
}

static int64_t number(json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

static int64_t seconds_between(const char *from, const char *to)
{
    int64_t from_us = 0;
    int64_t to_us = 0;
    return clock_parse(from, &from_us) && clock_parse(to, &to_us) ? (to_us - from_us) / 1000000 : 0;
}

static void print_database(json_t *row)
{
    char tables[AMOUNT_SIZE];
    char rows[AMOUNT_SIZE];
    char bytes[AMOUNT_SIZE];
    char changes[AMOUNT_SIZE];
    printf("  %s: %s, %s tables, %s rows, %s", text(row, "name"), text(row, "state"),
           format_count(number(row, "tablesCompleted"), tables),
           format_count(number(row, "rowsCopied"), rows), format_bytes(number(row, "bytesCopied"), bytes));
    if (number(row, "appliedChanges") > 0) {
        printf(", %s changes applied", format_count(number(row, "appliedChanges"), changes));
    }
    if (number(row, "tablesErrored") > 0) {
        printf(", %" PRId64 " tables failed", number(row, "tablesErrored"));
    }
    putchar('\n');
    if (text(row, "message")[0] != '\0') {
        printf("    %s\n", text(row, "message"));
    }
}

/* The numbers of tables or sequences that are equal on both sides, and of those that differ. */
static void print_comparison(json_t *database, const char *list, const char *source, const char *target,
                             const char *what)
{
    json_t *rows = json_object_get(database, list);
    json_t *row = NULL;
    size_t i = 0;
    size_t equal = 0;
    json_array_foreach (rows, i, row) {
        json_t *left = json_object_get(row, source);
        json_t *right = json_object_get(row, target);
        if (!json_is_integer(left) || !json_is_integer(right)) {
            printf("    %s.%s was not compared\n", text(row, "schema"), text(row, "name"));
        } else if (json_equal(left, right)) {
            equal++;
        } else {
            printf("    %s.%s differs: %" PRId64 " on the source, %" PRId64 " on the target\n",
                   text(row, "schema"), text(row, "name"), number(row, source), number(row, target));
        }
    }
    printf("    %s: %zu of %zu\n", what, equal, json_array_size(rows));
}

static void print_texts(json_t *database, const char *list)
{
    json_t *row = NULL;
    size_t i = 0;
    json_array_foreach (json_object_get(database, list), i, row) {
        if (json_is_string(row)) {
            printf("    %s\n", json_string_value(row));
        }
    }
}

static void print_evidence(json_t *evidence)
{
    json_t *database = NULL;
    size_t i = 0;
    json_array_foreach (json_object_get(evidence, "databases"), i, database) {
        printf("Evidence for %s, %s: WAL position %s at the cutover, %s applied\n", text(database, "name"),
               text(database, "takenOn"), text(database, "positionAtTrigger"),
               text(database, "positionApplied"));
        print_comparison(database, "tables", "sourceRows", "targetRows", "tables with equal row counts");
        print_comparison(database, "sequences", "sourceValue", "targetValue", "sequences with equal values");
        print_texts(database, "losses");
        print_texts(database, "warnings");
        print_texts(database, "notes");
    }
}

/* An offline migration has no cutover, so its summary contains the rows per table. */
static void add_tables(struct rest *rest, const struct sighting *end, json_t *details)
{
    json_t *tables = json_object();
    json_t *row = NULL;
    size_t i = 0;
    json_array_foreach (end->databases, i, row) {
        auto_buf struct buf path = BUF_MAX(PATH_BYTES_MAX);
        struct err err = {0};
        json_auto_t *answer = NULL;
        buf_addf(&path, "/_malachite/migrations/%s?database=", text(end->json, "migrationId"));
        buf_add_encoded(&path, text(row, "name"), "");
        if (rest_call(rest, "GET", buf_text(&path), NULL, &err, &answer) == 0) {
            json_object_set(tables, text(row, "name"), json_object_get(answer, "tables"));
        }
    }
    json_object_set_new(details, "tables", tables);
}

static void write_file(struct rest *rest, const struct sighting *end, json_t *evidence, const char *path)
{
    json_auto_t *details = json_copy(end->json);
    if (details == NULL) {
        return;
    }
    add_tables(rest, end, details);
    if (evidence != NULL) {
        json_object_set(details, "evidence", json_object_get(evidence, "databases"));
    }
    if (json_dump_file(details, path, JSON_INDENT(2)) != 0) {
        fprintf(stderr, "malachite: cannot write %s\n", path);
    }
}

enum client_exit summary_print(struct rest *rest, const struct sighting *end, const char *reason,
                               const char *evidence_file)
{
    char time[AMOUNT_SIZE];
    struct err err = {0};
    json_auto_t *evidence = NULL;
    json_t *row = NULL;
    size_t i = 0;
    auto_free char *path = str_format("/_malachite/migrations/%s/evidence", text(end->json, "migrationId"));
    if (path != NULL) {
        (void)rest_call(rest, "GET", path, NULL, &err, &evidence); /* 404: an offline migration has none */
    }
    printf("%s after %s: migration %s\n", end->state,
           format_duration(seconds_between(text(end->json, "createdAt"), text(end->json, "endedAt")), time),
           text(end->json, "name"));
    json_array_foreach (end->databases, i, row) {
        print_database(row);
    }
    print_evidence(evidence);
    if (evidence_file[0] != '\0') {
        write_file(rest, end, evidence, evidence_file);
    }
    fflush(stdout);
    if (str_equals(end->state, "Succeeded")) {
        return CLIENT_SUCCEEDED;
    }
    if (end->error != NULL) {
        fprintf(stderr, "malachite: %s\n", end->error);
    }
    if (reason != NULL) {
        fprintf(stderr, "malachite: %s\n", reason);
    }
    return str_equals(end->state, "Canceled") && terminal_interrupted() ? CLIENT_INTERRUPTED
                                                                        : CLIENT_NOT_SUCCEEDED;
}
