/* SPDX-License-Identifier: MIT */
/* What a browser may send on behalf of a web page. The request has its route. */
#ifndef HANDLERS_ARM_HTTP_ORIGIN_H
#define HANDLERS_ARM_HTTP_ORIGIN_H

#include "core/err.h"
#include "server/request.h"

/* Returns 0, or -1 with ERR_OTHER_SITE if a page of another site asks for a change or a wait. */
int origin_check_site(const struct request *request, struct err *err);

/* Returns 0, or -1 with ERR_MEDIA_TYPE for a body that is not JSON (or a form, where the route takes one). */
int origin_check_media_type(const struct request *request, struct err *err);

#endif
