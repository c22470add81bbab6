/* SPDX-License-Identifier: MIT */
/* Figures in the text format of Prometheus. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/buf.h"
#include "handlers/arm/resource.h"
#include "handlers/own/own.h"

enum { METRICS_BYTES_MAX = 64 * 1024 };

static void add_head(struct buf *text, const char *name, const char *type, const char *help)
{
    buf_addf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_value(struct buf *text, const char *name, const char *type, const char *help, int64_t value)
{
    add_head(text, name, type, help);
    buf_addf(text, "%s %" PRId64 "\n", name, value);
}

static void add_figures(struct buf *text, const struct store_figures *figures)
{
    add_head(text, "malachite_migrations", "gauge", "Migrations by state.");
    for (int i = 0; i < STATE_COUNT; i++) {
        buf_addf(text, "malachite_migrations{state=\"%s\"} %" PRId64 "\n", word_of(WORDS_MIGRATION_STATE, i),
                 figures->migrations_by_state[i]);
    }
    add_head(text, "malachite_servers", "gauge", "Servers by kind.");
    for (int i = 0; i < SERVER_KIND_COUNT; i++) {
        buf_addf(text, "malachite_servers{kind=\"%s\"} %" PRId64 "\n", word_of(WORDS_SERVER_KIND, i),
                 figures->servers[i]);
    }
    add_value(text, "malachite_operations_in_progress", "gauge", "Active long-running operations.",
              figures->operations_in_progress);
    add_value(text, "malachite_rows_copied", "gauge", "Rows copied in all stored migrations.",
              figures->rows_copied);
    add_value(text, "malachite_bytes_copied", "gauge", "Bytes copied in all stored migrations.",
              figures->bytes_copied);
}

/* The second number in /proc/self/statm, in pages; 0 if the file does not exist. */
static int64_t resident_bytes(void)
{
    char line[128] = "";
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        const char *blank = fgets(line, sizeof(line), file) == NULL ? NULL : strchr(line, ' ');
        pages = blank == NULL ? 0 : strtoll(blank, NULL, 10);
        fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

static void add_process(struct buf *text, const struct app *app)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    add_head(text, "process_cpu_seconds_total", "counter", "User and system time.");
    buf_addf(text, "process_cpu_seconds_total %.3f\n", cpu_s);
    add_value(text, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
    add_value(text, "process_start_time_seconds", "gauge", "Start, in seconds since 1970.",
              app->started_us / 1000000);
}

void metrics_get(struct request *request)
{
    struct err err = {0};
    struct store_figures figures;
    struct app *app = request->app;
    if (store_figures(app->store, &err, &figures) < 0) {
        reply_error(request, &err);
        return;
    }
    auto_buf struct buf text = BUF_MAX(METRICS_BYTES_MAX);
    add_head(&text, "malachite_build_info", "gauge", "The running version.");
    buf_addf(&text, "malachite_build_info{version=\"%s\"} 1\n", MALACHITE_VERSION);
    add_value(&text, "malachite_http_requests_total", "counter", "HTTP requests answered.",
              (int64_t)atomic_load(&app->requests));
    add_value(&text, "malachite_http_server_errors_total", "counter",
              "HTTP requests answered with a 5xx status.", (int64_t)atomic_load(&app->server_errors));
    add_figures(&text, &figures);
    add_process(&text, app);
    if (buf_failed(&text)) {
        reply_json(request, 500, NULL);
        return;
    }
    reply_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", buf_text(&text), text.len);
}
