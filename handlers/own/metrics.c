/* SPDX-License-Identifier: MIT */
/* Metrics in the text format of Prometheus: one row for each metric. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/metrics/exposition.h"
#include "handlers/arm/resource.h"
#include "handlers/own/own.h"
#include "handlers/own/request_durations.h"

/* Far more than all operations with all classes of statuses take. */
enum { METRICS_BYTES_MAX = 8 * 1024 * 1024 };

/* What the rows read. */
struct view {
    const struct app *app;
    const struct store_figures *figures;
    const struct store_lag *lags;
    size_t lag_count;
};

/* Writes the samples of a metric. */
typedef void write_fn(struct buf *text, const char *name, const struct view *view);

static void write_build_info(struct buf *text, const char *name, const struct view *view)
{
    (void)view;
    exposition_sample(text, name, &(struct labels){{{"version", MALACHITE_VERSION}}}, 1);
}

static void write_requests(struct buf *text, const char *name, const struct view *view)
{
    exposition_sample(text, name, NULL, (int64_t)atomic_load(&view->app->requests));
}

static void write_server_errors(struct buf *text, const char *name, const struct view *view)
{
    exposition_sample(text, name, NULL, (int64_t)atomic_load(&view->app->server_errors));
}

static void write_request_durations(struct buf *text, const char *name, const struct view *view)
{
    request_durations_write(view->app->durations, text, name);
}

static void write_migrations(struct buf *text, const char *name, const struct view *view)
{
    for (int i = 0; i < STATE_COUNT; i++) {
        exposition_sample(text, name, &(struct labels){{{"state", word_of(WORDS_MIGRATION_STATE, i)}}},
                          view->figures->migrations_by_state[i]);
    }
}

static void write_substates(struct buf *text, const char *name, const struct view *view)
{
    const struct executor_metrics *metrics = executor_metrics(view->app->executor);
    for (int i = 0; i < SUB_COUNT; i++) {
        exposition_histogram(text, name, &(struct labels){{{"substate", word_of(WORDS_SUBSTATE, i)}}},
                             &metrics->substates[i], &histogram_of_stages);
    }
}

static void write_leases_lost(struct buf *text, const char *name, const struct view *view)
{
    exposition_sample(text, name, NULL,
                      (int64_t)atomic_load(&executor_metrics(view->app->executor)->leases_lost));
}

static void write_copied(struct buf *text, const char *name, const struct view *view)
{
    (void)view;
    exposition_sample(text, name, NULL, (int64_t)executor_copied_bytes());
}

static void write_lags(struct buf *text, const char *name, const struct view *view)
{
    for (size_t i = 0; i < view->lag_count; i++) {
        const struct store_lag *lag = &view->lags[i];
        const struct labels labels = {{{"migration", lag->migration}, {"database", lag->database}}};
        exposition_sample(text, name, &labels, lag->pending_bytes);
    }
}

static void write_servers(struct buf *text, const char *name, const struct view *view)
{
    for (int i = 0; i < SERVER_KIND_COUNT; i++) {
        exposition_sample(text, name, &(struct labels){{{"kind", word_of(WORDS_SERVER_KIND, i)}}},
                          view->figures->servers[i]);
    }
}

static void write_operations(struct buf *text, const char *name, const struct view *view)
{
    exposition_sample(text, name, NULL, view->figures->operations_in_progress);
}

static void write_stored_rows(struct buf *text, const char *name, const struct view *view)
{
    exposition_sample(text, name, NULL, view->figures->rows_copied);
}

static void write_stored_bytes(struct buf *text, const char *name, const struct view *view)
{
    exposition_sample(text, name, NULL, view->figures->bytes_copied);
}

static void write_cpu(struct buf *text, const char *name, const struct view *view)
{
    (void)view;
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    buf_addf(text, "%s %.3f\n", name, cpu_s);
}

/* The second number in /proc/self/statm, in pages; 0 if the file does not exist. */
static void write_memory(struct buf *text, const char *name, const struct view *view)
{
    (void)view;
    char line[128] = "";
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        const char *blank = fgets(line, sizeof(line), file) == NULL ? NULL : strchr(line, ' ');
        pages = blank == NULL ? 0 : strtoll(blank, NULL, 10);
        fclose(file);
    }
    exposition_sample(text, name, NULL, pages * sysconf(_SC_PAGESIZE));
}

static void write_start(struct buf *text, const char *name, const struct view *view)
{
    exposition_sample(text, name, NULL, view->app->started_us / 1000000);
}

/* clang-format off */
static const struct metric {
    const char *name;
    const char *type;
    const char *help;
    write_fn *write;
} metrics[] = {
    {"malachite_build_info", "gauge", "The running version.", write_build_info},
    {"malachite_http_requests_total", "counter", "HTTP requests answered.", write_requests},
    {"malachite_http_server_errors_total", "counter", "HTTP requests answered with a 5xx status.", write_server_errors},
    {"malachite_http_request_duration_seconds", "histogram",
     "Time from the first line of a request to the end of its response, by operation and class of the status.", write_request_durations},
    {"malachite_migrations", "gauge", "Migrations by state.", write_migrations},
    {"malachite_migration_substate_seconds", "histogram",
     "Time that migrations stayed in a substate, counted when they leave it.", write_substates},
    {"malachite_copied_bytes_total", "counter",
     "Bytes of rows that COPY has sent to targets, recopies included.", write_copied},
    {"malachite_replication_lag_bytes", "gauge",
     "WAL of the source that is not applied yet, for each database that is being followed.", write_lags},
    {"malachite_lease_lost_total", "counter",
     "Times that a worker found its migration taken over.", write_leases_lost},
    {"malachite_servers", "gauge", "Servers by kind.", write_servers},
    {"malachite_operations_in_progress", "gauge", "Active long-running operations.", write_operations},
    {"malachite_rows_copied", "gauge", "Rows copied in all stored migrations.", write_stored_rows},
    {"malachite_bytes_copied", "gauge", "Bytes copied in all stored migrations.", write_stored_bytes},
    {"process_cpu_seconds_total", "counter", "User and system time.", write_cpu},
    {"process_resident_memory_bytes", "gauge", "Resident memory.", write_memory},
    {"process_start_time_seconds", "gauge", "Start, in seconds since 1970.", write_start},
};
/* clang-format on */

void metrics_get(struct request *request)
{
    struct err err = {0};
    struct store_figures figures;
    struct app *app = request->app;
    struct store_lag *lags = NULL;
    size_t lag_count = 0;
    if (store_figures(app->store, &err, &figures) < 0 ||
        store_lag_list(app->store, &err, &lags, &lag_count) < 0) {
        reply_error(request, &err);
        return;
    }
    const struct view view = {.app = app, .figures = &figures, .lags = lags, .lag_count = lag_count};
    auto_buf struct buf text = BUF_MAX(METRICS_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        exposition_head(&text, metrics[i].name, metrics[i].type, metrics[i].help);
        metrics[i].write(&text, metrics[i].name, &view);
    }
    store_lags_free(lags, lag_count);
    if (buf_failed(&text)) {
        reply_json(request, 500, NULL);
        return;
    }
    reply_text(request, 200, EXPOSITION_TYPE, buf_text(&text), text.len);
}
