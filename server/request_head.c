/* SPDX-License-Identifier: MIT */
/* The headers of a request: its host, its sender, and the ids to return. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/str.h"
#include "server/request.h"

enum { HOST_MAX = 255, CLIENT_REQUEST_ID_MAX = 128 };

struct span {
    const char *text;
    size_t len;
};

/* name, name:port, 1.2.3.4:port, [::1]:port */
bool request_is_host(const char *text, size_t len)
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

/* The first of a list "a, b": proxies append, so the client's value comes first. */
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

/* The value of a parameter (host, proto) in the first element of a Forwarded header (RFC 7239). False if
 * it is missing. */
static bool find_forwarded(const char *header, const char *name, struct span *ret_value)
{
    const char *at = header;
    while (at != NULL && *at != '\0' && *at != ',') {
        at += strspn(at, " \t;");
        size_t name_len = strcspn(at, "=;,");
        if (at[name_len] != '=') {
            at += name_len;
            continue;
        }
        const char *value = at + name_len + 1;
        bool quoted = strspn(value, "\"") > 0;
        value += quoted;
        size_t len = strcspn(value, quoted ? "\"" : "; \t,");
        if (name_len == strlen(name) && strncasecmp(at, name, name_len) == 0) {
            *ret_value = (struct span){value, len};
            return true;
        }
        at = value + len + (quoted && value[len] != '\0');
    }
    return false;
}

static bool span_is(const struct span *span, const char *text)
{
    return span->len == strlen(text) && strncasecmp(span->text, text, span->len) == 0;
}

static bool choose_https(const struct request_head *head, bool https)
{
    struct span proto = {0};
    if (head->forwarded_proto != NULL) {
        proto = (struct span){head->forwarded_proto, first_of_list(head->forwarded_proto)};
    } else if (!find_forwarded(head->forwarded, "proto", &proto)) {
        return https;
    }
    return span_is(&proto, "https") || (https && !span_is(&proto, "http"));
}

/* The position of the port in "name:port", or len. */
static size_t port_at(const char *host, size_t len)
{
    size_t at = len;
    while (at > 0 && isdigit((unsigned char)host[at - 1])) {
        at--;
    }
    return at > 0 && at < len && host[at - 1] == ':' ? at - 1 : len;
}

/* The host that the client requested from the proxy, with its port. A proxy sends the port in a separate
 * header if the Host header has none, or is not the client's. */
static char *add_forwarded_port(const struct request_head *head, const struct span *host, bool https)
{
    size_t name_len = port_at(host->text, host->len);
    bool has_own = name_len < host->len && host->text != head->host;
    int64_t port = 0;
    size_t digits = first_of_list(head->forwarded_port);
    auto_free char *text = memory_checked(strndup(head->forwarded_port, digits));
    if (text == NULL || has_own || !str_to_int(text, 1, 65535, &port)) {
        return memory_checked(strndup(host->text, host->len));
    }
    return port == (https ? 443 : 80) ? memory_checked(strndup(host->text, name_len))
                                      : str_format("%.*s:%d", (int)name_len, host->text, (int)port);
}

static char *choose_host(const struct request_head *head, bool https, const char *our_host)
{
    struct span candidates[3] = {0};
    size_t count = 0;
    if (head->forwarded_host != NULL) {
        candidates[count++] = (struct span){head->forwarded_host, first_of_list(head->forwarded_host)};
    }
    count += find_forwarded(head->forwarded, "host", &candidates[count]);
    if (head->host != NULL) {
        candidates[count++] = (struct span){head->host, strlen(head->host)};
    }
    for (size_t i = 0; i < count; i++) {
        if (request_is_host(candidates[i].text, candidates[i].len)) {
            return head->forwarded_port == NULL
                       ? memory_checked(strndup(candidates[i].text, candidates[i].len))
                       : add_forwarded_port(head, &candidates[i], https);
        }
    }
    return memory_checked(strdup(our_host));
}

/* Whether a page of this origin ("https://name:port") belongs to Malachite: it was loaded from the host of
 * the request. */
static bool is_own_origin(const char *origin, const struct request *request, const struct request_head *head)
{
    const char *host = str_istarts(origin, "https://")  ? origin + strlen("https://")
                       : str_istarts(origin, "http://") ? origin + strlen("http://")
                                                        : NULL;
    if (host == NULL) {
        return false; /* Also for "null": a sandboxed page, or a file */
    }
    const char *port = host - origin == strlen("https://") ? ":443" : ":80";
    const char *const own[] = {request->host, head->host};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (own[i] == NULL) {
            continue;
        }
        size_t len = strlen(own[i]);
        size_t bare = len - (port_at(own[i], len) < len && str_equals(own[i] + port_at(own[i], len), port)
                                 ? strlen(port)
                                 : 0);
        if (strncasecmp(host, own[i], bare) == 0 && (host[bare] == '\0' || str_equals(host + bare, port))) {
            return true;
        }
    }
    return false;
}

/* Sec-Fetch-Site is reliable if the browser sends it; older ones send Origin with everything except GET.
 * "none" means that no page asked: an extension sends it with its own Origin, the user's address bar without
 * one. */
static bool is_from_other_site(const struct request *request, const struct request_head *head)
{
    if (head->fetch_site != NULL && !str_iequals(head->fetch_site, "none")) {
        return !str_iequals(head->fetch_site, "same-origin");
    }
    return head->origin != NULL && !is_own_origin(head->origin, request, head);
}

/* Whether Accept-Encoding lists the coding with a weight other than 0. */
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
    request->https = choose_https(head, https);
    request->host = choose_host(head, request->https, our_host);
    request->authorization = str_dup(head->authorization);
    request->takes_gzip = takes_encoding(head->accept_encoding, "gzip");
    request->takes_brotli = takes_encoding(head->accept_encoding, "br");
    request->if_match = str_dup(head->if_match);
    request->if_none_match = str_dup(head->if_none_match);
    request->last_event_id = str_dup(head->last_event_id);
    request->content_type = str_dup(head->content_type);
    request->has_metadata_header =
        str_iequals(head->metadata, "true") || head->identity != NULL || head->identity_2017 != NULL;
    request->from_browser = head->fetch_site != NULL || head->origin != NULL;
    request->from_other_site = request->host != NULL && is_from_other_site(request, head);
    if (head->correlation_id != NULL && is_correlation_id(head->correlation_id)) {
        memcpy(request->correlation_id, head->correlation_id, strlen(head->correlation_id) + 1);
    }
    bool echo = head->client_request_id != NULL && is_client_request_id(head->client_request_id);
    request->client_request_id = echo ? memory_checked(strdup(head->client_request_id)) : NULL;
    return request->host != NULL && (head->authorization == NULL || request->authorization != NULL) &&
           (head->content_type == NULL || request->content_type != NULL) &&
           (head->if_match == NULL || request->if_match != NULL) &&
           (head->if_none_match == NULL || request->if_none_match != NULL) &&
           (head->last_event_id == NULL || request->last_event_id != NULL) &&
           (!echo || request->client_request_id != NULL);
}
