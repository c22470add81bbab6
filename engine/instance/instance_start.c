/* SPDX-License-Identifier: MIT */
/* Starts the postmaster of an instance, detached and without pg_ctl, and explains a failure from its log. */
#include "engine/instance/instance_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/fd.h"
#include "core/str.h"
#include "engine/instance/fault_page.h"
#include "engine/process/child.h"

/* Replaying 4 GB of WAL after a crash is part of starting. */
enum {
    START_TIMEOUT_MS = 300000,
    PAUSE_MS = 2,
    EXEC_MS = 50,
    QUIT_TIMEOUT_MS = 6000,
    KILL_TIMEOUT_MS = 5000
};
enum { LOG_KEPT_BYTES = 8 * 1024 * 1024, LOG_TAIL_BYTES = 900 };

struct launch {
    const struct instance_spec *spec;
    const char *dir;
    char *data_dir;
    char *log_path;
    off_t log_start; /* the output of this start begins here */
    pid_t pid;
    bool ours; /* started by this call, which must end it after a failure */
};

static void launch_done(struct launch *launch)
{
    free(launch->data_dir);
    free(launch->log_path);
}
#define auto_launch __attribute__((cleanup(launch_done)))

/* Opens the log for appending; a large one is renamed first. The server's user owns it. */
static int open_log(struct launch *launch, const struct child_user *user, struct err *err, int *ret_fd)
{
    struct stat info;
    auto_free char *old = str_format("%s.old", launch->log_path);
    if (old != NULL && lstat(launch->log_path, &info) == 0 && info.st_size > LOG_KEPT_BYTES) {
        rename(launch->log_path, old);
    }
    auto_fd int fd = open(launch->log_path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || (user->change && fchown(fd, user->uid, user->gid) != 0) || fstat(fd, &info) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot write '%s': %s", launch->log_path, strerrordesc_np(errno));
    }
    launch->log_start = info.st_size;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* errno of an attempt to listen on the address, or 0. */
static int listen_errno(const char *address, int port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    auto_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &name.sin_addr) != 1) {
        return 0; /* postgres will report the problem */
    }
    /* Like postgres: remains of closed connections do not prevent listening. */
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
    } at = {.v4 = name};
    return bind(fd, &at.any, sizeof(at.v4)) == 0 ? 0 : errno;
}

bool instance_address_is_free(const char *address, int port)
{
    return listen_errno(address, port) != EADDRINUSE;
}

/* The end of the log that this start has written. */
static void read_log_tail(const struct launch *launch, char *text, size_t size)
{
    struct stat info;
    text[0] = '\0';
    auto_fd int fd = open(launch->log_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        return;
    }
    off_t from = info.st_size - (off_t)(size - 1);
    ssize_t len = pread(fd, text, size - 1, from > launch->log_start ? from : launch->log_start);
    while (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    text[len < 0 ? 0 : len] = '\0';
}

/* Explains the failure, with advice for known causes. */
static int explain(const struct launch *launch, struct err *err)
{
    char tail[LOG_TAIL_BYTES];
    const struct instance_spec *spec = launch->spec;
    read_log_tail(launch, tail, sizeof(tail));
    int refusal = listen_errno(spec->address, spec->port);
    if (refusal == EADDRINUSE) {
        return err_set(
            err, ERR_CONFLICT,
            "server '%s' cannot listen on %s port %d: another program uses this address and port; stop "
            "that program and start the server again, or give new servers other ports with --server-ports",
            spec->name, spec->address, spec->port);
    }
    if (refusal == EADDRNOTAVAIL) {
        return err_set(
            err, ERR_CONFLICT,
            "server '%s' cannot listen on %s: this machine does not have that address; use --server-ports",
            spec->name, spec->address);
    }
    return err_set(err, ERR_SERVER_UNREACHABLE,
                   "PostgreSQL %d of server '%s' did not start; its log '%s' ends with: %s", spec->major,
                   spec->name, launch->log_path, tail[0] == '\0' ? "(nothing)" : tail);
}

static bool answers(const struct launch *launch)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", launch->spec->port);
    const char *const keywords[] = {"host", "port", "user", "dbname", "connect_timeout", "passfile", NULL};
    const char *const values[] = {launch->dir,           port, INSTANCE_SUPERUSER, "postgres", "5",
                                  "/nonexistent/pgpass", NULL};
    return PQpingParams(keywords, values, 0) == PQPING_OK;
}

/* postmaster.pid contains "ready" as soon as the server accepts connections: cheaper than connecting. */
static bool is_ready(const struct launch *launch)
{
    struct postmaster postmaster = {0};
    return postmaster_find(launch->dir, &postmaster) && postmaster.pid == launch->pid && postmaster.ready &&
           answers(launch);
}

