/* SPDX-License-Identifier: MIT */
#include "engine/pg/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"

enum { TEXT_MAX_BYTES = 2000, FAILURES_KEPT = 5, WARNINGS_MAX = 10000 };

void report_init(struct report *report)
{
    *report = (struct report){.retryable = true};
    pthread_mutex_init(&report->lock, NULL);
}

void report_done(struct report *report)
{
    str_list_done(&report->warnings);
    str_list_done(&report->failures);
    for (size_t i = 0; i < report->role_count; i++) {
        free(report->roles[i].name);
    }
    free(report->roles);
    pthread_mutex_destroy(&report->lock);
}

printf_like(2, 0) static void add_text(struct str_list *list, const char *format, va_list args)
{
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    buf_vaddf(&text, format, args);
    str_list_add(list, buf_failed(&text) ? "(the text of this message was too long)" : buf_text(&text));
}

void report_warning(struct report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&report->lock);
    if (report->warnings.count < WARNINGS_MAX) {
        add_text(&report->warnings, format, args);
    }
    pthread_mutex_unlock(&report->lock);
    va_end(args);
}

void report_failure(struct report *report, const struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&report->lock);
    report->failure_count++;
    report->retryable = report->retryable && !err->lasting;
    if (report->failures.count < FAILURES_KEPT) {
        add_text(&report->failures, format, args);
    }
    report->service_code = report->service_code != 0 ? report->service_code : err->service_code;
    if (report->sqlstate[0] == '\0') {
        memcpy(report->sqlstate, err->sqlstate, sizeof(report->sqlstate));
    }
    pthread_mutex_unlock(&report->lock);
    va_end(args);
}

/* Call it with the lock held. NULL when memory is out. */
static struct report_role *role_row(struct report *report, const char *name)
{
    for (size_t i = 0; i < report->role_count; i++) {
        if (strcmp(report->roles[i].name, name) == 0) {
            return &report->roles[i];
        }
    }
    struct report_role *grown = realloc(report->roles, (report->role_count + 1) * sizeof(*grown));
    char *copy = str_dup(name);
    report->roles = grown != NULL ? grown : report->roles;
    if (grown == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    grown[report->role_count] = (struct report_role){.name = copy};
    return &grown[report->role_count++];
}

static void count_missing(struct report *report, const char *role, size_t owned, size_t granted)
{
    pthread_mutex_lock(&report->lock);
    struct report_role *row = role_row(report, role);
    if (row != NULL) {
        row->owned += owned;
        row->granted += granted;
    }
    pthread_mutex_unlock(&report->lock);
}

void report_missing_owner(struct report *report, const char *role)
{
    count_missing(report, role, 1, 0);
}

void report_missing_grantee(struct report *report, const char *role)
{
    count_missing(report, role, 0, 1);
}

void report_roles(struct report *report, const char *user)
{
    for (size_t i = 0; i < report->role_count; i++) {
        const struct report_role *role = &report->roles[i];
        if (role->owned > 0) {
            report_warning(
                report, "Role \"%s\" does not exist on the target: %zu object%s belong%s to \"%s\".",
                role->name, role->owned, role->owned == 1 ? "" : "s", role->owned == 1 ? "s" : "", user);
        }
        if (role->granted > 0) {
            report_warning(report,
                           "Role \"%s\" does not exist on the target: %zu of its privileges could not be "
                           "granted.",
                           role->name, role->granted);
        }
    }
}

void report_take_warnings(struct report *report, struct str_list *ret_warnings)
{
    pthread_mutex_lock(&report->lock);
    *ret_warnings = report->warnings;
    report->warnings = (struct str_list){0};
    pthread_mutex_unlock(&report->lock);
}

int report_result(struct report *report, const char *what, struct err *err)
{
    if (report->failure_count == 0) {
        return 0;
    }
    auto_buf struct buf text = BUF_MAX(FAILURES_KEPT * (TEXT_MAX_BYTES + 8));
    for (size_t i = 0; i < report->failures.count; i++) {
        buf_addf(&text, "%s%s", i > 0 ? "; " : "", report->failures.items[i]);
    }
    size_t more = report->failure_count - report->failures.count;
    if (more > 0) {
        buf_addf(&text, "; and %zu more", more);
    }
    err_set(err, ERR_INTERNAL, "%zu %s%s could not be migrated: %s", report->failure_count, what,
            report->failure_count == 1 ? "" : "s", buf_text(&text));
    err->lasting = !report->retryable;
    err->service_code = report->service_code;
    memcpy(err->sqlstate, report->sqlstate, sizeof(err->sqlstate));
    return -1;
}
