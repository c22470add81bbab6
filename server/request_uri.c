/* SPDX-License-Identifier: MIT */
/*
 * The URI, the headers and the form body of a request. The path is split before it is decoded, so that an
 * escaped slash cannot move a border between segments.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "server/request.h"

enum { HOST_MAX = 255, CLIENT_REQUEST_ID_MAX = 128 };

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

/* No Azure name holds these, and they could end up in a header, a log line or a file name. */
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
    request->path_text = strndup(path, len);
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

/* Cuts "a=b&c=d" up in place; pairs has room for REQUEST_QUERY_MAX. */
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
    request->query_text = strdup(query);
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

/* Proxies' clients send the absolute form, "GET http://host/path": everything up to the path is skipped. */
static const char *path_of(const char *uri)
{
    size_t scheme = str_istarts(uri, "http://") ? 7 : str_istarts(uri, "https://") ? 8 : 0;
    return scheme == 0 ? uri : uri + scheme + strcspn(uri + scheme, "/?#");
}

int request_set_uri(struct request *request, const char *uri, struct err *err)
{
    if (strlen(uri) > REQUEST_URI_MAX) {
        return err_set(err, ERR_URI_TOO_LONG, "The request URL is longer than %d bytes.", REQUEST_URI_MAX);
    }
    request->raw_uri = strdup(uri);
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

/* name, name:port, 1.2.3.4:port, [::1]:port */
static bool is_host(const char *text, size_t len)
{
    if (len == 0 || len > HOST_MAX) {
        return false;
    }
    size_t at = 0;
    if (text[0] == '[') {
        at = 1;
        while (at < len && (isxdigit((unsigned char)text[at]) || text[at] == ':' || text[at] == '.')) {
            at++;
        }
        if (at < 3 || at >= len || text[at] != ']') {
            return false;
        }
        at++;
    } else {
        while (at < len && (isalnum((unsigned char)text[at]) || strchr(".-_", text[at]) != NULL)) {
            at++;
        }
    }
    if (at == len) {
        return true;
    }
    size_t digits = at + 1;
    while (digits < len && isdigit((unsigned char)text[digits])) {
        digits++;
    }
    return at > 0 && text[at] == ':' && digits == len && digits > at + 1 && digits <= at + 6;
}

/* The first of a list "a, b": proxies append, so the first is what the client saw. */
static size_t first_of_list(const char *list)
{
    size_t len = strcspn(list, ",");
    while (len > 0 && list[len - 1] == ' ') {
        len--;
    }
    return len;
}

static bool is_correlation_id(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL) {
            return false;
        }
    }
    return len > 0 && len < REQUEST_CORRELATION_SIZE;
}

static bool is_client_request_id(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7E) {
            return false;
        }
    }
    return len > 0 && len <= CLIENT_REQUEST_ID_MAX;
}

static char *choose_host(const struct request_head *head, const char *our_host)
{
    const char *const candidates[] = {head->forwarded_host, head->host};
    for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
        if (candidates[i] != NULL) {
            size_t len = first_of_list(candidates[i]);
            if (is_host(candidates[i], len)) {
                return strndup(candidates[i], len);
            }
        }
    }
    return strdup(our_host);
}

/* Whether Accept-Encoding has the coding in its list, and not with the weight 0. */
static bool takes_encoding(const char *accept, const char *coding)
{
    size_t len = strlen(coding);
    for (const char *at = accept; at != NULL && *at != '\0'; at += *at == ',' ? 1 : 0) {
        at += strspn(at, " \t");
        size_t item_len = strcspn(at, ",");
        bool named = item_len >= len && strncasecmp(at, coding, len) == 0 &&
                     (item_len == len || strchr("; \t", at[len]) != NULL);
        if (named) {
            const char *weight = memmem(at, item_len, "q=", 2);
            return weight == NULL || strtod(weight + 2, NULL) > 0;
        }
        at += item_len;
    }
    return false;
}

bool request_set_head(struct request *request, const struct request_head *head, const char *our_host,
                      bool https)
{
    request->https = https;
    if (head->forwarded_proto != NULL) {
        size_t len = first_of_list(head->forwarded_proto);
        bool is_https = len == 5 && strncasecmp(head->forwarded_proto, "https", len) == 0;
        bool is_http = len == 4 && strncasecmp(head->forwarded_proto, "http", len) == 0;
        request->https = is_https || (https && !is_http);
    }
    request->host = choose_host(head, our_host);
    request->authorization = str_dup(head->authorization);
    request->takes_gzip = takes_encoding(head->accept_encoding, "gzip");
    request->takes_brotli = takes_encoding(head->accept_encoding, "br");
    request->if_none_match = str_dup(head->if_none_match);
    request->from_other_site = head->fetch_site != NULL && (str_iequals(head->fetch_site, "cross-site") ||
                                                            str_iequals(head->fetch_site, "same-site"));
    if (head->correlation_id != NULL && is_correlation_id(head->correlation_id)) {
        memcpy(request->correlation_id, head->correlation_id, strlen(head->correlation_id) + 1);
    }
    bool echo = head->client_request_id != NULL && is_client_request_id(head->client_request_id);
    request->client_request_id = echo ? strdup(head->client_request_id) : NULL;
    return request->host != NULL && (head->authorization == NULL || request->authorization != NULL) &&
           (head->if_none_match == NULL || request->if_none_match != NULL) &&
           (!echo || request->client_request_id != NULL);
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
    request->form_text = strndup(body, len);
    request->form = calloc(REQUEST_QUERY_MAX, sizeof(*request->form));
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
