/* SPDX-License-Identifier: MIT */
/*
 * Templates: one data directory per major, created by initdb once and copied for every instance. Its name
 * contains a digest of everything it depends on, so that an updated PostgreSQL, a new locale or other
 * settings lead to a new template.
 *
 * initdb leaves its files in the page cache; one syncfs() before the template gets its name writes them to
 * disk.
 */
#include "engine/instance/instance_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/fd.h"
#include "core/parse/id.h"
#include "core/str.h"
#include "engine/instance/instance_tree.h"
#include "engine/process/child.h"

enum {
    INITDB_TIMEOUT_MS = 180000,
    LOCK_TIMEOUT_MS = 200000,
    LOCK_PAUSE_MS = 10,
    CONF_MAX_BYTES = 16384,
    PASSWD_MAX_BYTES = 65536
};

/* Increase it when the arguments of initdb change. */
static const char revision[] = "1";

struct setting {
    int since; /* major */
    const char *line;
};

/* Survives a crash of the machine (fsync and full_page_writes stay on; with synchronous_commit off only
 * the last transactions can be lost, each as a whole), and is fast for large copies. Statements are never
 * logged, because they may contain passwords. */
static const struct setting settings[] = {
    {10, "max_connections = 100"},
    {10, "shared_buffers = 128MB"},
    {10, "huge_pages = off"},
    {10, "maintenance_work_mem = 256MB"},
    {10, "max_locks_per_transaction = 256"},
    {10, "synchronous_commit = off"},
    {10, "wal_buffers = 16MB"},
    {10, "max_wal_size = 4GB"},
    {10, "checkpoint_timeout = 15min"},
    {10, "checkpoint_completion_target = 0.9"},
    {10, "wal_level = logical"},
    {10, "max_wal_senders = 32"},
    {10, "max_replication_slots = 32"},
    {18, "max_active_replication_origins = 32"},
    {10, "max_worker_processes = 40"},
    {10, "max_logical_replication_workers = 32"},
    {10, "wal_retrieve_retry_interval = 200ms"},
    {11, "jit = off"},
    {18, "io_method = sync"},
    {10, "password_encryption = 'scram-sha-256'"},
    {16, "createrole_self_grant = 'set, inherit'"},
    {10, "unix_socket_permissions = 0700"},
    {10, "timezone = 'UTC'"},
    {10, "log_timezone = 'UTC'"},
    {10, "log_line_prefix = '%m [%p] %q%u@%d '"},
    {10, "log_checkpoints = off"},
    {10, "log_statement = 'none'"},
    {10, "log_min_duration_statement = -1"},
    {10, "log_min_error_statement = panic"},
};

static const char hba[] = HBA_RULES("host");

int server_env_init(struct server_env *ret_env, struct err *err)
{
    const char *locpath = getenv("LOCPATH");
    *ret_env = (struct server_env){.list = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}};
    if (locpath != NULL) {
        ret_env->locpath = str_format("LOCPATH=%s", locpath);
        ret_env->list[3] = ret_env->locpath;
        return ret_env->locpath == NULL ? err_no_memory(err) : 0;
    }
    return 0;
}

void server_env_done(struct server_env *env)
{
    free(env->locpath);
    env->locpath = NULL;
    free(env->preload);
    env->preload = NULL;
    free(env->page);
    env->page = NULL;
}

/* The service's own default if this machine has it, otherwise a locale that every Debian has. */
static const char *choose_locale(void)
{
    static const char azure_locale[] = "en_US.UTF-8";
    locale_t locale = newlocale(LC_ALL_MASK, azure_locale, (locale_t)0);
    if (locale == (locale_t)0) {
        return "C.UTF-8";
    }
    freelocale(locale);
    return azure_locale;
}

char *template_settings(int major)
{
    auto_buf struct buf text = BUF_MAX(CONF_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (major >= settings[i].since) {
            buf_addf(&text, "%s\n", settings[i].line);
        }
    }
    return buf_take(&text);
}

/* FNV-1a */
static uint64_t digest(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

/* "15-0123456789abcdef" */
static char *template_name(const struct tools_major *programs, const char *conf, struct err *err)
{
    struct stat info;
    auto_free char *postgres = str_format("%s/postgres", programs->server_bin);
    if (postgres == NULL || stat(postgres, &info) != 0) {
        err_set(err, ERR_VERSION_UNAVAILABLE, "PostgreSQL %d is no longer in '%s'", programs->major,
                programs->server_bin);
        return NULL;
    }
    auto_free char *all =
        str_format("%s %jd %jd.%09ld %s %s %s %s", postgres, (intmax_t)info.st_size,
                   (intmax_t)info.st_mtim.tv_sec, info.st_mtim.tv_nsec, revision, choose_locale(), conf, hba);
    char *name = all == NULL ? NULL : str_format("%d-%016" PRIx64, programs->major, digest(all));
    if (name == NULL) {
        err_no_memory(err);
    }
    return name;
}

static int lock_templates(int fd, int kind, const struct stop *stop, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + LOCK_TIMEOUT_MS;
    while (flock(fd, kind | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return err_set(err, ERR_INTERNAL, "cannot lock the templates: %s", strerrordesc_np(errno));
        }
        if (stop != NULL && stop_requested(stop)) {
            return err_set(err, ERR_CANCELED, "stopped while waiting for a template");
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_UNAVAILABLE, "another process has been creating a template for too long");
        }
        clock_sleep_ms(LOCK_PAUSE_MS);
    }
    return 0;
}

static const char username[] = "--username=" INSTANCE_SUPERUSER;

