/* SPDX-License-Identifier: MIT */
/* For orchestrators: liveness, readiness, and the certificate authority to trust. */
#include <stdio.h>

#include "core/buf.h"
#include "core/clock.h"
#include "handlers/arm/resource.h"
#include "handlers/own/own.h"

enum { CA_BYTES_MAX = 64 * 1024 };

void malachite_health(struct request *request)
{
    const struct options *options = request->app->options;
    int64_t uptime_s = (clock_now_us() - request->app->started_us) / 1000000;
    /* The portal must know how to sign in before it can. */
    reply_json(request, 200,
               json_pack("{s:s, s:s, s:I, s:{s:s, s:s, s:s}}", "status", "ok", "version", MALACHITE_VERSION,
                         "uptimeSeconds", (json_int_t)uptime_s, "signIn", "auth", options->auth, "appId",
                         options->client_id, "tenantId", options->tenant_id));
}

void malachite_ready(struct request *request)
{
    if (executor_ready(request->app->executor)) {
        reply_json(request, 200, json_pack("{s:s}", "status", "ready"));
    } else {
        reply_header(request, "Retry-After", "1");
        reply_fail(request, ERR_UNAVAILABLE, "The provisioned PostgreSQL servers are still being started.");
    }
}

void malachite_ca(struct request *request)
{
    const char *path = request->app->ca_file;
    auto_buf struct buf pem = BUF_MAX(CA_BYTES_MAX);
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    char chunk[4096];
    size_t got = 0;
    if (file == NULL) {
        reply_fail(request, ERR_NOT_FOUND, "HTTPS is off: there is no certificate authority.");
        return;
    }
    do {
        got = fread(chunk, 1, sizeof(chunk), file);
        buf_add(&pem, chunk, got);
    } while (got > 0);
    fclose(file);
    if (buf_failed(&pem)) {
        reply_json(request, 500, NULL);
        return;
    }
    reply_text(request, 200, "application/x-pem-file", buf_text(&pem), pem.len);
}
