/* SPDX-License-Identifier: MIT */
/*
 * The service's terms for states and kinds; each list defines the enumerators and their spelling. Source
 * of the spelling: the public specification of flexibleServers/migrations (2025-08-01).
 */
#ifndef STORE_ROWS_WORDS_H
#define STORE_ROWS_WORDS_H

#include <stdbool.h>

/* clang-format off */
#define MIGRATION_STATE_LIST(X)                            \
    X(STATE_IN_PROGRESS,             "InProgress")         \
    X(STATE_WAITING_FOR_USER_ACTION, "WaitingForUserAction") \
    X(STATE_CANCELED,                "Canceled")           \
    X(STATE_FAILED,                  "Failed")             \
    X(STATE_SUCCEEDED,               "Succeeded")          \
    X(STATE_VALIDATION_FAILED,       "ValidationFailed")   \
    X(STATE_CLEANING_UP,             "CleaningUp")

/* In the order of the workflow. */
#define SUBSTATE_LIST(X)                                                                                        \
    X(SUB_PERFORMING_PREREQUISITE_STEPS,      "PerformingPreRequisiteSteps")                                    \
    X(SUB_WAITING_FOR_LOGICAL_REPLICATION,    "WaitingForLogicalReplicationSetupRequestOnSourceDB")             \
    X(SUB_WAITING_FOR_DATABASES,              "WaitingForDBsToMigrateSpecification")                            \
    X(SUB_WAITING_FOR_OVERWRITE,              "WaitingForTargetDBOverwriteConfirmation")                        \
    X(SUB_WAITING_FOR_SCHEDULING,             "WaitingForDataMigrationScheduling")                              \
    X(SUB_WAITING_FOR_WINDOW,                 "WaitingForDataMigrationWindow")                                  \
    X(SUB_VALIDATION_IN_PROGRESS,             "ValidationInProgress")                                           \
    X(SUB_MIGRATING_DATA,                     "MigratingData")                                                  \
    X(SUB_WAITING_FOR_CUTOVER_TRIGGER,        "WaitingForCutoverTrigger")                                       \
    X(SUB_COMPLETING_MIGRATION,               "CompletingMigration")                                            \
    X(SUB_CANCELING,                          "CancelingRequestedDBMigrations")                                 \
    X(SUB_COMPLETED,                          "Completed")

/* dbDetails.*.migrationState */
#define DATABASE_STATE_LIST(X)                                \
    X(DB_IN_PROGRESS,         "InProgress")                   \
    X(DB_WAITING_FOR_CUTOVER, "WaitingForCutoverTrigger")     \
    X(DB_FAILED,              "Failed")                       \
    X(DB_CANCELED,            "Canceled")                     \
    X(DB_SUCCEEDED,           "Succeeded")                    \
    X(DB_CANCELING,           "Canceling")

/* State of one table's copy. */
#define TABLE_STATE_LIST(X)           \
    X(TABLE_QUEUED,    "Queued")      \
    X(TABLE_LOADING,   "Loading")     \
    X(TABLE_COMPLETED, "Completed")   \
    X(TABLE_ERRORED,   "Errored")

#define MIGRATION_MODE_LIST(X) \
    X(MODE_OFFLINE, "Offline") \
    X(MODE_ONLINE,  "Online")

#define MIGRATION_OPTION_LIST(X)         \
    X(MIGRATION_OPTION_VALIDATE, "Validate")    \
    X(MIGRATION_OPTION_MIGRATE,  "Migrate")     \
    X(MIGRATION_OPTION_BOTH,     "ValidateAndMigrate")

#define SERVER_KIND_LIST(X)                  \
    X(SERVER_FLEXIBLE, "flexibleServers")    \
    X(SERVER_SINGLE,   "servers")

/* properties.state of a flexible server; single servers show Ready, Dropping, Disabled or Inaccessible. */
#define SERVER_STATE_LIST(X)                   \
    X(SERVER_STATE_PROVISIONING, "Provisioning") \
    X(SERVER_STATE_STARTING,     "Starting")     \
    X(SERVER_STATE_READY,        "Ready")        \
    X(SERVER_STATE_STOPPING,     "Stopping")     \
    X(SERVER_STATE_STOPPED,      "Stopped")      \
    X(SERVER_STATE_UPDATING,     "Updating")     \
    X(SERVER_STATE_DROPPING,     "Dropping")     \
    X(SERVER_STATE_INACCESSIBLE, "Inaccessible")