/* initdb refuses to run as a user without a name. True if it cannot be looked up. */
static bool has_passwd_entry(uid_t uid)
{
    struct passwd entry;
    struct passwd *found = NULL;
    auto_free char *memory = malloc(PASSWD_MAX_BYTES);
    return memory == NULL || getpwuid_r(uid, &entry, memory, PASSWD_MAX_BYTES, &found) != 0 || found != NULL;
}

static int run_initdb(const struct instance_host *host, const struct tools_major *programs, const char *dir,
                      const struct stop *stop, struct err *err)
{
    auto_server_env struct server_env env = {0};
    auto_buf struct buf errors = BUF_MAX(1000);
    auto_free char *initdb = str_format("%s/initdb", programs->server_bin);
    auto_free char *locale = str_format("--locale=%s", choose_locale());
    if (initdb == NULL || locale == NULL || server_env_init(&env, err) != 0) {
        return err_no_memory(err);
    }
    /* PostgreSQL 18 would enable checksums by default; earlier majors do not. */
    const char *const argv[] = {initdb,
                                "--pgdata",
                                dir,
                                username,
                                "--auth=trust",
                                "--encoding=UTF8",
                                locale,
                                "--lc-messages=C",
                                "--no-sync",
                                programs->major >= 18 ? "--no-data-checksums" : NULL,
                                NULL};
    struct child child = {.argv = argv,
                          .env = env.list,
                          .user = &host->user,
                          .stop = stop,
                          .timeout_ms = INITDB_TIMEOUT_MS,
                          .dies_with_us = true};
    int status = 0;
    if (child_run(&child, NULL, &errors, err, &status) != 0) {
        return -1;
    }
    if (status != 0) {
        err_set(err, ERR_INTERNAL, "initdb of PostgreSQL %d failed: %s", programs->major, buf_text(&errors));
        if (!has_passwd_entry(host->user.change ? host->user.uid : geteuid())) {
            err_append(err, " (the user that Malachite runs as needs an entry in /etc/passwd)");
        }
        return -1;
    }
    return 0;
}

/* Writes a file that initdb has created. */
static int write_file(const char *dir, const char *name, int flags, const char *text, struct err *err)
{
    auto_free char *path = str_format("%s/%s", dir, name);
    auto_fd int fd = path == NULL ? -1 : open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags);
    size_t len = strlen(text);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
        return err_set(err, ERR_INTERNAL, "cannot write '%s/%s': %s", dir, name, strerrordesc_np(errno));
    }
    return 0;
}

/* Removes the entries with this prefix from the directory of templates: earlier and unfinished templates
 * of the major. */
static void remove_with_prefix(const char *templates, const char *prefix)
{
    DIR *dir = opendir(templates);
    const struct dirent *entry = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            struct err ignored = {0};
            auto_free char *path = str_format("%s/%s", templates, entry->d_name);
            if (path != NULL) {
                tree_remove(path, &ignored);
            }
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

static int make_template(const struct instance_host *host, const struct tools_major *programs,
                         const char *conf, const char *path, const struct stop *stop, struct err *err)
{
    auto_free char *templates = str_format("%s/templates", host->root);
    auto_free char *earlier = str_format("%d-", programs->major);
    auto_free char *interrupted = str_format("new-%d-", programs->major);
    /* A unique name, because the initdb of a killed process may still be removing its own directory. */
    char id[ID_TEXT_SIZE];
    auto_free char *unfinished = str_format("%s/new-%d-%s", templates, programs->major, id_new(id));
    if (templates == NULL || earlier == NULL || interrupted == NULL || unfinished == NULL) {
        return err_no_memory(err);
    }
    remove_with_prefix(templates, earlier);
    remove_with_prefix(templates, interrupted);
    if (tree_make_dir(unfinished, 0700, &host->user, err) != 0) {
        return -1;
    }
    if (run_initdb(host, programs, unfinished, stop, err) != 0 ||
        write_file(unfinished, "postgresql.conf", O_APPEND, conf, err) != 0 ||
        write_file(unfinished, "pg_hba.conf", O_TRUNC, hba, err) != 0 || tree_sync(unfinished, err) != 0) {
        struct err ignored = {0};
        tree_remove(unfinished, &ignored);
        return -1;
    }
    if (rename(unfinished, path) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot create '%s': %s", path, strerrordesc_np(errno));
    }
    return 0;
}

int template_hold(const struct instance_host *host, const struct tools_major *programs,
                  const struct stop *stop, struct err *err, char **ret_path, int *ret_lock)
{
    auto_free char *conf = template_settings(programs->major);
    auto_free char *name = conf == NULL ? NULL : template_name(programs, conf, err);
    auto_free char *path = name == NULL ? NULL : str_format("%s/templates/%s", host->root, name);
    auto_free char *lock_path = str_format("%s/templates/%d.lock", host->root, programs->major);
    if (path == NULL || lock_path == NULL) {
        return conf != NULL && name == NULL ? -1 : err_no_memory(err);
    }
    auto_fd int lock = open(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0) {
        return err_set(err, ERR_INTERNAL, "cannot create '%s': %s", lock_path, strerrordesc_np(errno));
    }
    if (lock_templates(lock, LOCK_SH, stop, err) != 0) {
        return -1;
    }
    /* Converting the lock lets other processes in between, so check again each time. */
    while (access(path, F_OK) != 0) {
        if (lock_templates(lock, LOCK_EX, stop, err) != 0 ||
            (access(path, F_OK) != 0 && make_template(host, programs, conf, path, stop, err) != 0) ||
            lock_templates(lock, LOCK_SH, stop, err) != 0) {
            return -1;
        }
    }
    *ret_path = TAKE(path);
    *ret_lock = TAKE_FD(lock);
    return 0;
}
