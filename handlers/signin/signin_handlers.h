/* SPDX-License-Identifier: MIT */
/*
 * The handlers of this room. The cloud's sign-in service. The route table says which request each is for. A
 * handler reads the request, checks it, does one thing with the store or the executor and answers exactly
 * once. Any thread; none keeps anything of the request.
 */
#ifndef HANDLERS_SIGNIN_SIGNIN_HANDLERS_H
#define HANDLERS_SIGNIN_SIGNIN_HANDLERS_H

#include "server/request.h"

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
