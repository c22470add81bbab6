/* SPDX-License-Identifier: MIT */
/* The table of faults, and their records. */
#include "engine/instance/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance/fault_private.h"
#include "engine/instance/instance_private.h"
#include "engine/instance/instance_tree.h"

enum { STOP_TIMEOUT_MS = 10000, UNDO_MAX_BYTES = 4096 };

/* ---- faults that stop the server -------------------------------------------------------------------------
 */

static int begin_crash(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    return postmaster_stop(call->dir, false, STOP_TIMEOUT_MS, err) != 0
               ? -1
               : instance_start(call->host, call->spec, call->stop, err);
}

static int begin_restart(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    return postmaster_stop(call->dir, true, STOP_TIMEOUT_MS, err) != 0
               ? -1
               : instance_start(call->host, call->spec, call->stop, err);
}

static int begin_stop(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    return postmaster_stop(call->dir, true, STOP_TIMEOUT_MS, err);
}

static int end_stop(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    return instance_start(call->host, call->spec, call->stop, err);
}

/* ---- the table -------------------------------------------------------------------------------------------
 */

struct fault {
    const char *name;
    bool momentary;  /* no end */
    bool holds_down; /* the server does not run while it lasts */
    bool end_starts; /* its end does not need a running server */
    int (*prepare)(const struct fault_call *call, struct buf *undo, struct err *err);
    int (*begin)(const struct fault_call *call, const char *undo, struct err *err);
    int (*end)(const struct fault_call *call, const char *undo, struct err *err);
};

/* clang-format off */
static const struct fault faults[] = {
    {.name = "crash", .momentary = true, .begin = begin_crash},
    {.name = "restart", .momentary = true, .begin = begin_restart},
    {.name = "stop", .holds_down = true, .end_starts = true, .begin = begin_stop, .end = end_stop},
    {.name = "diskFull", .end_starts = true,
     .prepare = fault_disk_prepare, .begin = fault_disk_begin, .end = fault_disk_end},
    {.name = "walFull", .holds_down = true, .end_starts = true,
     .prepare = fault_disk_prepare, .begin = fault_wal_begin, .end = fault_wal_end},
    {.name = "readOnly",
     .prepare = fault_read_only_prepare, .begin = fault_read_only_begin, .end = fault_read_only_end},
    {.name = "reject", .end_starts = true, .begin = fault_reject_begin, .end = fault_reject_end},
    {.name = "password",
     .prepare = fault_password_prepare, .begin = fault_password_begin, .end = fault_password_end},
    {.name = "connections",
     .prepare = fault_connections_prepare, .begin = fault_connections_begin, .end = fault_connections_end},
    {.name = "dropSlot", .momentary = true, .begin = fault_drop_slot_begin},
};
/* clang-format on */

const char *fault_names(void)
{
    return "crash, restart, stop, diskFull, walFull, readOnly, reject, password, connections, dropSlot";
}

static const struct fault *find_fault(const char *action)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        if (str_equals(faults[i].name, action)) {
            return &faults[i];
        }
    }
    return NULL;
}

bool fault_is_known(const char *action)
{
    return find_fault(action) != NULL;
}

bool fault_is_momentary(const char *action)
{
    const struct fault *fault = find_fault(action);
    return fault != NULL && fault->momentary;
}

/* ---- records ---------------------------------------------------------------------------------------------
 */

/* <dir>/faults/<action>; the suffix ".ended" marks a fault that ended while the server was down. */
static char *record_path(const char *dir, const struct fault *fault, const char *suffix)
{
    return str_format("%s/faults/%s%s", dir, fault->name, suffix);
}

static bool is_recorded(const char *dir, const struct fault *fault, const char *suffix)
{
    auto_free char *path = record_path(dir, fault, suffix);
    return path != NULL && access(path, F_OK) == 0;
}

