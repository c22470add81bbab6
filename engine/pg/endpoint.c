/* SPDX-License-Identifier: MIT */
#include "engine/pg/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

void endpoint_done(struct endpoint *endpoint)
{
    free(endpoint->host);
    free(endpoint->user);
    if (endpoint->password != NULL) {
        explicit_bzero(endpoint->password, strlen(endpoint->password));
    }
    free(endpoint->password);
    free(endpoint->sslmode);
    free(endpoint->label);
    free(endpoint->server);
    *endpoint = (struct endpoint){0};
}

/* Copies text into *field; false when memory is out. NULL stays NULL. */
static bool copy_text(char **field, const char *text)
{
    *field = str_dup(text);
    return *field != NULL || text == NULL;
}

bool endpoint_copy(struct endpoint *to, const struct endpoint *from)
{
    struct endpoint copy = {.port = from->port, .connect_timeout_s = from->connect_timeout_s};
    bool copied = copy_text(&copy.host, from->host) && copy_text(&copy.user, from->user) &&
                  copy_text(&copy.password, from->password) && copy_text(&copy.sslmode, from->sslmode) &&
                  copy_text(&copy.label, from->label) && copy_text(&copy.server, from->server);
    if (!copied) {
        endpoint_done(&copy);
        return false;
    }
    endpoint_done(to);
    *to = copy;
    return true;
}
