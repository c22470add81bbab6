/* SPDX-License-Identifier: MIT */
/*
 * One HTTP request, from a handler's view: path parameters and query decoded, body parsed, ids generated.
 * A handler reads it, and replies exactly once through server/reply.h. Independent of libmicrohttpd.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/parse/id.h"

struct app;
struct point_effect;
struct route;
struct stream;

enum {
    REQUEST_PARAMS_MAX = 8,
    REQUEST_QUERY_MAX = 32,
    REQUEST_SEGMENTS_MAX = 24,
    REQUEST_BODY_MAX = 4 * 1024 * 1024,
    REQUEST_TREE_MAX = 10 * 1024 * 1024, /* of what a JSON body becomes in memory */
    REQUEST_URI_MAX = 16 * 1024,
    REQUEST_FORM_BYTES_MAX = 64 * 1024,
    REQUEST_NOTES_MAX = 50,
    REQUEST_METHOD_SIZE = 24,
    REQUEST_CORRELATION_SIZE = ID_TEXT_SIZE * 2,
};

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_PUT,
    METHOD_POST,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_OTHER
};

/* Points into memory of the request or of the route table. */
struct request_pair {
    const char *name;
    const char *value;
};

struct reply_header {
    char *name;
    char *value;
};

enum { REPLY_HEADERS_MAX = 16 };

/* The response to send; written by server/reply.c only. */
struct reply {
    int status;             /* 0: not answered yet */
    const char *error_code; /* on the wire, static text; NULL: no error */
    bool repeated;          /* replied more than once: a bug in the handler */
    bool out_of_memory;     /* the body could not be built: send the prepared response */
    char *body;             /* or NULL */
    size_t body_len;
    const char *content_type; /* static text */
    struct reply_header headers[REPLY_HEADERS_MAX];
    size_t header_count;
    bool cut; /* the connection ends instead of it */
    bool cut_with_reset;
};

/* How far a request is at the points "request" and "reply"; of handlers/rules. */
struct request_visit {
    enum request_stage { STAGE_ARRIVED, STAGE_ADMITTED, STAGE_HANDLED, STAGE_REPLIES } stage;
    struct point_effect *effect; /* that it waits for, or NULL; owned */
};

struct request {
    unsigned magic; /* REQUEST_MAGIC, because it is passed through void pointers */
    struct app *app;
    const struct route *route;
    enum method method;
    char method_text[REQUEST_METHOD_SIZE]; /* as sent, cut to size */
    char *raw_uri;                         /* path and query as sent */
    char *host;          /* Host header, or the one that a proxy forwards, for absolute links; never NULL */
    bool https;          /* or so a proxy says */
    char *authorization; /* header, or NULL; never logged */
    json_t *claims;      /* of the verified token; NULL unless --auth strict checked one */
    char *content_type;  /* header, or NULL */
    bool takes_gzip;     /* of Accept-Encoding */
    bool takes_brotli;
    char *if_match;                       /* header, or NULL */
    char *if_none_match;                  /* likewise */
    char *last_event_id;                  /* header, or NULL */
    bool has_metadata_header;             /* from a client that requests the token of a managed identity */
    bool from_browser;                    /* has a header that only browsers send */
    bool from_other_site;                 /* a browser sends it on behalf of a page of another site */
    char *segments[REQUEST_SEGMENTS_MAX]; /* of the path, decoded; without empty ones */
    size_t segment_count;
    struct request_pair params[REQUEST_PARAMS_MAX]; /* from the route's {names}, decoded */
    size_t param_count;
    struct request_pair query[REQUEST_QUERY_MAX]; /* decoded */
    size_t query_count;
    const char *api_version; /* the api-version parameter, or NULL if it is missing or empty */
    struct buf raw_body;
    struct request_pair *form; /* decoded fields of a form body; NULL unless the route has ROUTE_FORM */
    size_t form_count;
    json_t *body;                  /* parsed by request_body(), owned here; NULL before */
    json_t *notes;                 /* ignored properties of the body: array for the request log, or NULL */
    char request_id[ID_TEXT_SIZE]; /* x-ms-request-id */
    char correlation_id[REQUEST_CORRELATION_SIZE]; /* x-ms-correlation-request-id: the client's, or request_id
                                                    */
    char *client_request_id;                       /* x-ms-client-request-id, or NULL */
    int64_t started_us;
    int64_t arrived_us;    /* the same on the steady clock, for durations */
    int64_t wait_until_ms; /* of a long poll, on the monotonic clock; 0: not known yet */
    bool wait_is_over;     /* of a long poll: reply now */
    bool waits;            /* the handler has not replied, and runs again after the next change */
    int nesting;           /* of a request that a deployment sends: the number of enclosing deployments */
    struct request_visit visit; /* of testers' rules */
    int64_t again_ms;           /* of reply_later(): when to run the handler again; 0: it has replied */
    struct reply reply;
    struct stream *stream; /* of a reply without an end (server/stream.h), or NULL */
    void (*stream_discard)(struct stream *stream);
    char *path_text;  /* segments and params point into it */
    char *query_text; /* query points into it */
    char *form_text;  /* form points into it */
};

