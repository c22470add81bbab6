/* SPDX-License-Identifier: MIT */
#include "client/server/private_server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/input/terminal.h"
#include "client/server/name_hash.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/parse/id.h"
#include "core/str.h"
#include "core/wipe.h"

enum {
    START_MS = 60000,
    STOP_MS = 8000,
    LOCK_MS = 15000,
    POLL_MS = 20,
    FILE_BYTES_MAX = 8192,
    /* Its files have restrictive modes; as root, Malachite rejects a folder that other users cannot
     * traverse. */
    FOLDER_MODE = 0711
};

static int make_folder(const char *path, struct err *err)
{
    auto_free char *part = str_dup(path);
    for (char *slash = part == NULL ? NULL : strchr(part + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(part, FOLDER_MODE);
        *slash = '/';
    }
    if (part == NULL) {
        return err_no_memory(err);
    }
    return mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST
               ? 0
               : err_set(err, ERR_BAD_INPUT, "cannot create the folder %s: %s", path, strerrordesc_np(errno));
}

/* The folder of all private Malachites. */
static char *base_folder(const char *state_dir)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state_dir[0] != '\0') {
        return str_dup(state_dir);
    }
    if (state != NULL && state[0] == '/') {
        return str_format("%s/malachite-migrate", state);
    }
    if (geteuid() == 0) {
        return str_dup("/var/lib/malachite-migrate");
    }
    return home == NULL ? NULL : str_format("%s/.local/state/malachite-migrate", home);
}

static int choose_folder(const char *pair, const char *state_dir, struct err *err,
                         struct private_server *server)
{
    auto_free char *base = base_folder(state_dir);
    if (base == NULL) {
        return err_set(err, ERR_BAD_INPUT, "no home directory found: choose a folder with --state-dir");
    }
    auto_free char *dir = str_format("%s/%016" PRIx64, base, name_hash(pair));
    if (dir == NULL) {
        return err_no_memory(err);
    }
    if (make_folder(dir, err) < 0) {
        return -1;
    }
    server->dir = realpath(dir, NULL); /* the child has another working directory */
    return server->dir == NULL ? err_no_memory(err) : 0;
}

/* The child shares the lock, which is held until both have ended: a second run waits for the remains of a
 * killed one. */
static int take_lock(struct private_server *server, struct err *err)
{
    auto_free char *path = str_format("%s/lock", server->dir);
    int64_t deadline_ms = clock_monotonic_ms() + LOCK_MS;
    server->lock_fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT, 0600);
    if (server->lock_fd < 0) {
        return err_set(err, ERR_BAD_INPUT, "cannot write in the folder %s", server->dir);
    }
    while (flock(server->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (clock_monotonic_ms() > deadline_ms || terminal_interrupted()) {
            return err_set(err, ERR_CONFLICT,
                           "another 'malachite migrate' between these two servers is running (it holds %s)",
                           path);
        }
        clock_sleep_ms(POLL_MS);
    }
    return 0;
}

/* A new file for each start, with a secret that only this user can read. */
static int write_secret(struct private_server *server, const char *path, struct err *err)
{
    char text[ID_TEXT_SIZE];
    id_new(text);
    server->secret = str_dup(text);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1;
    if (fd >= 0) {
        close(fd);
    }
    explicit_bzero(text, sizeof(text));
    return written && server->secret != NULL
               ? 0
               : err_set(err, ERR_BAD_INPUT, "cannot write in the folder %s", server->dir);
}

/* Settings that also apply to a private Malachite. Passwords are not among them. */
static bool is_kept(const char *variable)
{
    static const char *const kept[] = {"MALACHITE_JOBS=",
                                       "MALACHITE_CONNECT_TIMEOUT=",
                                       "MALACHITE_POSTGRES_DIR=",
                                       "MALACHITE_LOG_LEVEL=",
                                       "MALACHITE_LOG_FORMAT=",
                                       "MALACHITE_EVIDENCE_MS=",
                                       "MALACHITE_RECONNECT_SECONDS="};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (strncmp(variable, kept[i], strlen(kept[i])) == 0) {
            return true;
        }
    }
    return strncmp(variable, "MALACHITE_", 10) != 0 && strncmp(variable, "PG", 2) != 0;
}

