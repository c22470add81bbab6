/* SPDX-License-Identifier: MIT */
/* Running pg_dump, and reading the file that it leaves. */
#include "engine/dump/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"
#include "engine/process/child.h"
#include "engine/process/fd.h"

enum { ERRORS_MAX_BYTES = 16 * 1024, ENVIRONMENT_MAX = 16, ARCHIVE_MAX_BYTES = 1024 * 1024 * 1024 };

/*
 * pg_dump pins the rest itself. A setting of the role or the database must neither end its session nor change
 * the SQL that it writes: constants in defaults and checks are shown as these settings say.
 */
#define DUMP_OPTIONS                                                                                         \
    "-c statement_timeout=0 -c lock_timeout=0 -c search_path= -c quote_all_identifiers=off "                 \
    "-c client_min_messages=error -c default_transaction_read_only=off -c standard_conforming_strings=on "   \
    "-c bytea_output=hex -c TimeZone=UTC -c xmloption=content -c array_nulls=on -c role=none"

struct environment {
    char *items[ENVIRONMENT_MAX + 1];
    size_t count;
    bool failed;
};

/* Holds the password: wiped before it is freed. */
static void environment_done(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        explicit_bzero(environment->items[i], strlen(environment->items[i]));
        free(environment->items[i]);
    }
}

static void set_variable(struct environment *environment, const char *name, const char *value)
{
    if (value == NULL || environment->count == ENVIRONMENT_MAX) {
        return;
    }
    char *item = str_format("%s=%s", name, value);
    if (item == NULL) {
        environment->failed = true;
        return;
    }
    environment->items[environment->count++] = item;
}

static void set_connection(struct environment *environment, const struct endpoint *endpoint)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", endpoint->port);
    bool has_password = endpoint->password != NULL && endpoint->password[0] != '\0';
    set_variable(environment, "PGHOST", endpoint->host);
    set_variable(environment, "PGPORT", port);
    set_variable(environment, "PGUSER", endpoint->user);
    set_variable(environment, "PGPASSWORD", has_password ? endpoint->password : NULL);
    set_variable(environment, "PGPASSFILE", "/nonexistent/pgpass");
    set_variable(environment, "PGSSLMODE", endpoint->sslmode != NULL ? endpoint->sslmode : "prefer");
    set_variable(environment, "PGGSSENCMODE", "disable");
    snprintf(port, sizeof(port), "%d", endpoint->connect_timeout_s);
    set_variable(environment, "PGCONNECT_TIMEOUT", port);
}

static void set_options(struct environment *environment, const char *lc_monetary)
{
    auto_buf struct buf options = BUF_MAX(ERRORS_MAX_BYTES);
    buf_adds(&options, DUMP_OPTIONS " -c lc_monetary=");
    for (const char *at = lc_monetary; *at != '\0'; at++) {
        buf_addf(&options, "%s%c", *at == ' ' || *at == '\\' ? "\\" : "", *at);
    }
    environment->failed = environment->failed || buf_failed(&options);
    set_variable(environment, "PGOPTIONS", buf_text(&options));
}

/* The last line says why pg_dump gave up; the ones before are often only where. */
static const char *last_lines(struct buf *errors)
{
    while (errors->len > 0 && errors->data[errors->len - 1] == '\n') {
        errors->data[--errors->len] = '\0';
    }
    for (size_t i = 0; i < errors->len; i++) {
        if (errors->data[i] == '\n') {
            errors->data[i] = ' ';
        }
    }
    const char *text = buf_text(errors);
    const char *error = strstr(text, "error: ");
    return error != NULL ? error + strlen("error: ") : text;
}

static int fail_dump(const struct archive_request *request, struct buf *errors, int status, struct err *err)
{
    if (status >= 128) {
        err_set(err, ERR_UNAVAILABLE,
                "pg_dump was killed by signal %d while reading the schema of database '%s'.", status - 128,
                request->database);
        err->lasting = false;
        return -1;
    }
    err_set(err, ERR_INTERNAL, "The schema of database '%s' on the %s cannot be read: %s", request->database,
            request->source->label, last_lines(errors));
    err->lasting = true;
    return err_target(err, "%s", request->database);
}

static int run_dump(const struct archive_request *request, char *const *env, struct err *err)
{
    auto_free char *program = str_format("%s/pg_dump", request->client_bin);
    auto_free char *snapshot = str_format("--snapshot=%s", request->snapshot);
    auto_free char *encoding = str_format("--encoding=%s", request->encoding);
    auto_buf struct buf errors = BUF_MAX(ERRORS_MAX_BYTES);
    if (program == NULL || snapshot == NULL || encoding == NULL) {
        return err_no_memory(err);
    }
    const char *const argv[] = {program,
                                "--format=custom",
                                "--compress=0",
                                "--section=pre-data",
                                "--section=post-data",
                                "--no-blobs",
                                "--no-sync",
                                "--no-password",
                                encoding,
                                snapshot,
                                "--file",
                                request->path,
                                request->no_compression ? "--no-toast-compression" : NULL,
                                NULL};
    const struct child child = {.argv = argv,
                                .env = (const char *const *)env,
                                .stop = request->stop,
                                .may_go_on = request->may_go_on,
                                .context = request->context,
                                .dies_with_us = true};
    int status = 0;
    if (child_run(&child, NULL, &errors, err, &status) != 0) {
        return -1;
    }
    return status == 0 ? 0 : fail_dump(request, &errors, status, err);
}

int archive_dump(const struct archive_request *request, struct err *err)
{
    __attribute__((cleanup(environment_done))) struct environment environment = {0};
    set_connection(&environment, request->source);
    /* As a variable the name is taken as it is; as an argument "a=b" would be read as a connection string. */
    set_variable(&environment, "PGDATABASE", request->database);
    set_options(&environment, request->lc_monetary != NULL ? request->lc_monetary : "C");
    set_variable(&environment, "PGAPPNAME",
                 request->application != NULL ? request->application : "malachite");
    set_variable(&environment, "LC_ALL", "C");
    set_variable(&environment, "PATH", "/usr/bin:/bin");
    return environment.failed ? err_no_memory(err) : run_dump(request, environment.items, err);
}

static int fail_read(const char *path, struct err *err)
{
    return err_set(err, ERR_INTERNAL, "cannot read '%s': %s", path, strerrordesc_np(errno));
}

int archive_read(const char *path, struct err *err, struct archive *ret_archive)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return fail_read(path, err);
    }
    if (status.st_size > ARCHIVE_MAX_BYTES) {
        return err_set(err, ERR_INTERNAL, "The schema is larger than 1 GiB.");
    }
    size_t size = (size_t)status.st_size;
    auto_free char *bytes = malloc(size + 1);
    if (bytes == NULL) {
        return err_no_memory(err);
    }
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, bytes + len, size - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return fail_read(path, err);
        }
        len += (size_t)got;
    }
    return archive_parse(TAKE(bytes), size, err, ret_archive);
}
