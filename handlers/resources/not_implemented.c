/* SPDX-License-Identifier: MIT */
/* Operations that the service documents and Malachite does not implement (yet): reported as such, never as
 * a 404. */
#include <string.h>

#include "handlers/arm/resource.h"
#include "handlers/resources/resources.h"

void not_implemented(struct request *request)
{
    int path_len = (int)strcspn(request->raw_uri, "?");
    reply_fail(request, ERR_NOT_IMPLEMENTED,
               "The service documents this operation, but Malachite does not implement it: %s %.*s. GET "
               "/_malachite/routes lists the implemented operations.",
               method_name(request->method), path_len, request->raw_uri);
}
