/* SPDX-License-Identifier: MIT */
/*
 * All responses are built here: JSON bodies, the ARM error envelope, the headers of long-running
 * operations and the common ARM headers. A handler calls one of these exactly once and returns. None of
 * them blocks.
 */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include <jansson.h>

#include "core/err.h"
#include "server/request.h"

/* Replies with a JSON body; takes over the reference to json. NULL json: 500 (memory is out). */
void reply_json(struct request *request, int status, json_t *json);
/* Replies without a body: 200, 202, 204, 404. */
void reply_empty(struct request *request, int status);
/* Replies with text of another type (metrics, PEM, HTML), which it copies. content_type is static text. */
void reply_text(struct request *request, int status, const char *content_type, const char *text, size_t len);
/* Replies with the ARM error body {"error":{"code","message","target"?}} and the status of the code. */
void reply_error(struct request *request, const struct err *err);
/* The same from a code and a formatted message. */
void reply_fail(struct request *request, enum err_code code, const char *format, ...) printf_like(3, 4);

/*
 * Instead of a reply: runs the handler again in about ms, on a lane; the connection waits in the meantime
 * and no thread does. For long polls: the handler keeps its own deadline, counted from
 * request->started_us.
 */
void reply_later(struct request *request, int ms);
/* Ends the connection instead of sending the reply; with an RST if reset. */
void reply_cut(struct request *request, bool reset);

/* Adds a header to the next (or current) reply. Copies both strings; a value with control characters is
 * not sent. */
void reply_header(struct request *request, const char *name, const char *value);

/* Adds a Warning header (299), for additional information that a person should read. No quotes in text. */
void reply_warning(struct request *request, const char *text);

/* The absolute URL, from the client's view, of one of Malachite's paths ("/subscriptions/...", with
 * query). The caller frees. */
char *reply_absolute_url(const struct request *request, const char *path_and_query);

/* ---- for server/
 * --------------------------------------------------------------------------------------------- */

/* Discards the reply, so that another one can be given. */
void reply_discard(struct request *request);

/* The headers of every response, besides Date, Content-Type and those of reply_header(), which may
 * override Cache-Control. */
enum { REPLY_COMMON_MAX = 12, REPLY_COMMON_VALUE_SIZE = 128 };
struct reply_common {
    struct {
        const char *name;
        const char *value; /* static text, of the request, or in the buffer below */
    } headers[REPLY_COMMON_MAX];
    size_t count;
    char routing_id[REPLY_COMMON_VALUE_SIZE];
};
void reply_common_headers(const struct request *request, struct reply_common *ret_common);

/* The response when memory for any other is out. */
extern const char reply_out_of_memory[];

#endif