/* Runs in the child. Returns only if the program cannot be executed. */
static void run_child(const struct private_server *server, const char *endpoints, const char *secret,
                      pid_t parent)
{
    auto_free char *log = str_format("%s/log", server->dir);
    auto_free char *data = str_format("%s/data", server->dir);
    (void)setpgid(0, 0); /* Ctrl-C must reach only the parent */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || log == NULL || data == NULL) {
        return;
    }
    int input = open("/dev/null", O_RDWR | O_CLOEXEC);
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(input, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) {
        return;
    }
    size_t kept = 0;
    for (char **variable = environ; *variable != NULL; variable++) {
        if (is_kept(*variable)) {
            environ[kept++] = *variable;
        }
    }
    environ[kept] = NULL;
    /* It starts no PostgreSQL, but looks up the user that would run it. */
    const char *user = getpwnam("postgres") == NULL ? "nobody" : "postgres";
    execl("/proc/self/exe", "malachite", "serve", "--data-dir", data, "--listen", "127.0.0.1", "--http-port",
          "0", "--https-port", "0", "--auth", "strict", "--client-secret-file", secret, "--endpoints-file",
          endpoints, "--request-log", "0", "--postgres-user", user, (char *)NULL);
}

static char *read_text(const char *path)
{
    char text[FILE_BYTES_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    return str_dup(text);
}

/* The last line of its log, which contains the reason for its end. The caller frees; NULL if there is
 * none. */
static char *last_log_line(const struct private_server *server)
{
    char tail[FILE_BYTES_MAX];
    auto_free char *path = str_format("%s/log", server->dir);
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, -(long)(sizeof(tail) - 1), SEEK_END) != 0) {
        rewind(file);
    }
    size_t len = fread(tail, 1, sizeof(tail) - 1, file);
    fclose(file);
    while (len > 0 && tail[len - 1] == '\n') {
        len--;
    }
    tail[len] = '\0';
    const char *line = strrchr(tail, '\n');
    return str_dup(line == NULL ? tail : line + 1);
}

/* Waits for the file with its address, which Malachite writes when it is ready. */
static int wait_until_ready(struct private_server *server, const char *endpoints, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + START_MS;
    while (server->url == NULL) {
        auto_free char *text = read_text(endpoints);
        json_auto_t *object = text == NULL ? NULL : json_loads(text, 0, NULL);
        server->url = str_dup(json_string_value(json_object_get(object, "http")));
        if (server->url == NULL && (!private_server_runs(server) || clock_monotonic_ms() > deadline_ms)) {
            auto_free char *line = last_log_line(server);
            return err_set(err, ERR_UNAVAILABLE, "A private Malachite could not be started: %s",
                           line == NULL ? "it has no log" : line);
        }
        if (terminal_interrupted()) {
            return err_set(err, ERR_CANCELED, "Interrupted.");
        }
        clock_sleep_ms(POLL_MS);
    }
    return 0;
}

int private_server_start(const char *pair, const char *state_dir, struct err *err,
                         struct private_server *ret_server)
{
    struct private_server *server = ret_server;
    *server = (struct private_server){.lock_fd = -1};
    if (choose_folder(pair, state_dir, err, server) < 0 || take_lock(server, err) < 0) {
        return -1;
    }
    auto_free char *secret = str_format("%s/secret", server->dir);
    auto_free char *endpoints = str_format("%s/endpoints.json", server->dir);
    if (secret == NULL || endpoints == NULL) {
        return err_no_memory(err);
    }
    server->is_new = access(secret, F_OK) != 0;
    (void)unlink(endpoints);
    if (write_secret(server, secret, err) < 0) {
        return -1;
    }
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        return err_set(err, ERR_INTERNAL, "cannot start a process: %s", strerrordesc_np(errno));
    }
    if (pid == 0) {
        run_child(server, endpoints, secret, parent);
        _exit(127);
    }
    server->pid = pid;
    return wait_until_ready(server, endpoints, err);
}

bool private_server_runs(struct private_server *server)
{
    if (server->pid != 0 && waitpid(server->pid, NULL, WNOHANG) == server->pid) {
        server->pid = 0;
    }
    return server->pid != 0;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    (void)remove(path);
    return 0;
}

void private_server_stop(struct private_server *server, bool forget)
{
    int64_t deadline_ms = clock_monotonic_ms() + STOP_MS;
    if (private_server_runs(server)) {
        (void)kill(server->pid, SIGTERM);
    }
    while (private_server_runs(server)) {
        if (clock_monotonic_ms() > deadline_ms) {
            (void)kill(server->pid, SIGKILL);
        }
        clock_sleep_ms(POLL_MS);
    }
    if (forget && server->dir != NULL) {
        (void)nftw(server->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
    if (server->lock_fd >= 0) {
        close(server->lock_fd);
    }
    free(server->dir);
    free(server->url);
    wipe_free(server->secret);
    *server = (struct private_server){.lock_fd = -1};
}