static int write_record(const char *dir, const struct fault *fault, const char *undo, struct err *err)
{
    auto_free char *folder = str_format("%s/faults", dir);
    auto_free char *path = record_path(dir, fault, "");
    auto_free char *fresh = record_path(dir, fault, ".new");
    if (folder == NULL || path == NULL || fresh == NULL) {
        return err_no_memory(err);
    }
    if (access(folder, F_OK) != 0 && tree_make_dir(folder, 0700, NULL, err) != 0) {
        return -1;
    }
    (void)unlink(fresh);
    auto_fd int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t len = strlen(undo);
    if (fd < 0 || write(fd, undo, len) != (ssize_t)len || fsync(fd) != 0 || rename(fresh, path) != 0 ||
        !fd_sync_directory_of(path)) {
        return err_set(err, ERR_INTERNAL, "Cannot write '%s': %s", path, strerrordesc_np(errno));
    }
    return 0;
}

/* Empty if there is none. */
static void read_record(const char *dir, const struct fault *fault, const char *suffix, char *undo,
                        size_t size)
{
    auto_free char *path = record_path(dir, fault, suffix);
    auto_fd int fd = path == NULL ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, undo, size - 1);
    undo[len < 0 ? 0 : len] = '\0';
}

static void remove_record(const char *dir, const struct fault *fault, const char *suffix)
{
    auto_free char *path = record_path(dir, fault, suffix);
    if (path != NULL) {
        (void)unlink(path);
    }
}

static void mark_ended(const char *dir, const struct fault *fault)
{
    auto_free char *path = record_path(dir, fault, "");
    auto_free char *ended = record_path(dir, fault, ".ended");
    if (path != NULL && ended != NULL) {
        (void)rename(path, ended);
    }
}

static const struct fault *fault_that_holds_down(const char *dir)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        if (faults[i].holds_down && is_recorded(dir, &faults[i], "")) {
            return &faults[i];
        }
    }
    return NULL;
}

/* ---- begin and end ---------------------------------------------------------------------------------------
 */

static int begin_recorded(const struct fault_call *call, const struct fault *fault, struct err *err)
{
    auto_buf struct buf undo = BUF_MAX(UNDO_MAX_BYTES);
    if (fault->prepare != NULL && fault->prepare(call, &undo, err) != 0) {
        return -1;
    }
    if (buf_failed(&undo)) {
        return err_no_memory(err);
    }
    if (write_record(call->dir, fault, buf_text(&undo), err) != 0) {
        return -1;
    }
    if (fault->begin(call, buf_text(&undo), err) != 0) {
        struct err ignored = {0};
        if (fault->end(call, buf_text(&undo), &ignored) == 0) {
            remove_record(call->dir, fault, "");
        }
        return -1;
    }
    return 0;
}

int fault_begin(const struct instance_host *host, const struct instance_spec *spec, const char *action,
                const struct stop *stop, struct err *err)
{
    const struct fault *fault = find_fault(action);
    auto_instance_lock pthread_mutex_t *lock = NULL;
    auto_free char *dir = NULL;
    if (fault == NULL) {
        return err_set(err, ERR_BAD_PARAMETER, "There is no fault '%s'. Faults of servers: %s.", action,
                       fault_names());
    }
    if (instance_lock(spec->name, stop, err, &lock) != 0 || instance_dir(host, spec->name, err, &dir) != 0) {
        return -1;
    }
    const struct fault_call call = {.host = host, .spec = spec, .dir = dir, .stop = stop};
    struct postmaster postmaster = {0};
    if (is_recorded(dir, fault, "")) {
        return 0;
    }
    const struct fault *down = fault_that_holds_down(dir);
    if (down != NULL) {
        return err_set(err, ERR_CONFLICT,
                       "The fault '%s' needs a running server, and the fault '%s' keeps server '%s' down. End"
                       " that one first.",
                       action, down->name, spec->name);
    }
    if (!postmaster_find(dir, &postmaster)) {
        return err_set(err, ERR_CONFLICT,
                       "The fault '%s' needs a running server, and server '%s' does not run.", action,
                       spec->name);
    }
    return fault->momentary ? fault->begin(&call, "", err) : begin_recorded(&call, fault, err);
}

static int end_recorded(const struct fault_call *call, const struct fault *fault, const char *suffix,
                        struct err *err)
{
    char undo[UNDO_MAX_BYTES + 1];
    read_record(call->dir, fault, suffix, undo, sizeof(undo));
    int result = fault->end(call, undo, err);
    if (result == 0) {
        remove_record(call->dir, fault, suffix);
    }
    explicit_bzero(undo, sizeof(undo));
    return result;
}