enum { REQUEST_MAGIC = 0x6d726571 };

/* A path parameter by its name in the route's pattern. Never NULL for a name that the pattern contains. */
const char *request_param(const struct request *request, const char *name);
/* A query parameter (name compared without case), or NULL. The first one counts when a name is repeated. */
const char *request_query(const struct request *request, const char *name);
/* A field of a form body (routes with ROUTE_FORM), or NULL if it is missing or empty. */
const char *request_form(const struct request *request, const char *name);

/*
 * Parses the body as a JSON object; handlers call it after their 404 checks, like ARM. Returns the object
 * (owned by the request), or NULL after replying 400 InvalidRequestContent. An empty body becomes an empty
 * object if the route has ROUTE_BODY_OPTIONAL.
 */
json_t *request_body(struct request *request);

/*
 * Records for the request log that a property of the body was ignored: path is its path
 * ("properties.foo"), belongs is the correct path, or NULL if no such property is known. Keeps at most
 * REQUEST_NOTES_MAX.
 */
void request_note(struct request *request, const char *path, const char *belongs);

/*
 * For routes with ROUTE_WAITS, whose handler runs again after every change (core/change.h) until it replies.
 * True: return without a reply. False: the time (from the first call on) is over, so reply now.
 */
bool request_keep_waiting(struct request *request, int64_t timeout_ms);

/* ---- for server/ and for tests of handlers
 * ------------------------------------------------------------------ */

/* A request with new ids, without URI and host. request_free() accepts NULL. */
struct request *request_new(struct app *app);
void request_free(struct request *request);
/* The same for a request that is a member of another struct. */
void request_init(struct request *request, struct app *app);
void request_done(struct request *request);

/* Sets the method as sent. */
void request_set_method(struct request *request, const char *name);
enum method method_from_name(const char *name);
const char *method_name(enum method method);

/*
 * Sets the URI as sent: fills raw_uri, segments, query and api_version. Fails with ERR_BAD_REQUEST on
 * malformed escapes, invalid UTF-8, control characters, slashes, and dots as a whole segment; with
 * ERR_URI_TOO_LONG beyond the limits above.
 */
int request_set_uri(struct request *request, const char *uri, struct err *err);

/* The host of a URI in absolute form ("http://name:port/path"); NULL for others. The caller frees. */
char *request_uri_host(const struct request *request);

/* Parses the body as application/x-www-form-urlencoded. ERR_BAD_REQUEST if it is malformed, ERR_TOO_LARGE. */
int request_parse_form(struct request *request, struct err *err);

/* Whether text is a valid value of a Host header: name, name:port, 1.2.3.4:port, [::1]:port. */
bool request_is_host(const char *text, size_t len);

/* Headers as the client sent them; each may be NULL. Headers of proxies are only set from a trusted proxy. */
struct request_head {
    const char *host;
    const char *forwarded;       /* Forwarded (RFC 7239): for values that the others lack */
    const char *forwarded_host;  /* X-Forwarded-Host */
    const char *forwarded_proto; /* X-Forwarded-Proto */
    const char *forwarded_port;  /* X-Forwarded-Port */
    const char *authorization;
    const char *content_type;
    const char *correlation_id;
    const char *client_request_id;
    const char *accept_encoding;
    const char *if_match;
    const char *if_none_match;
    const char *last_event_id; /* Last-Event-ID of server-sent events */
    const char *origin;
    const char *fetch_site;    /* Sec-Fetch-Site */
    const char *metadata;      /* Metadata: of the instance metadata service */
    const char *identity;      /* X-IDENTITY-HEADER: of App Service */
    const char *identity_2017; /* Secret: the same in its version of 2017 */
};
/*
 * Applies the headers. Values that are unsuitable for a URL or a header are replaced: the host by our_host
 * (the listener's address), the ids by generated ones. False when memory is out.
 */
bool request_set_head(struct request *request, const struct request_head *head, const char *our_host,
                      bool https);

#endif
