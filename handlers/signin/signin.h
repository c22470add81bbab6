/* SPDX-License-Identifier: MIT */
/*
 * What the sign-in handlers share: who signs in, the tokens made for them, and OAuth's error body.
 * Applications are known by their secret; a user is whoever a client says it is.
 */
#ifndef HANDLERS_SIGNIN_SIGNIN_H
#define HANDLERS_SIGNIN_SIGNIN_H

#include <jansson.h>

#include "handlers/arm/app.h"
#include "server/request.h"

enum {
    SIGNIN_ACCESS_SECONDS = 3599,
    SIGNIN_IDENTITY_SECONDS = 86399, /* managed identities get longer ones */
    SIGNIN_DEVICE_SECONDS = 900,
};

/* Points into the request, the options or the claims it came from. */
struct principal {
    const char *tenant_id;
    const char *client_id;
    const char *user; /* NULL: the application signs in for itself */
};

/* The tenant that the path names by its id, else the one that exists. */
const char *signin_tenant(const struct request *request);

/* Tokens as new memory that the caller frees; NULL when they cannot be made. */
char *signin_access_token(const struct request *request, const struct principal *principal,
                          const char *audience, int64_t now, int64_t lifetime);
char *signin_id_token(const struct request *request, const struct principal *principal, int64_t now);
char *signin_refresh_token(const struct request *request, const struct principal *principal, int64_t now);
char *signin_device_code(const struct request *request, const char *client_id, int64_t now);
/* What MSAL calls client_info: who the user is, for its cache. */
char *signin_client_info(const struct principal *principal);

/* The claims of a refresh token or device code of ours ("refresh", "device"), or NULL when it is none or has
 * expired. New reference. */
json_t *signin_redeem(const struct request *request, const char *token, const char *use, int64_t now);

/* Answers with OAuth's error body in the words of Microsoft's sign-in service: "AADSTS" + number + message.
 */
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