#define OPERATION_STATUS_LIST(X)            \
    X(OPERATION_IN_PROGRESS, "InProgress")  \
    X(OPERATION_SUCCEEDED,   "Succeeded")   \
    X(OPERATION_FAILED,      "Failed")      \
    X(OPERATION_CANCELED,    "Canceled")

/* The kinds of long-running operations; the spelling follows recorded 202 bodies where one is known. */
#define OPERATION_KIND_LIST(X)                                            \
    X(OPERATION_SERVER_CREATE,   "UpsertServerManagementOperation")       \
    X(OPERATION_SERVER_DELETE,   "DropServerManagementOperation")         \
    X(OPERATION_DATABASE_CREATE, "UpsertServerDatabaseManagementOperation") \
    X(OPERATION_DATABASE_DELETE, "DropServerDatabaseManagementOperation") \
    X(OPERATION_GROUP_DELETE,    "DeleteResourceGroupOperation")          \
    X(OPERATION_SERVER_UPDATE,   "UpdateServerManagementOperation")       \
    X(OPERATION_SERVER_START,    "StartServerManagementOperation")        \
    X(OPERATION_SERVER_STOP,     "StopServerManagementOperation")         \
    X(OPERATION_SERVER_RESTART,  "RestartServerManagementOperation")      \
    X(OPERATION_CONFIGURATION_UPDATE, "UpdateServerConfigurationManagementOperation") \
    X(OPERATION_CHILD_UPSERT,    "UpsertFirewallRuleManagementOperation") \
    X(OPERATION_CHILD_DELETE,    "DropFirewallRuleManagementOperation")

/* Children of servers that exist in the store only, by the type in their paths. */
#define SERVER_CHILD_LIST(X)                                \
    X(CHILD_FIREWALL_RULE, "firewallRules")                 \
    X(CHILD_VIRTUAL_NETWORK_RULE, "virtualNetworkRules")    \
    X(CHILD_PRIVATE_ENDPOINT_CONNECTION, "privateEndpointConnections") \
    X(CHILD_CONFIGURATION, "configurations")                \
    X(CHILD_DATABASE, "databases")
/* clang-format on */

#define WORD_ENUM(id, text) id,
enum migration_state { MIGRATION_STATE_LIST(WORD_ENUM) STATE_COUNT };
enum migration_substate { SUBSTATE_LIST(WORD_ENUM) SUB_COUNT };
enum database_state { DATABASE_STATE_LIST(WORD_ENUM) DB_COUNT };
enum table_state { TABLE_STATE_LIST(WORD_ENUM) TABLE_STATE_COUNT };
enum migration_mode { MIGRATION_MODE_LIST(WORD_ENUM) MODE_COUNT };
enum migration_option { MIGRATION_OPTION_LIST(WORD_ENUM) MIGRATION_OPTION_COUNT };
enum server_kind { SERVER_KIND_LIST(WORD_ENUM) SERVER_KIND_COUNT };
enum server_state { SERVER_STATE_LIST(WORD_ENUM) SERVER_STATE_COUNT };
enum operation_status { OPERATION_STATUS_LIST(WORD_ENUM) OPERATION_STATUS_COUNT };
enum operation_kind { OPERATION_KIND_LIST(WORD_ENUM) OPERATION_KIND_COUNT };
enum server_child_kind { SERVER_CHILD_LIST(WORD_ENUM) SERVER_CHILD_COUNT };
#undef WORD_ENUM

/* The kind of term, for the two functions below. */
enum vocabulary {
    WORDS_MIGRATION_STATE,
    WORDS_SUBSTATE,
    WORDS_DATABASE_STATE,
    WORDS_TABLE_STATE,
    WORDS_MIGRATION_MODE,
    WORDS_MIGRATION_OPTION,
    WORDS_SERVER_KIND,
    WORDS_SERVER_STATE,
    WORDS_OPERATION_STATUS,
    WORDS_OPERATION_KIND,
    WORDS_SERVER_CHILD,
    WORDS_COUNT
};

/* The spelling of an enumerator; never NULL for a valid one. */
const char *word_of(enum vocabulary vocabulary, int value);
/* The enumerator with that spelling (compared without case), or -1. */
int word_to_value(enum vocabulary vocabulary, const char *text);

/* Succeeded, Failed, Canceled and ValidationFailed. */
bool migration_state_is_terminal(enum migration_state state);

#endif
