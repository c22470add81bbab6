/* SPDX-License-Identifier: MIT */
/* Runs pg_dump, and reads the file that it writes. */
#include "engine/dump/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"
#include "engine/dump/dump_relay_private.h"
#include "engine/process/child.h"

enum { ERRORS_MAX_BYTES = 16 * 1024, ENVIRONMENT_MAX = 16, ARCHIVE_MAX_BYTES = 1024 * 1024 * 1024 };

struct environment {
    char *items[ENVIRONMENT_MAX + 1];
    size_t count;
    bool failed;
};

static void environment_done(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
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

/* Connects to Malachite's own socket. The name of the database is used as it is; as an argument, "a=b"
 * would be parsed as a connection string. */
static void set_connection(struct environment *environment, const struct pg *session)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", DUMP_RELAY_PORT);
    set_variable(environment, "PGHOST", "/proc/self/cwd");
    set_variable(environment, "PGPORT", port);
    set_variable(environment, "PGUSER", session->endpoint->user);
    set_variable(environment, "PGDATABASE", session->database);
    set_variable(environment, "PGPASSFILE", "/nonexistent/pgpass");
    set_variable(environment, "PGSSLMODE", "disable");
    set_variable(environment, "PGGSSENCMODE", "disable");
}

/* The last line says why pg_dump failed; the ones before often only say where. */
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
    const struct pg *session = request->session;
    if (status >= 128) {
        err_set(err, ERR_UNAVAILABLE,
                "pg_dump was killed by signal %d while it read the schema of database '%s'.", status - 128,
                session->database);
        err->lasting = false;
        return -1;
    }
    err_set(err, ERR_INTERNAL, "Cannot read the schema of database '%s' on the %s: %s", session->database,
            session->endpoint->label, last_lines(errors));
    err->lasting = true;
    return err_target(err, "%s", session->database);
}

static int fail_statement(const struct archive_request *request, const struct dump_relay *relay,
                          struct err *err)
{
    *err = relay->failure;
    return err_prefix(err, "Cannot read the schema of database '%s'. ", request->session->database);
}

static void serve(void *context)
{
    dump_relay_serve(context);
}

static int run_dump(const struct archive_request *request, struct dump_relay *relay, char *const *env,
                    struct err *err)
{
    auto_free char *program = str_format("%s/pg_dump", request->client_bin);
    auto_free char *encoding = str_format("--encoding=%s", request->encoding);
    auto_buf struct buf errors = BUF_MAX(ERRORS_MAX_BYTES);
    if (program == NULL || encoding == NULL) {
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
                                "--file",
                                request->path,
                                request->no_compression ? "--no-toast-compression" : NULL,
                                NULL};
    const struct child child = {.argv = argv,
                                .env = (const char *const *)env,
                                .directory = relay->directory,
                                .stop = request->stop,
                                .served = &relay->fd,
                                .serve = serve,
                                .context = relay,
                                .dies_with_us = true};
    int status = 0;
    if (child_run(&child, NULL, &errors, err, &status) != 0) {
        return -1;
    }
    if (relay->failed) {
        return fail_statement(request, relay, err);
    }
    return status == 0 ? 0 : fail_dump(request, &errors, status, err);
}

int archive_dump(const struct archive_request *request, struct err *err)
{
    __attribute__((cleanup(environment_done))) struct environment environment = {0};
    auto_dump_relay struct dump_relay relay = {.fd = -1};
    set_connection(&environment, request->session);
    set_variable(&environment, "LC_ALL", "C");
    set_variable(&environment, "PATH", "/usr/bin:/bin");
    if (environment.failed) {
        return err_no_memory(err);
    }
    return dump_relay_open(request->session, request->directory, err, &relay) != 0
               ? -1
               : run_dump(request, &relay, environment.items, err);
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
