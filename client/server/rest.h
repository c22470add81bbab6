/* SPDX-License-Identifier: MIT */
/* REST calls with JSON bodies, over libcurl, with Malachite's sign-in if it requires a token. */
#ifndef CLIENT_SERVER_REST_H
#define CLIENT_SERVER_REST_H

#include <jansson.h>
#include <stdbool.h>

#include "core/err.h"

struct rest_settings {
    const char *url;     /* "http://127.0.0.1:8080", with or without a trailing slash */
    const char *ca_file; /* or "" */
    const char *tenant_id;
    const char *client_id;
    const char *client_secret; /* or NULL: cannot sign in */
};

/* One connection; for one thread. */
struct rest;

/* The settings are copied. Release with rest_close(). */
int rest_open(const struct rest_settings *settings, struct err *err, struct rest **ret_rest);
void rest_close(struct rest *rest);

/* Ctrl-C ends calls early, with ERR_CANCELED. Initially off. */
void rest_end_at_interrupt(struct rest *rest, bool on);

/*
 * path: relative to the address, with its query. body: borrowed, or NULL. Returns the response, a new
 * reference, which is NULL if it has no body. Fails for statuses from 400 with the response's own message,
 * and with ERR_UNAVAILABLE without a response. rest_status() is then the status, or 0.
 */
int rest_call(struct rest *rest, const char *method, const char *path, json_t *body, struct err *err,
              json_t **ret_answer);
long rest_status(const struct rest *rest);
/* Polls the long-running operation of the last call to its end. */
int rest_wait(struct rest *rest, struct err *err);

#endif
