/* SPDX-License-Identifier: MIT */
#include "handlers/arm/http/precondition.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"

bool precondition_given(const struct request *request)
{
    bool changes =
        request->method == METHOD_PUT || request->method == METHOD_PATCH || request->method == METHOD_DELETE;
    return changes && (request->if_match != NULL || request->if_none_match != NULL);
}

/* Without the mark of a weak tag: the tags here stand for the value, not for its bytes. */
static const char *opaque_part(const char *etag)
{
    return str_istarts(etag, "W/") ? etag + strlen("W/") : etag;
}

/* header: "*", or tags in quotes, separated by commas. */
static bool matches(const char *header, const char *etag)
{
    for (const char *at = header + strspn(header, " \t,"); *at != '\0'; at += strspn(at, " \t,")) {
        if (*at == '*') {
            return true;
        }
        const char *tag = opaque_part(at);
        size_t len = tag[0] == '"' ? 1 + strcspn(tag + 1, "\"") : strcspn(tag, ", \t");
        len += tag[0] == '"' && tag[len] == '"' ? 1 : 0;
        const char *known = etag == NULL ? NULL : opaque_part(etag);
        if (known != NULL && strlen(known) == len && strncmp(tag, known, len) == 0) {
            return true;
        }
        at = tag + len;
    }
    return false;
}

int precondition_check(const struct request *request, int status, const json_t *body, struct err *err)
{
    const bool exists = status == 200;
    const char *etag = json_string_value(json_object_get(body, "etag"));
    /* 400: how --strict-service answers for a missing migration. */
    if (!exists && status != 404 && status != 400) {
        return err_set(err, ERR_PRECONDITION,
                       "The precondition cannot be checked: reading the resource answered %d.", status);
    }
    if (request->if_match != NULL && !(exists && matches(request->if_match, etag))) {
        return err_set(err, ERR_PRECONDITION,
                       "The condition 'If-Match: %.200s' does not hold: the resource %s%s. Read it again.",
                       request->if_match,
                       !exists        ? "does not exist"
                       : etag == NULL ? "has no etag"
                                      : "has the etag ",
                       exists && etag != NULL ? etag : "");
    }
    if (request->if_none_match != NULL && exists && matches(request->if_none_match, etag)) {
        return err_set(err, ERR_PRECONDITION,
                       "The condition 'If-None-Match: %.200s' does not hold: the resource exists.",
                       request->if_none_match);
    }
    return 0;
}

char *etag_of(const json_t *value)
{
    unsigned char h[EVP_MAX_MD_SIZE] = {0};
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL || EVP_Digest(text, strlen(text), h, NULL, EVP_sha256(), NULL) != 1) {
        return NULL;
    }
    return str_format("W/\"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\"", h[0],
                      h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14],
                      h[15]);
}
