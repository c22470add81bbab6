/* SPDX-License-Identifier: MIT */
/* Shared by the files of this room only. */
#ifndef ENGINE_INSTANCE_INSTANCE_PRIVATE_H
#define ENGINE_INSTANCE_INSTANCE_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/instance/instance.h"
#include "engine/process/tools.h"

/* The environment of initdb and postgres. It points into Malachite's environment: use it at once. */
struct server_env {
    char *locpath; /* "LOCPATH=...", or NULL */
    char *preload; /* "LD_PRELOAD=...", or NULL: of postgres only */
    char *page;    /* the page of that library, or NULL */
    const char *list[7];
};
int server_env_init(struct server_env *ret_env, struct err *err);
void server_env_done(struct server_env *env);
#define auto_server_env __attribute__((cleanup(server_env_done)))

/* The directory of a major's template, created if none matches the current programs, locales and settings.
 * ret_lock is a descriptor: the template is kept while it is open. Waits for another thread or process
 * that is creating the template. */
int template_hold(const struct instance_host *host, const struct tools_major *programs,
                  const struct stop *stop, struct err *err, char **ret_path, int *ret_lock);
/* The settings of postgresql.conf for a major, one per line; the caller frees. NULL when memory is out. */
char *template_settings(int major);

/*
 * azuresu connects over the socket only, whose directory only the server's user and root can enter. "md5"
 * means SCRAM for roles with a SCRAM secret (all that Malachite creates); roles copied from an older server
 * with their md5 hash can log in, too. host is "host" or "hostssl".
 */
#define HBA_RULES(host)                                                                                      \
    "local all azuresu trust\n"                                                                              \
    "local replication azuresu trust\n"                                                                      \
    "local all all reject\n"                                                                                 \
    "host all azuresu all reject\n"                                                                          \
    "host replication azuresu all reject\n" host " all all 127.0.0.0/8 md5\n" host                           \
    " all all ::1/128 md5\n" host " replication all 127.0.0.0/8 md5\n" host " replication all ::1/128 md5\n"

/* A running server, according to its postmaster.pid. */
struct postmaster {
    pid_t pid;
    int port;
    char address[64];
    bool ready;    /* accepts connections */
    bool stopping; /* is on its way out */
};

/* True if the server of this instance directory runs. Also reaps it if it was a child of this process and
 * has ended. */
bool postmaster_find(const char *dir, struct postmaster *ret_postmaster);
/* Starts postgres for an instance that does not run, and waits until it accepts connections. After a
 * failure it does not run. */
int postmaster_start(const struct instance_host *host, const struct instance_spec *spec, const char *dir,
                     const struct stop *stop, struct err *err);
/* Waits until a server that was already running accepts connections. It keeps running in any case. */
int postmaster_await(const struct instance_spec *spec, const char *dir, pid_t pid, const struct stop *stop,
                     struct err *err);
/* Sends SIGINT (gently) or SIGQUIT, and stronger signals if the server does not end. */
int postmaster_stop(const char *dir, bool gently, int timeout_ms, struct err *err);
/* Waits until the process is no longer the postmaster of data_dir. False at the timeout. */
bool postmaster_wait_gone(pid_t pid, const char *data_dir, int timeout_ms);
/* True if the process is a living postgres on data_dir. */
bool postmaster_is(pid_t pid, const char *data_dir);
/* Removes postmaster.pid and socket locks whose process number belongs to another program by now. */
void postmaster_drop_stale_locks(const char *dir, int port);

/* Creates azure_pg_admin and the administrator on an instance that has just been started. */
int administrator_create(const struct instance_host *host, const struct instance_spec *spec,
                         const struct stop *stop, struct err *err);

/* Takes the lock of an instance, which the functions of instance.h and fault.h hold while they work; a thread
 * may take it again. -1: stopped, or another thread has had it for minutes. */
int instance_lock(const char *name, const struct stop *stop, struct err *err, pthread_mutex_t **ret_lock);
/* NULL is fine. */
void instance_unlock(pthread_mutex_t **lock);
#define auto_instance_lock __attribute__((cleanup(instance_unlock)))

/* Reloads a running server's configuration; sessions that begin after the return have it. */
int instance_reload(const struct instance_host *host, const struct instance_spec *spec,
                    const struct stop *stop, struct err *err);
/* Reads a small text file of a data directory; the caller frees. */
int data_file_read(const char *data_dir, const char *name, struct err *err, char **ret_text);
/* Replaces a file in one step; its owner is the server's user. */
int data_file_replace(const struct instance_host *host, const char *data_dir, const char *name,
                      const char *text, size_t len, struct err *err);

/* After the start of a server, by the caller that started it and holds the lock: ends faults that ended while
 * it was down, and continues those that a start interrupts. */
void fault_server_started(const struct instance_host *host, const struct instance_spec *spec, const char *dir,
                          const struct stop *stop);

/* The library that the faults diskFull and walFull need, or NULL. */
const char *fault_library(void);
/* Creates the library's page for a server that is about to start, and notes that it is not loaded yet. */
int fault_page_prepare(const struct instance_host *host, const char *dir);

/* On a running copy of an instance: creates the administrator unless the role exists, and sets its password.
 */
int administrator_ensure(const struct instance_host *host, const struct instance_spec *spec,
                         const struct stop *stop, struct err *err);

/* Keeps a copy of the ALTER SYSTEM settings beside the data: the server has just started with them. */
void instance_keep_settings(const char *dir);

/* <root>/instances/<name>; the caller frees. Rejects names that are not plain file names. */
int instance_dir(const struct instance_host *host, const char *name, struct err *err, char **ret_dir);

/* The WAL segments of a cleanly stopped server that contain nothing: PostgreSQL keeps old files under the
 * names of future ones, and makes new ones where they are missing. */
struct wal_spare {
    bool known; /* false: none is spare, because the server did not stop cleanly, say */
    uint64_t last;
    uint64_t segment_bytes;
};
void wal_spare_find(const struct instance_host *host, const char *data_dir, const struct stop *stop,
                    struct wal_spare *ret_spare);
/* A tree_skip; the context is a struct wal_spare. */
bool wal_is_spare(const void *context, const char *directory, const char *name);

#endif
