/* SPDX-License-Identifier: MIT */
/*
 * The web portal: one page and its hashed files, which the build embeds into the program
 * (portal/build.mjs). A program that was built without node has none, and says how to get it.
 */
#ifndef SERVER_PORTAL_PORTAL_H
#define SERVER_PORTAL_PORTAL_H

#include <stddef.h>

#include "server/request.h"

enum portal_coding { PORTAL_PLAIN, PORTAL_GZIP, PORTAL_BROTLI, PORTAL_CODINGS };

struct portal_file {
    const char *name; /* "index.html", or with a hash of the contents: "portal-1A2B3C.js" */
    const char *content_type;
    const char *hash; /* of the contents, for ETag */
    struct {
        const char *data;
        size_t len;
    } bodies[PORTAL_CODINGS];
};

/* Generated; the page first. */
extern const struct portal_file portal_files[];
extern const size_t portal_file_count;

/* GET / and /portal/...: the page, for every path. */
void portal_page(struct request *request);
/* GET /portal/assets/{asset} */
void portal_asset(struct request *request);

#endif
