/* SPDX-License-Identifier: MIT */
/*
 * Finds PostgreSQL programs by inspecting directories. The major comes from the directory's name (N/bin)
 * if it has one, otherwise from the version string inside the program: running nine programs would take
 * most of the startup time.
 */
#include "engine/process/tools.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"

enum { MAJOR_MIN = 8, MAJOR_MAX = 99 };

static const char debian_dir[] = "/usr/lib/postgresql";
static const char system_cache_dir[] = "/var/cache/malachite/postgresql";

static bool has_program(const char *dir, const char *name)
{
    auto_free char *path = str_format("%s/%s", dir, name);
    struct stat info;
    return path != NULL && stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/* The major that a path component names, or 0. */
static int major_of_name(const char *name)
{
    int64_t major = 0;
    return str_to_int(name, MAJOR_MIN, MAJOR_MAX, &major) ? (int)major : 0;
}

/* Finds "(PostgreSQL) 15.18" in a program. 0 if it is missing. */
static int major_in_program(const char *path)
{
    static const char mark[] = "PostgreSQL) ";
    int major = 0;
    struct stat info;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size <= 0) {
        return 0;
    }
    size_t size = (size_t)info.st_size;
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        return 0;
    }
    const char *end = (const char *)map + size;
    const char *at = memmem(map, size, mark, sizeof(mark) - 1);
    for (at = at == NULL ? end : at + sizeof(mark) - 1; at < end && *at >= '0' && *at <= '9' && major < 1000;
         at++) {
        major = major * 10 + (*at - '0');
    }
    munmap(map, size);
    return major >= MAJOR_MIN && major <= MAJOR_MAX ? major : 0;
}

/* The major of a directory of programs whose path contains no number; with client wrappers the programs
 * are elsewhere. */
static int major_of_programs(const char *bin)
{
    static const char *const programs[] = {"postgres", "pg_dump", "../libexec/pg_dump"};
    int major = 0;
    for (size_t i = 0; i < ARRAY_LEN(programs) && major == 0; i++) {
        auto_free char *path = str_format("%s/%s", bin, programs[i]);
        major = path == NULL ? 0 : major_in_program(path);
    }
    return major;
}

/* The row of a major, inserted in order if it is new. NULL if the table is full. */
static struct tools_major *row_of(struct tools *tools, int major)
{
    size_t at = 0;
    while (at < tools->count && tools->majors[at].major < major) {
        at++;
    }
    if (at < tools->count && tools->majors[at].major == major) {
        return &tools->majors[at];
    }
    if (tools->count == TOOLS_MAJORS_MAX) {
        return NULL;
    }
    memmove(&tools->majors[at + 1], &tools->majors[at], (tools->count - at) * sizeof(tools->majors[0]));
    tools->count++;
    tools->majors[at] = (struct tools_major){.major = major};
    return &tools->majors[at];
}

/* Adds the programs of a directory; major 0: determine it. True if it contains any. */
static bool add_bin(struct tools *tools, const char *bin, int major)
{
    bool server = has_program(bin, "postgres") && has_program(bin, "initdb");
    bool client = has_program(bin, "pg_dump") && has_program(bin, "pg_restore");
    if (!server && !client) {
        return false;
    }
    struct tools_major *row = NULL;
    major = major == 0 ? major_of_programs(bin) : major;
    auto_free char *path = realpath(bin, NULL);
    if (path == NULL || major == 0 || (row = row_of(tools, major)) == NULL) {
        return false;
    }
    if (server && row->server_bin == NULL) {
        row->server_bin = str_dup(path);
    }
    if (client && row->client_bin == NULL) {
        row->client_bin = str_dup(path);
    }
    return true;
}

/* Adds dir/bin and dir/client/bin. */
static bool add_tree(struct tools *tools, const char *dir, int major)
{
    auto_free char *bin = str_format("%s/bin", dir);
    auto_free char *client_bin = str_format("%s/client/bin", dir);
    if (bin == NULL || client_bin == NULL) {
        return false;
    }
    bool found = add_bin(tools, bin, major);
    return add_bin(tools, client_bin, major) || found;
}

/* Enters every dir/N. */
static bool add_trees(struct tools *tools, const char *dir)
{
    bool found = false;
    for (int major = MAJOR_MIN; major <= MAJOR_MAX; major++) {
        auto_free char *tree = str_format("%s/%d", dir, major);
        if (tree != NULL && access(tree, X_OK) == 0) {
            found = add_tree(tools, tree, major) || found;
        }
    }
    return found;
}

/* A directory given by the user may have any of the layouts, with the number in its own name or its
 * parent's. */