static int end_fault(const struct fault_call *call, const struct fault *fault, struct err *err)
{
    struct postmaster postmaster = {0};
    if (fault->momentary || !is_recorded(call->dir, fault, "")) {
        return 0;
    }
    if (!fault->end_starts && !postmaster_find(call->dir, &postmaster)) {
        mark_ended(call->dir, fault);
        return 0;
    }
    return end_recorded(call, fault, "", err);
}

int fault_end(const struct instance_host *host, const struct instance_spec *spec, const char *action,
              const struct stop *stop, struct err *err)
{
    const struct fault *fault = find_fault(action);
    auto_instance_lock pthread_mutex_t *lock = NULL;
    auto_free char *dir = NULL;
    if (fault == NULL) {
        return 0;
    }
    if (instance_lock(spec->name, stop, err, &lock) != 0 || instance_dir(host, spec->name, err, &dir) != 0) {
        return -1;
    }
    const struct fault_call call = {.host = host, .spec = spec, .dir = dir, .stop = stop};
    return end_fault(&call, fault, err);
}

void fault_server_started(const struct instance_host *host, const struct instance_spec *spec, const char *dir,
                          const struct stop *stop)
{
    const struct fault_call call = {.host = host, .spec = spec, .dir = dir, .stop = stop};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct err err = {0};
        /* The start has emptied the page; the disk is full again only now, as recovery needs space. */
        if (faults[i].begin == fault_disk_begin && is_recorded(dir, &faults[i], "")) {
            (void)fault_disk_begin(&call, "", &err);
        }
        if (is_recorded(dir, &faults[i], ".ended") && end_recorded(&call, &faults[i], ".ended", &err) != 0) {
            log_event(LOG_ERROR, "cannot undo a fault", "server", spec->name, "fault", faults[i].name,
                      "reason", err.message, NULL);
        }
    }
}

void fault_prepare_start(const struct instance_host *host, const struct instance_spec *spec)
{
    struct err ignored = {0};
    auto_free char *dir = NULL;
    if (instance_dir(host, spec->name, &ignored, &dir) != 0) {
        return;
    }
    const struct fault_call call = {.host = host, .spec = spec, .dir = dir};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        if (!is_recorded(dir, &faults[i], "")) {
            continue;
        }
        if (faults[i].end == fault_disk_end || faults[i].end == fault_wal_end) {
            (void)fault_disk_end(&call, "", &ignored);
        } else if (faults[i].end == fault_reject_end) {
            (void)fault_reject_undo(&call, &ignored);
        }
    }
}

int fault_recover(const struct instance_host *host, const struct instance_spec *spec, const struct stop *stop,
                  struct err *err)
{
    auto_instance_lock pthread_mutex_t *lock = NULL;
    auto_free char *dir = NULL;
    if (instance_lock(spec->name, stop, err, &lock) != 0 || instance_dir(host, spec->name, err, &dir) != 0) {
        return -1;
    }
    const struct fault_call call = {.host = host, .spec = spec, .dir = dir, .stop = stop};
    int result = 0;
    /* First those that may keep the superuser out. */
    for (size_t n = 0; n < 2 * ARRAY_LEN(faults); n++) {
        struct err one = {0};
        const struct fault *fault = &faults[n % ARRAY_LEN(faults)];
        if (fault->end_starts == (n < ARRAY_LEN(faults)) && end_fault(&call, fault, &one) != 0) {
            *err = one;
            result = -1;
        }
    }
    return result;
}

/* Whether one of the faults is recorded: any, or one that holds the server down. */
static bool has_record(const struct instance_host *host, const char *name, bool only_down)
{
    struct err ignored = {0};
    auto_free char *dir = NULL;
    if (instance_dir(host, name, &ignored, &dir) != 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        if ((faults[i].holds_down || !only_down) && is_recorded(dir, &faults[i], "")) {
            return true;
        }
    }
    return false;
}

bool fault_is_active(const struct instance_host *host, const char *name)
{
    return has_record(host, name, false);
}

bool fault_holds_down(const struct instance_host *host, const char *name)
{
    return has_record(host, name, true);
}
