/* SPDX-License-Identifier: MIT */
#include "server/connections/refusal.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/parse/id.h"

static const char *reason_of(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    default:
        return "Service Unavailable";
    }
}

size_t refusal_format(enum err_code code, const char *message, char text[static REFUSAL_SIZE])
{
    char body[REFUSAL_SIZE / 2];
    char id[ID_TEXT_SIZE];
    id_new(id);
    snprintf(body, sizeof(body), "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", err_wire_code(code),
             message);
    int status = err_http_status(code);
    snprintf(text, REFUSAL_SIZE,
             "HTTP/1.1 %d %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n"
             "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nx-ms-request-id: %s\r\n"
             "x-ms-correlation-request-id: %s\r\n%sConnection: close\r\n\r\n%s",
             status, reason_of(status), strlen(body), id, id, status == 503 ? "Retry-After: 1\r\n" : "",
             body);
    return strlen(text);
}

void refusal_send(int fd, enum err_code code, const char *message)
{
    char text[REFUSAL_SIZE];
    size_t len = refusal_format(code, message, text);
    (void)send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}
