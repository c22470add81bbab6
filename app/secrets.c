/* SPDX-License-Identifier: MIT */
#include "app/secrets_private.h"

#include <string.h>

#include "core/str.h"
#include "core/wipe.h"
#include "server/tls/file.h"

enum { SECRET_MAX = 4096 };

int secrets_read(struct options *options, struct err *err)
{
    const char *path = options->client_secret_file;
    if (path[0] == '\0') {
        return 0;
    }
    char *text = file_read(path, SECRET_MAX);
    if (text == NULL) {
        return err_set(err, ERR_BAD_INPUT,
                       "--client-secret-file: cannot read %s, or it is longer than %d bytes", path,
                       SECRET_MAX);
    }
    text[strcspn(text, "\r\n")] = '\0';
    int result = 0;
    if (text[0] == '\0') {
        result = err_set(err, ERR_BAD_INPUT, "--client-secret-file: the first line of %s is empty", path);
    } else if (!str_replace(&options->client_secret, text)) {
        result = err_no_memory(err);
    }
    wipe_free(text);
    return result;
}

void secrets_hide(int argc, char **argv)
{
    static const char flag[] = "--client-secret";
    size_t len = sizeof(flag) - 1;
    for (int i = 0; i < argc; i++) {
        char *value = NULL;
        if (strncmp(argv[i], flag, len) == 0 && argv[i][len] == '=') {
            value = argv[i] + len + 1;
        } else if (str_equals(argv[i], flag) && i + 1 < argc) {
            value = argv[++i];
        }
        if (value != NULL) {
            memset(value, '*', strlen(value));
        }
    }
}
