/* SPDX-License-Identifier: MIT */
#include "executor/steps/validation_private.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"

enum { MORE_ROOM = 80 }; /* bytes for the sentence about findings that do not fit */

/* Names from the official examples of validationDetails. */
static const char *const server_types[] = {"AuthenticationAndConnectivityValidation",
                                           "SourceVersionValidation", "ServerParametersValidation"};
static const char *const database_types[] = {"SchemaValidation", "ExtensionsValidation",
                                             "CollationsValidation"};

char *validation_line(const struct finding *finding)
{
    const char *database = finding->database == NULL ? "" : finding->database;
    const char *colon = finding->database == NULL ? "" : ": ";
    if (finding->code == 0) {
        return str_format("%s%s%s", database, colon, finding->message);
    }
    return str_format("%s%s%s %d: %s", database, colon,
                      finding->level == FINDING_FAILED ? "Error" : "Warning", finding->code,
                      finding->message);
}

void validation_error(const struct findings *findings, struct err *err)
{
    err_set(err, ERR_BAD_INPUT, "%s", "");
    err->lasting = false;
    size_t left = 0;
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].level != FINDING_FAILED) {
            continue;
        }
        auto_free char *line = validation_line(&findings->items[i]);
        size_t used = strlen(err->message);
        if (used > 0 && line != NULL && used + strlen(line) + MORE_ROOM > sizeof(err->message)) {
            left++;
        } else {
            err_append(err, "%s%s", used == 0 ? "" : " ", line == NULL ? "" : line);
        }
        err->lasting = err->lasting || !findings->items[i].passing;
        err->named_code = err->named_code == 0 ? findings->items[i].code : err->named_code;
    }
    if (left > 0) {
        err_append(err, " And %zu more; validate the migration to see them all.", left);
    }
}

/* One more, empty; NULL when memory is out. */
static struct finding *append(struct findings *findings)
{
    struct finding *items = realloc(findings->items, (findings->count + 1) * sizeof(*items));
    if (items == NULL) {
        return NULL;
    }
    findings->items = items;
    items[findings->count] = (struct finding){0};
    return &items[findings->count];
}

bool validation_add(struct findings *findings, enum finding_level level, const char *type,
                    const char *message)
{
    struct finding *finding = append(findings);
    char *text = str_dup(message);
    if (finding == NULL || text == NULL) {
        free(text);
        return false;
    }
    *finding = (struct finding){.level = level, .type = type, .message = text};
    findings->count++;
    return true;
}

bool validation_add_login(struct findings *findings, const struct err *err)
{
    if (!validation_add(findings, FINDING_FAILED, server_types[0], err->message)) {
        return false;
    }
    struct finding *finding = &findings->items[findings->count - 1];
    finding->code = err->service_code;
    memcpy(finding->sqlstate, err->sqlstate, sizeof(finding->sqlstate));
    return true;
}

static bool same_place(const struct finding *finding, const char *database, const char *type)
{
    return str_equals(finding->database, database) && strcmp(finding->type, type) == 0;
}

/* One item {type, state, messages}: the worst finding determines the state; without findings there are no
 * messages. */
static json_t *rule_item(const struct findings *findings, const char *database, const char *type)
{
    json_t *messages = json_array();
    const char *state = "Succeeded";
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (!same_place(finding, database, type)) {
            continue;
        }
        bool failed = finding->level == FINDING_FAILED;
        if (failed || strcmp(state, "Succeeded") == 0) {
            state = failed ? "Failed" : "Warning";
        }
        auto_free char *line = finding->code == 0 ? str_dup(finding->message)
                                                  : str_format("%d: %s", finding->code, finding->message);
        json_array_append_new(messages, json_pack("{s:s, s:s}", "state", failed ? "Failed" : "Warning",
                                                  "message", line == NULL ? "" : line));
    }
    json_t *item = json_pack("{s:s, s:s}", "type", type, "state", state);
    if (json_array_size(messages) > 0) {
        json_object_set(item, "messages", messages);
    }
    json_decref(messages);
    return item;
}

/* Rule types of findings that are not listed follow the listed ones, so that no finding is lost. */
static json_t *rule_items(const struct findings *findings, const char *database, const char *const *types,
                          size_t count)
{
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(items, rule_item(findings, database, types[i]));
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        bool seen = !str_equals(finding->database, database);
        for (size_t known = 0; known < json_array_size(items) && !seen; known++) {
            const char *type = json_string_value(json_object_get(json_array_get(items, known), "type"));
            seen = str_equals(type, finding->type);
        }
        if (!seen) {
            json_array_append_new(items, rule_item(findings, database, finding->type));
        }
    }
    return items;
}

char *validation_report(const struct findings *findings, const struct str_list *databases, int64_t started_us,
                        int64_t ended_us)
{
    char started[CLOCK_TEXT_SIZE];
    char ended[CLOCK_TEXT_SIZE];
    clock_format(started_us, started);
    clock_format(ended_us, ended);
    const char *status = findings_failed(findings) ? "Failed" : findings->count > 0 ? "Warning" : "Succeeded";
    json_t *per_database = json_array();
    for (size_t i = 0; i < databases->count; i++) {
        const char *name = databases->items[i];
        json_t *summary = rule_items(findings, name, database_types, ARRAY_LEN(database_types));
        json_array_append_new(per_database,
                              json_pack("{s:s, s:s, s:s, s:o}", "databaseName", name, "startedOn", started,
                                        "endedOn", ended, "summary", summary));
    }
    json_t *report = json_pack("{s:s, s:s, s:s, s:o, s:o}", "status", status, "validationStartTimeInUtc",
                               started, "validationEndTimeInUtc", ended, "serverLevelValidationDetails",
                               rule_items(findings, NULL, server_types, ARRAY_LEN(server_types)),
                               "dbLevelValidationDetails", per_database);
    char *text = report == NULL ? NULL : json_dumps(report, JSON_COMPACT);
    json_decref(report);
    return text;
}
