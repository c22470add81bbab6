/* SPDX-License-Identifier: MIT */
#include "core/options/subscriptions.h"

#include <string.h>
#include <strings.h>

#include "core/str.h"

enum { UUID_LEN = 36 };

bool subscriptions_admit(const struct options *options, const char *id)
{
    if (str_iequals(id, options->subscription_id) || str_equals(options->subscriptions, "any")) {
        return true;
    }
    /* UUIDs have one length, so none is a part of another. */
    return options->subscriptions != NULL && strlen(id) == UUID_LEN &&
           strcasestr(options->subscriptions, id) != NULL;
}
