/* SPDX-License-Identifier: MIT */
/*
 * The URI and the form body of a request. The path is split before it is decoded, so that an escaped slash
 * does not change the boundaries of segments.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/str.h"
#include "server/request.h"

/* Decodes text in place: the result is never longer. False when it is not well-formed. */
static bool decode_in_place(char *text)
{
    size_t len = strlen(text);
    if (strchr(text, '%') == NULL) {
        return str_is_utf8(text, len);
    }
    auto_free char *decoded = str_percent_decode(text, len);
    if (decoded == NULL) {
        return false;
    }
    memcpy(text, decoded, strlen(decoded) + 1);
    return true;
}

/* No Azure name contains these characters, and they could end up in a header, a log line or a file name. */
static bool is_safe_segment(const char *text)
{
    if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0) {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (iscntrl((unsigned char)*at) || *at == '/') {
            return false;
        }
    }
    return true;
}

static int set_path(struct request *request, const char *path, size_t len, struct err *err)
{
    request->path_text = memory_checked(strndup(path, len));
    if (request->path_text == NULL) {
        return err_no_memory(err);
    }
    char *rest = request->path_text;
    while (rest != NULL) {
        char *segment = rest;
        char *slash = strchr(segment, '/');
        rest = slash == NULL ? NULL : slash + 1;
        if (slash != NULL) {
            *slash = '\0';
        }
        if (*segment == '\0') {
            continue;
        }
        if (!decode_in_place(segment) || !is_safe_segment(segment)) {
            return err_set(
                err, ERR_BAD_REQUEST,
                "The request URL is not valid: a segment of its path has a broken percent-escape, is not "
                "UTF-8, or holds a character that is not allowed there.");
        }
        if (request->segment_count == REQUEST_SEGMENTS_MAX) {
            return err_set(err, ERR_URI_TOO_LONG, "The path of the request URL has more than %d segments.",
                           REQUEST_SEGMENTS_MAX);
        }
        request->segments[request->segment_count++] = segment;
    }
    return 0;
}

enum pairs { PAIRS_GOOD, PAIRS_BROKEN, PAIRS_TOO_MANY };

/* Splits "a=b&c=d" in place; pairs has room for REQUEST_QUERY_MAX. */
static enum pairs split_pairs(char *text, struct request_pair *pairs, size_t *ret_count)
{
    size_t count = 0;
    char *rest = text;
    while (rest != NULL) {
        char *name = strsep(&rest, "&");
        if (*name == '\0') {
            continue;
        }
        for (char *at = name; *at != '\0'; at++) {
            if (*at == '+') {
                *at = ' ';
            }
        }
        char *equals = strchr(name, '=');
        char *value = equals == NULL ? name + strlen(name) : equals + 1;
        if (equals != NULL) {
            *equals = '\0';
        }
        if (!decode_in_place(name) || !decode_in_place(value)) {
            return PAIRS_BROKEN;
        }
        if (count == REQUEST_QUERY_MAX) {
            return PAIRS_TOO_MANY;
        }
        pairs[count++] = (struct request_pair){name, value};
    }
    *ret_count = count;
    return PAIRS_GOOD;
}

static int set_query(struct request *request, const char *query, struct err *err)
{
    request->query_text = memory_checked(strdup(query));
    if (request->query_text == NULL) {
        return err_no_memory(err);
    }
    switch (split_pairs(request->query_text, request->query, &request->query_count)) {
    case PAIRS_BROKEN:
        return err_set(
            err, ERR_BAD_REQUEST,
            "The request URL is not valid: its query has a broken percent-escape or is not UTF-8.");
    case PAIRS_TOO_MANY:
        return err_set(err, ERR_URI_TOO_LONG, "The request URL has more than %d query parameters.",
                       REQUEST_QUERY_MAX);
    case PAIRS_GOOD:
        break;
    }
    const char *version = request_query(request, "api-version");
    request->api_version = version != NULL && *version != '\0' ? version : NULL;
    return 0;
}

/* Clients of proxies send the absolute form, "GET http://host/path": skip everything before the path. */
static const char *path_of(const char *uri)
{
    size_t scheme = str_istarts(uri, "http://") ? 7 : str_istarts(uri, "https://") ? 8 : 0;
    return scheme == 0 ? uri : uri + scheme + strcspn(uri + scheme, "/?#");
}

char *request_uri_host(const struct request *request)
{
    const char *uri = request->raw_uri == NULL ? "" : request->raw_uri;
    const char *path = path_of(uri);
    size_t scheme = path == uri ? 0 : (size_t)(strstr(uri, "//") - uri) + 2;
    return path == uri ? NULL : memory_checked(strndup(uri + scheme, (size_t)(path - uri) - scheme));
}

static int read_uri(struct request *request, const char *uri, struct err *err)
{
    if (strlen(uri) > REQUEST_URI_MAX) {
        return err_set(err, ERR_URI_TOO_LONG, "The request URL is longer than %d bytes.", REQUEST_URI_MAX);
    }
    request->raw_uri = memory_checked(strdup(uri));
    if (request->raw_uri == NULL) {
        return err_no_memory(err);
    }
    const char *path = path_of(uri);
    size_t len = strcspn(path, "?#");
    if (set_path(request, path, len, err) < 0) {
        return -1;
    }
    return path[len] == '?' ? set_query(request, path + len + 1, err) : 0;
}

int request_set_uri(struct request *request, const char *uri, struct err *err)
{
    memory_watch_begin();
    int result = read_uri(request, uri, err);
    return memory_watch_end() ? err_no_memory(err) : result;
}

int request_parse_form(struct request *request, struct err *err)
{
    size_t len = request->raw_body.len;
    if (len > REQUEST_FORM_BYTES_MAX) {
        return err_set(err, ERR_TOO_LARGE,
                       "The request content is longer than the %d bytes allowed for a form.",
                       REQUEST_FORM_BYTES_MAX);
    }
    const char *body = buf_text(&request->raw_body);
    request->form_text = memory_checked(strndup(body, len));
    request->form = memory_checked(calloc(REQUEST_QUERY_MAX, sizeof(*request->form)));
    if (request->form_text == NULL || request->form == NULL) {
        return err_no_memory(err);
    }
    if (strlen(request->form_text) != len ||
        split_pairs(request->form_text, request->form, &request->form_count) != PAIRS_GOOD) {
        return err_set(err, ERR_BAD_REQUEST,
                       "The request content is not a form: it has a broken percent-escape, is not UTF-8, or "
                       "has more than %d fields.",
                       REQUEST_QUERY_MAX);
    }
    return 0;
}
