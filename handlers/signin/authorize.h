/* SPDX-License-Identifier: MIT */
/* Azure's access control: whether the caller may do what a request asks for, according to --roles-file. */
#ifndef HANDLERS_SIGNIN_AUTHORIZE_H
#define HANDLERS_SIGNIN_AUTHORIZE_H

#include "core/err.h"
#include "server/request.h"

/*
 * The action of the request's route over the scope that its path names. Everything is allowed without
 * --roles-file, and to every caller outside of subscriptions. auth_check() has accepted the request before.
 * Who may see only a part of a list may ask for it: authorize_item()
 * then says what belongs to it. Returns 0, or -1 with AuthorizationFailed.
 */
int authorize_request(struct request *request, struct err *err);

/*
 * Another resource that the request makes use of: its id, and the action that this needs. Returns 0, or -1
 * with LinkedAuthorizationFailed.
 */
int authorize_linked(struct request *request, const char *action, const char *id, struct err *err);

/* Whether the caller may see this item of the list that the request asks for. */
bool authorize_item(struct request *request, const char *id);

#endif
