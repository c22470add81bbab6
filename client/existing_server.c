/* SPDX-License-Identifier: MIT */
#include "client/existing_server_private.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/wipe.h"

enum { SECRET_BYTES_MAX = 4096 };

static const char default_url[] = "http://127.0.0.1:8080";

/* The first line of a file. The caller wipes. */
static int read_secret(const char *path, struct err *err, char **ret_secret)
{
    char line[SECRET_BYTES_MAX] = "";
    FILE *file = fopen(path, "re");
    bool got = file != NULL && fgets(line, sizeof(line), file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    line[strcspn(line, "\r\n")] = '\0';
    if (got && line[0] != '\0') {
        *ret_secret = str_dup(line);
    }
    explicit_bzero(line, sizeof(line));
    return *ret_secret != NULL ? 0
                               : err_set(err, ERR_BAD_INPUT, "--client-secret-file: cannot read %s", path);
}

int existing_server_open(const struct client_options *options, struct err *err, struct rest **ret_rest)
{
    char *secret = NULL;
    if (options->client_secret_file[0] != '\0') {
        if (read_secret(options->client_secret_file, err, &secret) < 0) {
            return -1;
        }
    } else {
        const char *given = getenv("MALACHITE_CLIENT_SECRET");
        secret = str_dup(given != NULL ? given : "malachite"); /* the documented default */
    }
    const struct rest_settings settings = {.url = options->server[0] == '\0' ? default_url : options->server,
                                           .ca_file = options->ca_file,
                                           .tenant_id = options->tenant_id,
                                           .client_id = options->client_id,
                                           .client_secret = secret};
    int result = rest_open(&settings, err, ret_rest);
    wipe_free(secret);
    return result;
}
