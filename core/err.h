/* SPDX-License-Identifier: MIT */
/*
 * The error type of all rooms. Functions that can fail return 0 or a negative number and fill a struct err
 * that the caller owns; an error is either logged or returned, never both.
 *
 * The codes are those that Azure Resource Manager and the PostgreSQL resource provider send; each row
 * contains its HTTP status, so that no handler has to choose one.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#include "core/attr.h"

/*      enumerator                  code on the wire                    HTTP status */
#define ERR_LIST(X)                                                                                          \
    X(ERR_INTERNAL, "InternalServerError", 500)                                                              \
    X(ERR_MISSING_API_VERSION, "MissingApiVersionParameter", 400)                                            \
    X(ERR_BAD_API_VERSION, "InvalidApiVersionParameter", 400)                                                \
    X(ERR_NO_REGISTERED_PROVIDER, "NoRegisteredProviderFound", 400)                                          \
    X(ERR_BAD_RESOURCE_TYPE, "InvalidResourceType", 404)                                                     \
    X(ERR_BAD_RESOURCE_NAMESPACE, "InvalidResourceNamespace", 404)                                           \
    X(ERR_NO_AUTHORIZATION, "AuthenticationFailed", 401)                                                     \
    X(ERR_AUTHORIZATION_FORMAT, "AuthenticationFailedInvalidHeader", 401)                                    \
    X(ERR_TOKEN_INVALID, "InvalidAuthenticationToken", 401)                                                  \
    X(ERR_TOKEN_EXPIRED, "ExpiredAuthenticationToken", 401)                                                  \
    X(ERR_TOKEN_AUDIENCE, "InvalidAuthenticationTokenAudience", 401)                                         \
    X(ERR_TOKEN_TENANT, "InvalidAuthenticationTokenTenant", 401)                                             \
    X(ERR_AUTHORIZATION, "AuthorizationFailed", 403)                                                         \
    X(ERR_LINKED_AUTHORIZATION, "LinkedAuthorizationFailed", 403)                                            \
    X(ERR_BAD_SUBSCRIPTION_ID, "InvalidSubscriptionId", 400)                                                 \
    X(ERR_SUBSCRIPTION_NOT_FOUND, "SubscriptionNotFound", 404)                                               \
    X(ERR_PROVIDER_NOT_REGISTERED, "MissingSubscriptionRegistration", 409)                                   \
    X(ERR_GROUP_NOT_FOUND, "ResourceGroupNotFound", 404)                                                     \
    X(ERR_GROUP_BEING_DELETED, "ResourceGroupBeingDeleted", 409)                                             \
    X(ERR_GROUP_LOCATION, "InvalidResourceGroupLocation", 409)                                               \
    X(ERR_RESOURCE_NOT_FOUND, "ResourceNotFound", 404)                                                       \
    X(ERR_PARENT_NOT_FOUND, "ParentResourceNotFound", 404)                                                   \
    X(ERR_RESOURCE_LOCATION, "InvalidResourceLocation", 409)                                                 \
    X(ERR_LOCATION_REQUIRED, "LocationRequired", 400)                                                        \
    X(ERR_BAD_RESOURCE_NAME, "InvalidResourceName", 400)                                                     \
    X(ERR_BAD_CONTENT, "InvalidRequestContent", 400)                                                         \
    X(ERR_BAD_REQUEST, "BadRequest", 400)                                                                    \
    X(ERR_BAD_PARAMETER, "InvalidParameterValue", 400)                                                       \
    X(ERR_BAD_INPUT, "InvalidInput", 400)                                                                    \
    X(ERR_SERVER_NAME_TAKEN, "ServerNameAlreadyExists", 409)                                                 \
    X(ERR_SERVER_BUSY, "ServerIsBusy", 409)                                                                  \
    X(ERR_SERVER_NOT_READY, "ServerIsNotReady", 409)                                                         \
    X(ERR_SERVER_UNREACHABLE, "ServerNotReachable", 409)                                                     \
    X(ERR_VERSION_UNAVAILABLE, "ServerVersionNotSupported", 400)                                             \
    X(ERR_CONFLICT, "Conflict", 409)                                                                         \
    X(ERR_MIGRATION_EXISTS, "MigrationAlreadyExists", 409)                                                   \
    X(ERR_MIGRATION_LIMIT, "ActiveMigrationLimitReached", 409)                                               \
    X(ERR_MIGRATION_ENDED, "MigrationNotActive", 409)                                                        \
    X(ERR_DATABASE_BUSY, "DatabaseAlreadyBeingMigrated", 409)                                                \
    X(ERR_OPERATION_NOT_ALLOWED, "OperationNotAllowed", 409)                                                 \
    X(ERR_ADDRESS_PREFIX, "InvalidAddressPrefixFormat", 400)                                                 \
    X(ERR_SUBNET_INVALID, "NetcfgInvalidSubnet", 400)                                                        \
    X(ERR_SUBNET_OVERLAP, "NetcfgSubnetRangesOverlap", 400)                                                  \
    X(ERR_SUBNET_IN_USE, "InUseSubnetCannotBeDeleted", 400)                                                  \
    X(ERR_NOT_FOUND, "NotFound", 404)                                                                        \
    X(ERR_OTHER_SITE, "RequestFromOtherSite", 403)                                                           \
    X(ERR_METHOD_NOT_ALLOWED, "HttpMethodNotAllowed", 405)                                                   \
    X(ERR_PRECONDITION, "PreconditionFailed", 412)                                                           \
    X(ERR_REQUEST_TIMEOUT, "RequestTimeout", 408)                                                            \
    X(ERR_TOO_LARGE, "RequestEntityTooLarge", 413)                                                           \
    X(ERR_MEDIA_TYPE, "UnsupportedMediaType", 415)                                                           \
    X(ERR_OTHER_HOST, "RequestForOtherHost", 421)                                                            \
    X(ERR_HEADERS_TOO_LARGE, "RequestHeaderFieldsTooLarge", 431)                                             \
    X(ERR_URI_TOO_LONG, "RequestUriTooLong", 414)                                                            \
    X(ERR_NOT_IMPLEMENTED, "NotImplementedByEmulator", 501)                                                  \
    X(ERR_UNAVAILABLE, "ServiceUnavailable", 503)                                                            \
    X(ERR_STORE_UNAVAILABLE, "ServiceUnavailable", 503)                                                      \
    X(ERR_INVALID_TEMPLATE, "InvalidTemplate", 400)                                                          \
    X(ERR_DEPLOYMENT_NOT_FOUND, "DeploymentNotFound", 404)                                                   \
    X(ERR_DEPLOYMENT_ACTIVE, "DeploymentActive", 409)                                                        \
    X(ERR_DEPLOYMENT_QUOTA, "DeploymentQuotaExceeded", 409)                                                  \
    X(ERR_CANCELED, "OperationCanceled", 409)