static bool add_named(struct tools *tools, const char *dir)
{
    auto_free char *path = realpath(dir, NULL);
    if (path == NULL) {
        return false;
    }
    const char *name = strrchr(path, '/') + 1;
    bool found = add_trees(tools, path);
    found = add_tree(tools, path, major_of_name(name)) || found;
    return add_bin(tools, path, 0) || found;
}

static int add_all_named(struct tools *tools, const char *dirs, struct err *err)
{
    auto_free char *copy = str_dup(dirs == NULL ? "" : dirs);
    char *rest = copy;
    if (copy == NULL) {
        return err_no_memory(err);
    }
    for (const char *dir = strsep(&rest, ":"); dir != NULL; dir = strsep(&rest, ":")) {
        if (dir[0] != '\0' && !add_named(tools, dir)) {
            return err_set(
                err, ERR_BAD_PARAMETER,
                "--postgres-dir: there is no PostgreSQL in '%s' (looked for postgres and initdb, or "
                "pg_dump and pg_restore, in it, in bin/, in N/bin/ and in N/client/bin/)",
                dir);
        }
    }
    return 0;
}

/* The caches of scripts/get-postgres.sh: from the environment, the system's, the user's. */
static void add_caches(struct tools *tools)
{
    const char *given = getenv("MALACHITE_POSTGRES_CACHE");
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    auto_free char *own = NULL;
    if (given != NULL && given[0] != '\0') {
        add_trees(tools, given);
    }
    add_trees(tools, system_cache_dir);
    if (xdg != NULL && xdg[0] == '/') {
        own = str_format("%s/malachite/postgresql", xdg);
    } else if (home != NULL && home[0] == '/') {
        own = str_format("%s/.cache/malachite/postgresql", home);
    }
    if (own != NULL) {
        add_trees(tools, own);
    }
}

int tools_find(const char *dirs, struct err *err, struct tools *ret_tools)
{
    struct tools tools = {0};
    if (add_all_named(&tools, dirs, err) != 0) {
        tools_done(&tools);
        return -1;
    }
    add_trees(&tools, debian_dir);
    add_caches(&tools);
    *ret_tools = tools;
    return 0;
}

void tools_done(struct tools *tools)
{
    for (size_t i = 0; i < tools->count; i++) {
        free(tools->majors[i].server_bin);
        free(tools->majors[i].client_bin);
    }
    *tools = (struct tools){0};
}

const struct tools_major *tools_server(const struct tools *tools, int major)
{
    for (size_t i = 0; i < tools->count; i++) {
        if (tools->majors[i].major == major && tools->majors[i].server_bin != NULL) {
            return &tools->majors[i];
        }
    }
    return NULL;
}

const struct tools_major *tools_client(const struct tools *tools, int source_major)
{
    for (size_t i = 0; i < tools->count; i++) {
        if (tools->majors[i].major >= source_major && tools->majors[i].client_bin != NULL) {
            return &tools->majors[i];
        }
    }
    return NULL;
}

/* Debian 12's own, and those that scripts/get-pgclient.sh can fetch. */
enum { DEBIAN_MAJOR = 15, OLDER_FETCHED_MAJOR = 17, NEWER_FETCHED_MAJOR = 18 };

void tools_client_advice(int source_major, char *text, size_t size)
{
    if (source_major <= DEBIAN_MAJOR) {
        snprintf(text, size,
                 "Install the package postgresql-client-%d (apt-get install postgresql-client-%d), then "
                 "restart Malachite.",
                 DEBIAN_MAJOR, DEBIAN_MAJOR);
    } else if (source_major <= NEWER_FETCHED_MAJOR) {
        int major = source_major <= OLDER_FETCHED_MAJOR ? OLDER_FETCHED_MAJOR : NEWER_FETCHED_MAJOR;
        snprintf(text, size,
                 "Run `make pgclient MAJOR=%d` in Malachite's source tree, which fetches version %d, then "
                 "restart Malachite.",
                 major, major);
    } else {
        snprintf(text, size,
                 "Install pg_dump and pg_restore of version %d or newer and name their directory with "
                 "--postgres-dir.",
                 source_major);
    }
}

void tools_describe_servers(const struct tools *tools, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "none");
    for (size_t i = 0; i < tools->count && used < size; i++) {
        if (tools->majors[i].server_bin != NULL) {
            int len =
                snprintf(text + used, size - used, "%s%d", used == 0 ? "" : ", ", tools->majors[i].major);
            used += len < 0 ? 0 : (size_t)len;
        }
    }
}
