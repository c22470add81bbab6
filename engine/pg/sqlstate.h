/* SPDX-License-Identifier: MIT */
/* PostgreSQL's SQLSTATEs that decisions depend on, under PostgreSQL's own names for the conditions. */
#ifndef ENGINE_PG_SQLSTATE_H
#define ENGINE_PG_SQLSTATE_H

#include <stdbool.h>
#include <stddef.h>

/* Classes: the first two characters. */
#define SQLSTATE_CONNECTION_EXCEPTION   "08"
#define SQLSTATE_DATA_EXCEPTION         "22"
#define SQLSTATE_INTEGRITY_CONSTRAINT   "23"
#define SQLSTATE_AUTHORIZATION          "28"
#define SQLSTATE_TRANSACTION_ROLLBACK   "40"
#define SQLSTATE_SYNTAX_OR_ACCESS_RULE  "42"
#define SQLSTATE_INSUFFICIENT_RESOURCES "53"
#define SQLSTATE_OPERATOR_INTERVENTION  "57"
#define SQLSTATE_SYSTEM_ERROR           "58"
#define SQLSTATE_INTERNAL               "XX"

#define SQLSTATE_PROTOCOL_VIOLATION     "08P01"
#define SQLSTATE_FEATURE_NOT_SUPPORTED  "0A000"
#define SQLSTATE_CARDINALITY_VIOLATION  "21000"
#define SQLSTATE_NUMERIC_OUT_OF_RANGE   "22003"
#define SQLSTATE_INVALID_PARAMETER      "22023"
#define SQLSTATE_INVALID_BINARY         "22P03"
#define SQLSTATE_NOT_NULL_VIOLATION     "23502"
#define SQLSTATE_FOREIGN_KEY_VIOLATION  "23503"
#define SQLSTATE_UNIQUE_VIOLATION       "23505"
#define SQLSTATE_CHECK_VIOLATION        "23514"
#define SQLSTATE_READ_ONLY_TRANSACTION  "25006"
#define SQLSTATE_TRANSACTION_TIMEOUT    "25P04"
#define SQLSTATE_INVALID_AUTHORIZATION  "28000"
#define SQLSTATE_INVALID_PASSWORD       "28P01"
#define SQLSTATE_EXTERNAL_ROUTINE       "38000"
#define SQLSTATE_ROUTINE_INVOCATION     "39000"
#define SQLSTATE_UNDEFINED_DATABASE     "3D000"
#define SQLSTATE_UNDEFINED_SCHEMA       "3F000"
#define SQLSTATE_DEADLOCK_DETECTED      "40P01"
#define SQLSTATE_INSUFFICIENT_PRIVILEGE "42501"
#define SQLSTATE_SYNTAX_ERROR           "42601"
#define SQLSTATE_UNDEFINED_COLUMN       "42703"
#define SQLSTATE_UNDEFINED_OBJECT       "42704"
#define SQLSTATE_DUPLICATE_OBJECT       "42710"
#define SQLSTATE_DATATYPE_MISMATCH      "42804"
#define SQLSTATE_WRONG_OBJECT_TYPE      "42809"
#define SQLSTATE_UNDEFINED_FUNCTION     "42883"
#define SQLSTATE_UNDEFINED_TABLE        "42P01"
#define SQLSTATE_DUPLICATE_DATABASE     "42P04"
#define SQLSTATE_INDETERMINATE_DATATYPE "42P18"
#define SQLSTATE_DISK_FULL              "53100"
#define SQLSTATE_TOO_MANY_CONNECTIONS   "53300"
#define SQLSTATE_LIMIT_EXCEEDED         "53400"
#define SQLSTATE_PROGRAM_LIMIT          "54000"
#define SQLSTATE_NOT_IN_STATE           "55000"
#define SQLSTATE_OBJECT_IN_USE          "55006"
#define SQLSTATE_LOCK_NOT_AVAILABLE     "55P03"
#define SQLSTATE_QUERY_CANCELED         "57014"
#define SQLSTATE_IDLE_SESSION_TIMEOUT   "57P05"
#define SQLSTATE_UNDEFINED_FILE         "58P01"
#define SQLSTATE_RAISED                 "P0001"
#define SQLSTATE_NO_DATA_FOUND          "P0002"
#define SQLSTATE_ASSERT_FAILURE         "P0004"
#define SQLSTATE_INTERNAL_ERROR         "XX000"

/* Whether a SQLSTATE (empty: none) equals "state" or belongs to that class. */
bool sqlstate_is(const char *sqlstate, const char *state);
/* The same for any of them. */
bool sqlstate_is_one_of(const char *sqlstate, const char *const *states, size_t count);
#define sqlstate_in(sqlstate, ...)                                                                           \
    sqlstate_is_one_of(sqlstate, (const char *const[]){__VA_ARGS__},                                         \
                       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#endif
