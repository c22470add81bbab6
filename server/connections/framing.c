/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd uses the first of several headers with one name, and accepts any name. A proxy in front of
 * Malachite may use the last one, and see a second request where Malachite saw a body.
 */
#include "server/connections/framing.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"

struct headers {
    size_t hosts, lengths, encodings;
    const char *host, *length, *encoding;
    size_t bytes;
    bool odd; /* a name that is not a token, or a control character in a value */
};

static bool is_token(const char *name, size_t len)
{
    static const char token[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    return len > 0 && strspn(name, token) == len;
}

static bool is_field_value(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static enum MHD_Result note_header(void *closure, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                   const char *value, size_t value_len)
{
    (void)kind;
    struct headers *headers = closure;
    headers->bytes += name_len + value_len + strlen(": \r\n");
    headers->odd = headers->odd || !is_token(name, name_len) || !is_field_value(value, value_len);
    if (str_iequals(name, "Host")) {
        headers->hosts++;
        headers->host = value;
    } else if (str_iequals(name, "Content-Length")) {
        headers->lengths++;
        headers->length = value;
    } else if (str_iequals(name, "Transfer-Encoding")) {
        headers->encodings++;
        headers->encoding = value;
    }
    return MHD_YES;
}

static bool is_length(const char *text)
{
    enum { DIGITS_MAX = 18 };
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= DIGITS_MAX && text[digits] == '\0';
}

static const char *find_fault(const struct headers *headers, const char *version)
{
    bool is_1_1 = str_equals(version, MHD_HTTP_VERSION_1_1);
    if (headers->odd) {
        return "a header has characters that are not allowed there";
    }
    if (headers->hosts > 1) {
        return "it has more than one Host header";
    }
    if (is_1_1 && (headers->hosts == 0 || headers->host[0] == '\0')) {
        return "it has no Host header, which HTTP/1.1 requires";
    }
    if (headers->lengths > 1) {
        return "it has more than one Content-Length header";
    }
    if (headers->lengths == 1 && !is_length(headers->length)) {
        return "its Content-Length is not a number of bytes";
    }
    if (headers->encodings > 0 && headers->lengths > 0) {
        return "it has both Content-Length and Transfer-Encoding";
    }
    if (headers->encodings > 1 || (headers->encodings == 1 && !str_iequals(headers->encoding, "chunked"))) {
        return "its Transfer-Encoding is not 'chunked'";
    }
    if (headers->encodings == 1 && !is_1_1) {
        return "Transfer-Encoding requires HTTP/1.1";
    }
    return NULL;
}

static bool has_controls(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if ((unsigned char)*text <= 0x20 || *text == 0x7F) {
            return true;
        }
    }
    return false;
}

int framing_check_line(const char *method, const char *uri, struct err *err)
{
    return is_token(method, strlen(method)) && !has_controls(uri)
               ? 0
               : err_set(err, ERR_BAD_REQUEST,
                         "The request is not valid HTTP: its first line has characters that are not allowed "
                         "there.");
}

int framing_check(struct MHD_Connection *connection, const char *version, struct err *err)
{
    struct headers headers = {0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, note_header, &headers);
    if (headers.bytes > FRAMING_HEADERS_MAX) {
        return err_set(err, ERR_HEADERS_TOO_LARGE, "The headers of the request are longer than %d bytes.",
                       FRAMING_HEADERS_MAX);
    }
    const char *fault = find_fault(&headers, version);
    return fault == NULL ? 0 : err_set(err, ERR_BAD_REQUEST, "The request is not valid HTTP: %s.", fault);
}
