/* SPDX-License-Identifier: MIT */
/* The parts of a migration's responses besides its own properties. */
#include "core/attr.h"
#include "handlers/arm/property.h"
#include "handlers/migrations/migrations.h"

#define DOC PROPERTY_DOC
#define ANY (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)

/* clang-format off */
static const struct property validation_rows[] = {
    DOC("status", "Failed|Succeeded|Warning", ANY, NULL),
    DOC("validationStartTimeInUtc", "date-time", ANY, NULL), DOC("validationEndTimeInUtc", "date-time", ANY, NULL),
    DOC("serverLevelValidationDetails", "[]ValidationItem", ANY, NULL),
    DOC("dbLevelValidationDetails", "[]ValidationDatabase", ANY, NULL),
};
static const struct property validation_item_rows[] = {
    DOC("type", "string", ANY, NULL), DOC("state", "Failed|Succeeded|Warning", ANY, NULL),
    DOC("messages", "[]ValidationMessage", ANY, NULL),
};
static const struct property validation_message_rows[] = {
    DOC("state", "Failed|Succeeded|Warning", ANY, NULL), DOC("message", "string", ANY, NULL),
};
static const struct property validation_database_rows[] = {
    DOC("databaseName", "string", ANY, NULL), DOC("startedOn", "date-time", ANY, NULL), DOC("endedOn", "date-time", ANY, NULL),
    DOC("summary", "[]ValidationItem", ANY, NULL),
};
static const struct property connectivity_rows[] = {
    DOC("status", "Failed|Succeeded", ANY, "Whether the source accepted the login."), DOC("version", "string", ANY, "The source's version, such as 15.18."),
    DOC("login", "string", ANY, NULL), DOC("code", "string", ANY, "Failed: the error's code."), DOC("message", "string", ANY, "Failed: why."),
};
static const struct property source_database_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("charset", "string", ANY, NULL), DOC("collation", "string", ANY, NULL),
};

const struct description migrations_descriptions[] = {
    DESCRIPTION("ValidationDetails", validation_rows, NULL),
    DESCRIPTION("ValidationItem", validation_item_rows, NULL),
    DESCRIPTION("ValidationMessage", validation_message_rows, NULL),
    DESCRIPTION("ValidationDatabase", validation_database_rows, NULL),
    DESCRIPTION("ConnectivityResult", connectivity_rows, "Malachite's own shape: the service publishes none for this action."),
    DESCRIPTION("SourceDatabase", source_database_rows, "Malachite's own shape: the service publishes none for this action."),
};
/* clang-format on */
const size_t migrations_description_count = ARRAY_LEN(migrations_descriptions);
