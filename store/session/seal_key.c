/* SPDX-License-Identifier: MIT */
/* The key file. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/fd.h"
#include "core/str.h"
#include "store/session/memory_error.h"
#include "store/session/seal_private.h"

static void wipe_at_scope_end(struct seal_key *key)
{
    explicit_bzero(key, sizeof(*key));
}
#define auto_key __attribute__((cleanup(wipe_at_scope_end)))

static int refuse_to_read(const char *path, struct err *err)
{
    return err_set(err, ERR_INTERNAL, "The key file %s cannot be read: %s.", path, strerror(errno));
}

static int check_key_file(const char *path, int fd, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return refuse_to_read(path, err);
    }
    if (!S_ISREG(status.st_mode)) {
        return err_set(err, ERR_INTERNAL, "The key file %s is not a regular file.", path);
    }
    if ((status.st_mode & 077) != 0) {
        return err_set(err, ERR_INTERNAL,
                       "The key file %s can be read by others (mode %03o): it decrypts every stored "
                       "password. Run 'chmod 600 %s' and consider these passwords exposed.",
                       path, (unsigned)(status.st_mode & 0777), path);
    }
    if (status.st_size != SEAL_KEY_SIZE) {
        return err_set(err, ERR_INTERNAL,
                       "The key file %s has %lld bytes instead of %d. Restore the right one.", path,
                       (long long)status.st_size, SEAL_KEY_SIZE);
    }
    return 0;
}

int seal_key_load(const char *path, struct err *err, struct seal_key *ret_key)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? 0 : refuse_to_read(path, err);
    }
    if (check_key_file(path, fd, err) < 0) {
        return -1;
    }
    auto_key struct seal_key key = {0};
    if (read(fd, key.bytes, SEAL_KEY_SIZE) != SEAL_KEY_SIZE) {
        return refuse_to_read(path, err);
    }
    *ret_key = key;
    return 1;
}

static int write_key(const char *path, const struct seal_key *key)
{
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, key->bytes, SEAL_KEY_SIZE) != SEAL_KEY_SIZE || fsync(fd) < 0) {
        return -1;
    }
    return 0;
}

int seal_key_create(const char *path, struct err *err, struct seal_key *ret_key)
{
    /* Written to a draft and then linked: a crash leaves no incomplete key, and link() never replaces an
     * existing key. */
    auto_free char *draft = str_format("%s.new", path);
    if (draft == NULL) {
        return memory_error(err);
    }
    auto_key struct seal_key key = {0};
    if (RAND_bytes(key.bytes, SEAL_KEY_SIZE) != 1) {
        return err_set(err, ERR_INTERNAL, "OpenSSL has no random numbers for the key file %s.", path);
    }
    unlink(draft);
    if (write_key(draft, &key) < 0 || link(draft, path) < 0) {
        err_set(err, ERR_INTERNAL, "The key file %s cannot be created: %s.", path, strerror(errno));
        unlink(draft);
        return -1;
    }
    unlink(draft);
    if (!fd_sync_directory_of(path)) {
        return err_set(err, ERR_INTERNAL, "The key file %s cannot be written to the disk: %s.", path,
                       strerror(errno));
    }
    *ret_key = key;
    return 0;
}
