/* SPDX-License-Identifier: MIT */
/*
 * Shared by the sign-in handlers: principals, their tokens, and OAuth's error body. An application proves
 * its identity by its secret; a user's name is accepted without proof.
 */
#ifndef HANDLERS_SIGNIN_SIGNIN_H
#define HANDLERS_SIGNIN_SIGNIN_H

#include <jansson.h>

#include "handlers/arm/app.h"
#include "server/request.h"

enum {
    SIGNIN_ACCESS_SECONDS = 3599,
    SIGNIN_IDENTITY_SECONDS = 86399, /* managed identities get longer-lived ones */
    SIGNIN_DEVICE_SECONDS = 900,
};

/* Points into the request, the options or the claims. */
struct principal {
    const char *tenant_id;
    const char *client_id;
    const char *user; /* NULL: the application signs in as itself */
};

/* The tenant that the path names by its id, otherwise the only one. */
const char *signin_tenant(const struct request *request);

/* Tokens as new memory, which the caller frees; NULL if they cannot be created. */
char *signin_access_token(const struct request *request, const struct principal *principal,
                          const char *audience, int64_t now, int64_t lifetime);
char *signin_id_token(const struct request *request, const struct principal *principal, int64_t now);
char *signin_refresh_token(const struct request *request, const struct principal *principal, int64_t now);
char *signin_device_code(const struct request *request, const char *client_id, int64_t now);
/* MSAL's client_info: the user's identity, for its cache. */
char *signin_client_info(const struct principal *principal);

/* The claims of a refresh token or device code of Malachite ("refresh", "device"), or NULL if it is
 * invalid or has expired. New reference. */
json_t *signin_redeem(const struct request *request, const char *token, const char *use, int64_t now);

/* Replies with OAuth's error body in the words of Microsoft's sign-in service: "AADSTS" + number +
 * message. */
void signin_refuse(struct request *request, int status, const char *error, int number, const char *format,
                   ...) printf_like(5, 6);

/* ---- handlers: the route table says which request each is for --------------------------------------------
 */

/* signin_discovery.c */
void signin_openid_configuration(struct request *request);
void signin_instance_discovery(struct request *request);
void signin_keys(struct request *request);
void signin_user_realm(struct request *request);

/* signin_metadata.c */
void signin_metadata(struct request *request);

/* signin_token.c */
void signin_token_post(struct request *request);
void signin_device_code_post(struct request *request);
void signin_device_page(struct request *request);
void signin_managed_identity(struct request *request);

#endif
