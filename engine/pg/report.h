/* SPDX-License-Identifier: MIT */
/*
 * Collects skipped objects, and why, during a transfer. Losses that cost no data become warnings; a
 * missing table, row, index or constraint is a failure and makes the transfer fail at its end. Any thread
 * may add.
 */
#ifndef ENGINE_PG_REPORT_H
#define ENGINE_PG_REPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/str_list.h"

/* A role that the target lacks. */
struct report_role {
    char *name;
    size_t owned;
    size_t granted;
};

struct report {
    pthread_mutex_t lock;
    struct str_list warnings; /* not reported yet */
    struct str_list failures; /* the first few */
    size_t failure_count;
    int service_code; /* of the first failure that has one */
    char sqlstate[6]; /* of the first failure that has one */
    bool retryable;   /* all failures so far may be transient */
    struct report_role *roles;
    size_t role_count;
};

void report_init(struct report *report);
void report_done(struct report *report);

void report_warning(struct report *report, const char *format, ...) printf_like(2, 3);
/* Records a failure with its message; err says its codes, and whether a retry may help. */
void report_failure(struct report *report, const struct err *err, const char *format, ...) printf_like(3, 4);
/* Records an object whose owner (or grantee) does not exist on the target. Each role leads to one warning. */
void report_missing_owner(struct report *report, const char *role);
void report_missing_grantee(struct report *report, const char *role);

/* Turns the missing roles into warnings; "user" owns their objects. */
void report_roles(struct report *report, const char *user);
/* Takes the warnings that have not been reported yet. */
void report_take_warnings(struct report *report, struct str_list *ret_warnings);
/* 0 without failures; otherwise -1, and err names the first ones: "what" failed. */
int report_result(struct report *report, const char *what, struct err *err);

#endif