enum err_code {
#define ERR_ENUM(id, code, status) id,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
        ERR_COUNT
};

struct err {
    enum err_code code;
    int service_code;   /* the migration service's own 603xxx number, or 0 */
    int named_code;     /* the first 603xxx number of a list of findings in the message, or 0 */
    bool lasting;       /* false: a later retry may help (connection lost, server starting) */
    bool waiting;       /* the user must act first: retried without a deadline; never lasting */
    char sqlstate[6];   /* PostgreSQL's SQLSTATE, or empty */
    char target[160];   /* the object of the error: JSON path, server, database or object; or empty */
    char message[1600]; /* what happened and what to do, for the user; never contains a secret */
};

/* The code that clients see and the HTTP status of an error code. */
const char *err_wire_code(enum err_code code);
int err_http_status(enum err_code code);

/*
 * Sets the error and returns -1, so that a failing function can `return err_set(...)`. A message that is
 * too long is cut at a character boundary. err may not be NULL. Resets the other fields.
 */
int err_set(struct err *err, enum err_code code, const char *format, ...) printf_like(3, 4);

/* Sets the object of the error. Returns -1. */
int err_target(struct err *err, const char *format, ...) printf_like(2, 3);

/* Puts "prefix" before the existing message. Returns -1. */
int err_prefix(struct err *err, const char *format, ...) printf_like(2, 3);

/* Appends to the existing message. Returns -1. */
int err_append(struct err *err, const char *format, ...) printf_like(2, 3);

enum { ERR_CAUSE_SIZE = 48 };

/* The most exact code of the error: the service's number, else the SQLSTATE, else the code on the wire. */
const char *err_cause(const struct err *err, char cause[static ERR_CAUSE_SIZE]);

/* The error for a failed memory allocation. Returns -1. */
int err_no_memory(struct err *err);

#endif
