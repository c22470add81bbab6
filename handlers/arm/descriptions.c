/* SPDX-License-Identifier: MIT */
/* The bodies that several rooms use. */
#include "core/attr.h"
#include "handlers/arm/arm.h"
#include "handlers/arm/property.h"

#define DOC PROPERTY_DOC
#define ANY (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define REQ (ANY | ACCESS_REQUIRED)

/* clang-format off */
static const struct property error_rows[] = {
    DOC("error.code", "string", REQ, "Error code, for programs."),
    DOC("error.message", "string", REQ, "Error message, for people."),
    DOC("error.target", "string", ANY, "Subject of the error, often the path of a property."),
    DOC("error.details", "[]ErrorDetail", ANY, NULL),
};
static const struct property error_detail_rows[] = {
    DOC("code", "string", ANY, NULL), DOC("message", "string", ANY, NULL), DOC("target", "string", ANY, NULL),
    DOC("details", "[]ErrorDetail", ANY, NULL),
};
static const struct property accepted_rows[] = {
    DOC("operation", "string", ANY, "Name of the started operation."), DOC("startTime", "date-time", ANY, NULL),
};
static const struct property status_rows[] = {
    DOC("name", "string", REQ, "Id of the operation."), DOC("status", "string", REQ, "InProgress, Succeeded, Failed or Canceled."),
    DOC("id", "string", ANY, NULL),
    DOC("startTime", "date-time", ANY, NULL), DOC("endTime", "date-time", ANY, NULL), DOC("percentComplete", "number", ANY, NULL),
    DOC("error.code", "string", ANY, NULL), DOC("error.message", "string", ANY, NULL), DOC("properties", "any", ANY, NULL),
};

const struct description arm_descriptions[] = {
    DESCRIPTION("Error", error_rows, "The format of all errors."),
    DESCRIPTION("ErrorDetail", error_detail_rows, NULL),
    DESCRIPTION("AcceptedOperation", accepted_rows, "Poll Azure-AsyncOperation: this body does not change."),
    DESCRIPTION("OperationStatus", status_rows, NULL),
};
/* clang-format on */
const size_t arm_description_count = ARRAY_LEN(arm_descriptions);
