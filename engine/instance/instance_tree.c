/* SPDX-License-Identifier: MIT */
#include "engine/instance/instance_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fd.h"

enum { REMOVE_TRIES = 50, REMOVE_PAUSE_MS = 20, COPY_CHUNK_BYTES = 1 << 17, DEPTH_MAX = 32 };

/* State of one recursive copy. */
struct copy {
    const struct child_user *user;
    const struct stop *stop;
    tree_skip *skip; /* or NULL */
    const void *context;
    struct err *err;
};

static void close_dir(DIR **dir)
{
    if (*dir != NULL) {
        closedir(*dir);
    }
}
#define auto_dir __attribute__((cleanup(close_dir)))

static int fail(struct err *err, const char *doing, const char *what)
{
    return err_set(err, ERR_INTERNAL, "cannot %s '%s': %s", doing, what, strerrordesc_np(errno));
}

/* Opens a directory for reading; NULL with errno set. */
static DIR *open_dir(int parent, const char *name)
{
    auto_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir != NULL) {
        (void)TAKE_FD(fd);
    }
    return dir;
}

/* The next entry other than "." and ".."; NULL at the end. No other thread uses the directory stream. */
static const struct dirent *next_entry(DIR *dir)
{
    const struct dirent *entry = NULL;
    do {
        entry = readdir(dir);
    } while (entry != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry;
}

static int give_away(int fd, const char *name, const struct copy *copy)
{
    if (copy->user == NULL || !copy->user->change) {
        return 0;
    }
    return fchown(fd, copy->user->uid, copy->user->gid) == 0 ? 0
                                                             : fail(copy->err, "change the owner of", name);
}

/* For file systems that cannot copy_file_range(). */
static ssize_t copy_by_hand(int from, int to)
{
    char chunk[COPY_CHUNK_BYTES];
    ssize_t got = read(from, chunk, sizeof(chunk));
    for (ssize_t done = 0; done < got;) {
        ssize_t written = write(to, chunk + done, (size_t)(got - done));
        if (written < 0) {
            return -1;
        }
        done += written;
    }
    return got;
}

static int copy_content(int from, int to, const char *name, const struct copy *copy)
{
    bool by_hand = false;
    for (;;) {
        ssize_t got = by_hand ? copy_by_hand(from, to) : copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
        if (got == 0) {
            return 0;
        }
        bool cannot = errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
        if (got < 0 && !by_hand && cannot) {
            by_hand = true;
        } else if (got < 0 && errno != EINTR) {
            return fail(copy->err, "copy", name);
        }
    }
}

static int copy_file(int from_dir, int to_dir, const char *name, mode_t mode, const struct copy *copy)
{
    auto_fd int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0) {
        return fail(copy->err, "open", name);
    }
    auto_fd int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0700);
    if (to < 0) {
        return fail(copy->err, "create", name);
    }
    if (give_away(to, name, copy) != 0) {
        return -1;
    }
    return copy_content(from, to, name, copy);
}

static int copy_dir(DIR *from, int to, const char *directory, int depth, const struct copy *copy);

static int copy_subdir(int from_dir, int to_dir, const char *name, int depth, const struct copy *copy)
{
    auto_dir DIR *from = open_dir(from_dir, name);
    if (from == NULL || depth > DEPTH_MAX) {
        return fail(copy->err, "open", name);
    }
    if (mkdirat(to_dir, name, 0700) != 0) {
        return fail(copy->err, "create", name);
    }
    auto_fd int to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0) {
        return fail(copy->err, "open", name);
    }
    /* The owner changes last: until then no other user can add files. */
    return copy_dir(from, to, name, depth, copy) != 0 ? -1 : give_away(to, name, copy);
}

static bool is_skipped(const struct copy *copy, const char *directory, const char *name)
{
    return copy->skip != NULL && copy->skip(copy->context, directory, name);
}

static int copy_dir(DIR *from, int to, const char *directory, int depth, const struct copy *copy)
{
    for (const struct dirent *entry = next_entry(from); entry != NULL; entry = next_entry(from)) {
        struct stat info;
        int result = 0;
        if (copy->stop != NULL && stop_requested(copy->stop)) {
            return err_set(copy->err, ERR_CANCELED, "stopped while copying a directory");
        }
        if (fstatat(dirfd(from), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            return fail(copy->err, "look at", entry->d_name);
        }
        if (S_ISDIR(info.st_mode)) {
            result = copy_subdir(dirfd(from), to, entry->d_name, depth + 1, copy);
        } else if (S_ISREG(info.st_mode)) {
            result = is_skipped(copy, directory, entry->d_name)
                         ? 0
                         : copy_file(dirfd(from), to, entry->d_name, info.st_mode, copy);
        } else {
            result =
                err_set(copy->err, ERR_INTERNAL, "'%s' is neither a file nor a directory", entry->d_name);
        }
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}

int tree_copy(const char *from, const char *to, const struct child_user *user, const struct stop *stop,
              struct err *err)
{
    return tree_copy_without(from, to, user, stop, NULL, NULL, err);
}

int tree_copy_without(const char *from, const char *to, const struct child_user *user,
                      const struct stop *stop, tree_skip *skip, const void *context, struct err *err)
{
    struct copy copy = {.user = user, .stop = stop, .skip = skip, .context = context, .err = err};
    if (mkdir(to, 0700) != 0) {
        return fail(err, "create", to);
    }
    auto_dir DIR *from_dir = open_dir(AT_FDCWD, from);
    if (from_dir == NULL) {
        return fail(err, "open", from);
    }
    auto_fd int to_dir = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to_dir < 0) {
        return fail(err, "open", to);
    }
    if (copy_dir(from_dir, to_dir, "", 0, &copy) != 0) {
        return err_prefix(err, "copying '%s' to '%s': ", from, to);
    }
    return give_away(to_dir, to, &copy);
}

/* Empties a directory as far as possible. */
static void empty_dir(DIR *dir, int depth)
{
    for (const struct dirent *entry = next_entry(dir); entry != NULL; entry = next_entry(dir)) {
        if (unlinkat(dirfd(dir), entry->d_name, 0) == 0 || (errno != EISDIR && errno != EPERM)) {
            continue;
        }
        auto_dir DIR *child = depth < DEPTH_MAX ? open_dir(dirfd(dir), entry->d_name) : NULL;
        if (child != NULL) {
            empty_dir(child, depth + 1);
        }
        unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    }
}

int tree_remove(const char *path, struct err *err)
{
    for (int i = 0; i < REMOVE_TRIES; i++) {
        if (i > 0) {
            clock_sleep_ms(REMOVE_PAUSE_MS);
        }
        auto_dir DIR *dir = open_dir(AT_FDCWD, path);
        if (dir != NULL) {
            empty_dir(dir, 0);
        }
        if ((dir == NULL ? unlink(path) : rmdir(path)) == 0 || errno == ENOENT) {
            return 0;
        }
        if (errno != ENOTEMPTY && errno != EEXIST) {
            break;
        }
    }
    return fail(err, "remove", path);
}

int tree_make_dir(const char *path, unsigned mode, const struct child_user *user, struct err *err)
{
    struct copy copy = {.user = user, .err = err};
    if (mkdir(path, 0700) != 0) {
        return fail(err, "create", path);
    }
    auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, mode) != 0) {
        return fail(err, "create", path);
    }
    return give_away(fd, path, &copy);
}

int tree_sync(const char *path, struct err *err)
{
    auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) != 0) {
        return fail(err, "write to disk", path);
    }
    return 0;
}
