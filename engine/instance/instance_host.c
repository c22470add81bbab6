/* SPDX-License-Identifier: MIT */
/* Where instances are stored and which user runs them: checked once, so that later failures concern one
 * instance only. */
#include "engine/instance/instance.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/str.h"

enum { PASSWD_MAX_BYTES = 65536 };

static int find_user(const char *name, struct err *err, struct child_user *ret_user)
{
    struct passwd entry;
    struct passwd *found = NULL;
    if (geteuid() != 0) {
        *ret_user = (struct child_user){.change = false};
        return 0;
    }
    auto_free char *memory = malloc(PASSWD_MAX_BYTES);
    if (memory == NULL) {
        return err_no_memory(err);
    }
    if (getpwnam_r(name, &entry, memory, PASSWD_MAX_BYTES, &found) != 0 || found == NULL) {
        return err_set(
            err, ERR_BAD_PARAMETER,
            "there is no user '%s' to run PostgreSQL servers as (PostgreSQL refuses root); name one with "
            "--postgres-user, for example nobody",
            name);
    }
    if (found->pw_uid == 0) {
        return err_set(err, ERR_BAD_PARAMETER,
                       "--postgres-user '%s' is root, and PostgreSQL refuses to run as root", name);
    }
    *ret_user = (struct child_user){.change = true, .uid = found->pw_uid, .gid = found->pw_gid};
    return 0;
}

/* Whether the user (with its primary group only) may traverse a directory. */
static bool may_pass(const struct stat *info, const struct child_user *user)
{
    mode_t needed = info->st_uid == user->uid ? S_IXUSR : info->st_gid == user->gid ? S_IXGRP : S_IXOTH;
    return (info->st_mode & needed) != 0;
}

/* Lets the user traverse Malachite's root without reading it: through the user's group if others had no
 * rights. */
static int open_root(const char *root, const struct child_user *user, struct err *err)
{
    struct stat info;
    if (stat(root, &info) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot look at '%s': %s", root, strerrordesc_np(errno));
    }
    if (may_pass(&info, user)) {
        return 0;
    }
    bool closed = (info.st_mode & 077) == 0;
    if ((closed && chown(root, (uid_t)-1, user->gid) != 0) ||
        chmod(root, (info.st_mode & 07777) | (closed ? S_IXGRP : S_IXOTH)) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot give the servers' user access to '%s': %s", root,
                       strerrordesc_np(errno));
    }
    return 0;
}

/* Every directory above root must let the user through; Malachite does not change those. */
static int check_parents(const char *root, const struct child_user *user, const char *user_name,
                         struct err *err)
{
    auto_free char *path = str_dup(root);
    if (path == NULL) {
        return err_no_memory(err);
    }
    for (char *slash = strrchr(path, '/'); slash != NULL && slash != path; slash = strrchr(path, '/')) {
        struct stat info;
        *slash = '\0';
        if (stat(path, &info) != 0 || !may_pass(&info, user)) {
            return err_set(
                err, ERR_BAD_PARAMETER,
                "user '%s', who runs the PostgreSQL servers, cannot reach the data directory '%s': '%s' is "
                "closed to it; choose another place with --data-dir, or another user with --postgres-user",
                user_name, root, path);
        }
    }
    return 0;
}

/* Creates <root>/<name>, which only Malachite changes and the servers' user traverses. */
static int make_directory(const char *root, const char *name, struct err *err)
{
    auto_free char *path = str_format("%s/%s", root, name);
    if (path == NULL) {
        return err_no_memory(err);
    }
    if ((mkdir(path, 0711) != 0 && errno != EEXIST) || chmod(path, 0711) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot create '%s': %s", path, strerrordesc_np(errno));
    }
    return 0;
}

static int find_root(const char *root, struct err *err, char **ret_root)
{
    if (mkdir(root, 0700) != 0 && errno != EEXIST) {
        return err_set(err, ERR_INTERNAL, "cannot create '%s': %s", root, strerrordesc_np(errno));
    }
    auto_free char *path = realpath(root, NULL);
    if (path == NULL) {
        return err_set(err, ERR_INTERNAL, "cannot find '%s': %s", root, strerrordesc_np(errno));
    }
    if (strpbrk(path, ",\n") != NULL) {
        return err_set(
            err, ERR_BAD_PARAMETER,
            "--data-dir '%s' has a comma or a line break in it, which PostgreSQL cannot have in the path of "
            "a socket",
            path);
    }
    *ret_root = TAKE(path);
    return 0;
}

int instance_host_init(const char *root, const char *postgres_user, const struct tools *tools,
                       struct err *err, struct instance_host *ret_host)
{
    auto_free char *path = NULL;
    struct child_user user = {0};
    if (find_user(postgres_user, err, &user) != 0 || find_root(root, err, &path) != 0 || path == NULL) {
        return -1;
    }
    if (user.change &&
        (open_root(path, &user, err) != 0 || check_parents(path, &user, postgres_user, err) != 0)) {
        return -1;
    }
    if (make_directory(path, "instances", err) != 0 || make_directory(path, "templates", err) != 0) {
        return -1;
    }
    *ret_host = (struct instance_host){.root = TAKE(path), .user = user, .tools = tools};
    return 0;
}

void instance_host_done(struct instance_host *host)
{
    free(host->root);
    *host = (struct instance_host){0};
}
