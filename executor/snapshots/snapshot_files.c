/* SPDX-License-Identifier: MIT */
/* Where snapshots are, and their manifests. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/memory.h"
#include "core/str.h"
#include "engine/instance/instance_tree.h"
#include "executor/snapshot_folder.h"
#include "executor/snapshots/snapshots_private.h"

enum { NAME_MAX_BYTES = 63, MANIFEST_MAX_BYTES = 1 << 20, SNAPSHOTS_MAX = 50 };

int snapshot_check_name(const char *name, struct err *err)
{
    size_t len = strlen(name);
    bool valid = len > 0 && len <= NAME_MAX_BYTES && isalnum((unsigned char)name[0]);
    for (size_t i = 0; valid && i < len; i++) {
        valid = isalnum((unsigned char)name[i]) || strchr("._-", name[i]) != NULL;
    }
    return valid
               ? 0
               : err_set(err, ERR_BAD_PARAMETER,
                         "'%.80s' cannot be the name of a snapshot: use 1 to %d letters, digits, '.', '_' and"
                         " '-', and begin with a letter or a digit.",
                         name, NAME_MAX_BYTES);
}

int snapshot_path(const struct executor *executor, const char *subscription_id, const char *name,
                  struct err *err, char **ret_path)
{
    if (!str_is_uuid(subscription_id)) {
        return err_set(err, ERR_BAD_SUBSCRIPTION_ID, "'%.60s' is not the id of a subscription.",
                       subscription_id);
    }
    auto_free char *folder = snapshot_folder(executor, subscription_id);
    char *path = folder == NULL
                     ? NULL
                     : str_format("%s%s%s", folder, name == NULL ? "" : "/", name == NULL ? "" : name);
    if (path == NULL) {
        return err_no_memory(err);
    }
    *ret_path = path;
    return 0;
}

static int is_name(const struct dirent *entry)
{
    struct err ignored = {0};
    return snapshot_check_name(entry->d_name, &ignored) == 0;
}

int snapshot_check_room(const struct executor *executor, const char *subscription_id, const char *path,
                        struct err *err)
{
    auto_free char *folder = NULL;
    struct dirent **entries = NULL;
    if (snapshot_path(executor, subscription_id, NULL, err, &folder) < 0) {
        return -1;
    }
    int count = access(path, F_OK) == 0 ? 0 : scandir(folder, &entries, is_name, NULL);
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return count < SNAPSHOTS_MAX ? 0
                                 : err_set(err, ERR_CONFLICT,
                                           "Subscription '%s' has %d snapshots, and no more are kept. Delete"
                                           " one first, or replace one: take this one under its name.",
                                           subscription_id, count);
}

/* It exists afterwards, for Malachite and the servers' user to enter. */
static int ensure_folder(const char *path, unsigned mode, struct err *err)
{
    return access(path, F_OK) == 0 ? 0 : tree_make_dir(path, mode, NULL, err);
}

int snapshot_make_folder(const struct executor *executor, const char *subscription_id, const char *name,
                         struct err *err, char **ret_path)
{
    auto_free char *parent = NULL;
    auto_free char *path = NULL;
    auto_free char *all = str_format("%s/snapshots", executor->instances.root);
    if (all == NULL) {
        return err_no_memory(err);
    }
    if (snapshot_path(executor, subscription_id, NULL, err, &parent) < 0 ||
        snapshot_path(executor, subscription_id, name, err, &path) < 0 || tree_remove(path, err) < 0 ||
        ensure_folder(all, 0700, err) < 0 || ensure_folder(parent, 0700, err) < 0 ||
        tree_make_dir(path, 0700, NULL, err) < 0) {
        return -1;
    }
    auto_free char *data = str_format("%s/data", path);
    if (data == NULL) {
        return err_no_memory(err);
    }
    if (tree_make_dir(data, 0700, NULL, err) < 0) {
        return -1;
    }
    *ret_path = TAKE(path);
    return 0;
}

int snapshot_write_manifest(const char *folder, const json_t *manifest, struct err *err)
{
    auto_free char *path = str_format("%s/manifest.json", folder);
    auto_free char *text = json_dumps(manifest, JSON_INDENT(1));
    if (path == NULL || text == NULL) {
        return err_no_memory(err);
    }
    size_t len = strlen(text);
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, text, len) == (ssize_t)len
               ? 0
               : err_set(err, ERR_INTERNAL, "Cannot write '%s': %s", path, strerrordesc_np(errno));
}

int snapshot_read_manifest(const char *folder, const char *name, struct err *err, json_t **ret_manifest)
{
    auto_free char *path = str_format("%s/manifest.json", folder);
    auto_free char *text = calloc(MANIFEST_MAX_BYTES, 1);
    auto_fd int fd = path == NULL ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (text == NULL || path == NULL) {
        return err_no_memory(err);
    }
    if (fd < 0 && errno == ENOENT) {
        return err_set(err, ERR_NOT_FOUND, "There is no snapshot '%s' of this subscription.", name);
    }
    ssize_t len = fd < 0 ? -1 : read(fd, text, MANIFEST_MAX_BYTES - 1);
    json_t *manifest = len < 0 ? NULL : memory_parse_text(text, 0);
    if (manifest == NULL) {
        return err_set(err, ERR_INTERNAL, "Cannot read '%s'.", path);
    }
    *ret_manifest = manifest;
    return 0;
}

/* ---- calls that only read or remove ----------------------------------------------------------------------
 */

int snapshot_get(struct executor *executor, const char *subscription_id, const char *name, struct err *err,
                 json_t **ret_manifest)
{
    auto_free char *path = NULL;
    return snapshot_check_name(name, err) < 0 ||
                   snapshot_path(executor, subscription_id, name, err, &path) < 0
               ? -1
               : snapshot_read_manifest(path, name, err, ret_manifest);
}

int snapshot_list(struct executor *executor, const char *subscription_id, struct err *err, json_t **ret_list)
{
    auto_free char *path = NULL;
    struct dirent **entries = NULL;
    json_auto_t *list = json_array();
    if (snapshot_path(executor, subscription_id, NULL, err, &path) < 0) {
        return -1;
    }
    int count = path == NULL ? 0 : scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        struct err ignored = {0};
        json_t *manifest = NULL;
        if (snapshot_check_name(entries[i]->d_name, &ignored) == 0 &&
            snapshot_get(executor, subscription_id, entries[i]->d_name, &ignored, &manifest) == 0) {
            json_array_append_new(list, manifest);
        }
        free(entries[i]);
    }
    free(entries);
    *ret_list = TAKE(list);
    return *ret_list == NULL ? err_no_memory(err) : 0;
}

/* Renamed first, so that half of a snapshot is never listed. */
int snapshot_delete(struct executor *executor, const char *subscription_id, const char *name, struct err *err)
{
    auto_free char *path = NULL;
    auto_free char *removed = NULL;
    if (snapshot_check_name(name, err) < 0 ||
        snapshot_path(executor, subscription_id, name, err, &path) < 0) {
        return -1;
    }
    auto_free char *hidden = str_format(".removed-%s", name);
    if (hidden == NULL || snapshot_path(executor, subscription_id, hidden, err, &removed) < 0) {
        return err_no_memory(err);
    }
    if (tree_remove(removed, err) < 0) {
        return -1;
    }
    if (rename(path, removed) != 0) {
        return errno == ENOENT
                   ? err_set(err, ERR_NOT_FOUND, "There is no snapshot '%s' of this subscription.", name)
                   : err_set(err, ERR_INTERNAL, "Cannot remove '%s': %s", path, strerrordesc_np(errno));
    }
    return tree_remove(removed, err);
}