/* Ends the postmaster of this start, whose postmaster.pid may not exist yet. */
static void abandon(const struct launch *launch)
{
    if (!launch->ours) {
        return;
    }
    kill(launch->pid, SIGQUIT);
    if (!postmaster_wait_gone(launch->pid, launch->data_dir, QUIT_TIMEOUT_MS)) {
        kill(launch->pid, SIGKILL);
        postmaster_wait_gone(launch->pid, launch->data_dir, KILL_TIMEOUT_MS);
    }
}

/* A process has no command line during exec, so one look is not enough. */
static bool has_ended(const struct launch *launch)
{
    if (postmaster_is(launch->pid, launch->data_dir)) {
        return false;
    }
    clock_sleep_ms(EXEC_MS);
    return !postmaster_is(launch->pid, launch->data_dir);
}

static int wait_ready(const struct launch *launch, const struct stop *stop, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + START_TIMEOUT_MS;
    while (!is_ready(launch)) {
        if (has_ended(launch)) {
            postmaster_wait_gone(launch->pid, launch->data_dir, 0);
            return explain(launch, err);
        }
        if (stop != NULL && stop_requested(stop)) {
            abandon(launch);
            return err_set(err, ERR_CANCELED, "stopped while server '%s' was starting", launch->spec->name);
        }
        if (clock_ms_left(deadline_ms) == 0) {
            explain(launch, err);
            abandon(launch);
            return -1;
        }
        clock_sleep_ms(PAUSE_MS);
    }
    return 0;
}

/* A server without the library runs as well, but its disk cannot be made full. */
static void add_faults(const struct instance_host *host, const char *dir, struct server_env *env)
{
    const char *library = fault_library();
    if (library == NULL || fault_page_prepare(host, dir) != 0) {
        return;
    }
    env->preload = str_format("LD_PRELOAD=%s", library);
    env->page = str_format(FAULT_PAGE_VARIABLE "=%s/fault.page", dir);
    size_t at = env->locpath == NULL ? 3 : 4;
    if (env->preload != NULL && env->page != NULL) {
        env->list[at] = env->preload;
        env->list[at + 1] = env->page;
    }
}

/* On the command line rather than in postgresql.conf, so that ALTER SYSTEM cannot change where the server
 * listens. */
static int run_postgres(struct launch *launch, const struct instance_host *host, const char *bin, int log,
                        struct err *err)
{
    auto_server_env struct server_env env = {0};
    auto_free char *postgres = str_format("%s/postgres", bin);
    auto_free char *listen = str_format("listen_addresses=%s", launch->spec->address);
    auto_free char *port = str_format("port=%d", launch->spec->port);
    auto_free char *sockets = str_format("unix_socket_directories=%s", launch->dir);
    auto_free char *cluster = str_format("cluster_name=%s", launch->spec->name);
    if (postgres == NULL || listen == NULL || port == NULL || sockets == NULL || cluster == NULL ||
        server_env_init(&env, err) != 0) {
        return err_no_memory(err);
    }
    add_faults(host, launch->dir, &env);
    const char *const argv[] = {postgres, "-D", launch->data_dir, "-c", listen,  "-c",
                                port,     "-c", sockets,          "-c", cluster, NULL};
    struct child child = {.argv = argv, .env = env.list, .user = &host->user, .directory = launch->dir};
    return child_start_detached(&child, log, log, err, &launch->pid);
}

static int launch_init(struct launch *launch, struct err *err)
{
    launch->data_dir = str_format("%s/data", launch->dir);
    launch->log_path = str_format("%s/log", launch->dir);
    return launch->data_dir == NULL || launch->log_path == NULL ? err_no_memory(err) : 0;
}

int postmaster_start(const struct instance_host *host, const struct instance_spec *spec, const char *dir,
                     const struct stop *stop, struct err *err)
{
    const struct tools_major *programs = tools_server(host->tools, spec->major);
    auto_launch struct launch launch = {.spec = spec, .dir = dir, .ours = true};
    auto_fd int log = -1;
    if (programs == NULL) {
        return err_set(err, ERR_VERSION_UNAVAILABLE, "PostgreSQL %d of server '%s' is not on this machine",
                       spec->major, spec->name);
    }
    postmaster_drop_stale_locks(dir, spec->port);
    if (launch_init(&launch, err) != 0 || open_log(&launch, &host->user, err, &log) != 0 ||
        run_postgres(&launch, host, programs->server_bin, log, err) != 0) {
        return -1;
    }
    return wait_ready(&launch, stop, err);
}

int postmaster_await(const struct instance_spec *spec, const char *dir, pid_t pid, const struct stop *stop,
                     struct err *err)
{
    auto_launch struct launch launch = {.spec = spec, .dir = dir, .pid = pid};
    return launch_init(&launch, err) != 0 ? -1 : wait_ready(&launch, stop, err);
}
