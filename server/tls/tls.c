/* SPDX-License-Identifier: MIT */
#include "server/tls/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "core/str_list.h"
#include "core/wipe.h"
#include "server/tls/file.h"
#include "server/tls/tls_make_private.h"

enum { PEM_MAX = 64 * 1024, FURTHER_NAMES_MAX = 50, NAME_MAX_LEN = 253 };

/* The Azure hosts are hard-coded in clients, which reach Malachite through a proxy or a hosts entry; the
 * last two are the host's names inside containers. */
static const char *const standing_names[] = {
    "localhost",
    "127.0.0.1",
    "::1",
    "management.azure.com",
    "login.microsoftonline.com",
    "malachite",
    "host.docker.internal",
};

void tls_done(struct tls_material *tls)
{
    free(tls->ca_file);
    free(tls->certificate_pem);
    wipe_free(tls->key_pem);
    str_list_done(&tls->names);
    *tls = (struct tls_material){0};
}

/* Only names and addresses that a certificate can contain: not "any", and a comma would end the entry. */
static bool is_certifiable(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_LEN && strcmp(name, "0.0.0.0") != 0 && strcmp(name, "::") != 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") == len;
}

static int add_further_names(const char *further_names, struct err *err, struct str_list *names)
{
    auto_str_list struct str_list further = {0};
    if (!str_list_add_items(&further, further_names)) {
        return err_no_memory(err);
    }
    if (further.count > FURTHER_NAMES_MAX) {
        return err_set(err, ERR_BAD_INPUT, "--tls-names: more than %d names", FURTHER_NAMES_MAX);
    }
    for (size_t i = 0; i < further.count; i++) {
        if (!is_certifiable(further.items[i])) {
            return err_set(err, ERR_BAD_INPUT, "--tls-names: '%s' is neither a host name nor an address",
                           further.items[i]);
        }
        if (!str_list_add(names, further.items[i])) {
            return err_no_memory(err);
        }
    }
    return 0;
}

static int wanted_names(const char *listen_addresses, const char *further_names, struct err *err,
                        struct str_list *names)
{
    bool added = true;
    for (size_t i = 0; i < ARRAY_LEN(standing_names); i++) {
        added = added && str_list_add(names, standing_names[i]);
    }
    auto_str_list struct str_list listened = {0};
    added = added && str_list_add_items(&listened, listen_addresses);
    for (size_t i = 0; added && i < listened.count; i++) {
        bool wanted = is_certifiable(listened.items[i]) && !str_list_has(names, listened.items[i]);
        added = !wanted || str_list_add(names, listened.items[i]);
    }
    return added ? add_further_names(further_names, err, names) : err_no_memory(err);
}

/* Reads <dir>/<name>.pem and .key. False if they cannot be read, or do not match. */
static bool load_pair(const char *dir, const char *name, struct tls_pair *ret_pair)
{
    auto_free char *certificate_file = str_format("%s/%s.pem", dir, name);
    auto_free char *key_file = str_format("%s/%s.key", dir, name);
    if (certificate_file == NULL || key_file == NULL) {
        return false;
    }
    auto_free char *certificate = file_read(certificate_file, PEM_MAX);
    char *key = file_read(key_file, PEM_MAX);
    bool loaded = certificate != NULL && key != NULL && tls_pair_parse(certificate, key, ret_pair);
    wipe_free(key);
    return loaded;
}

/* A key that others can read is no secret; one that is incomplete was not left by a crash of Malachite, which
 * writes keys in one piece. A missing one is fine. */
static int check_key_file(const char *dir, const char *name, struct err *err)
{
    auto_free char *path = str_format("%s/%s.key", dir, name);
    if (path == NULL) {
        return err_no_memory(err);
    }
    struct stat info;
    if (lstat(path, &info) < 0 && errno == ENOENT) {
        return 0;
    }
    char *key = file_read(path, PEM_MAX);
    bool whole = key != NULL && strstr(key, "PRIVATE KEY-----") != NULL && strstr(key, "-----END ") != NULL;
    wipe_free(key);
    if (!whole || !S_ISREG(info.st_mode)) {
        return err_set(err, ERR_BAD_INPUT,
                       "the key file %s cannot be read, or contains no whole key. Restore it from a copy, or "
                       "delete it and the .pem file beside it to get a new pair",
                       path);
    }
    if ((info.st_mode & 077) != 0) {
        return err_set(err, ERR_BAD_INPUT,
                       "the key file %s can be read by others (mode %03o). Run 'chmod 600 %s', or delete it "
                       "and the .pem file beside it to get a new pair",
                       path, (unsigned)(info.st_mode & 0777), path);
    }
    return 0;
}

static int save_pair(const char *dir, const char *name, const struct tls_pair *pair, struct err *err)
{
    auto_free char *certificate_file = str_format("%s/%s.pem", dir, name);
    auto_free char *key_file = str_format("%s/%s.key", dir, name);
    auto_free char *certificate = tls_certificate_pem(pair);
    char *key = tls_key_pem(pair);
    int result = 0;
    if (certificate_file == NULL || key_file == NULL || certificate == NULL || key == NULL) {
        result = err_no_memory(err);
    } else if (file_write(key_file, 0600, key, err) < 0 ||
               file_write(certificate_file, 0644, certificate, err) < 0) {
        result = -1;
    }
    wipe_free(key);
    return result;
}

/* The certificate is deleted first and written last, so that a crash leaves either a pair or no
 * certificate. */
static int replace_authority(const char *dir, const struct str_list *names, const char *why, struct err *err,
                             struct tls_pair *pair)
{
    auto_free char *certificate_file = str_format("%s/ca.pem", dir);
    if (certificate_file == NULL) {
        return err_no_memory(err);
    }
    (void)unlink(certificate_file);
    tls_pair_done(pair);
    if (tls_make_authority((const char *const *)names->items, names->count, err, pair) < 0 ||
        save_pair(dir, "ca", pair, err) < 0) {
        return -1;
    }
    log_event(LOG_INFO, "created a certificate authority: clients have to trust it", "file", certificate_file,
              "reason", why, NULL);
    return 0;
}

/* Never replaces by accident a certificate that clients already trust: only if it is missing, is about to
 * expire, or does not cover the served names. */
static int get_authority(const char *dir, const struct str_list *names, struct err *err,
                         struct tls_pair *ret_pair)
{
    auto_free char *certificate_file = str_format("%s/ca.pem", dir);
    if (certificate_file == NULL) {
        return err_no_memory(err);
    }
    auto_tls_pair struct tls_pair pair = {0};
    struct stat info;
    const char *why = NULL;
    if (lstat(certificate_file, &info) < 0 && errno == ENOENT) {
        why = "there was none";
    } else if (!load_pair(dir, "ca", &pair)) {
        return err_set(
            err, ERR_BAD_INPUT,
            "cannot read the certificate authority: %s and ca.key beside it are not a readable pair "
            "of certificate and key. Restore them from a copy, or delete ca.pem to get a new "
            "authority, which all clients have to trust again",
            certificate_file);
    } else if (!tls_is_lasting(&pair)) {
        why = "the previous one expires";
    } else if (!tls_has_constraints(&pair)) {
        why = "the previous one counts for any name";
    }
    if (why != NULL && replace_authority(dir, names, why, err, &pair) < 0) {
        return -1;
    }
    *ret_pair = pair;
    pair = (struct tls_pair){0};
    return 0;
}

static int get_server(const char *dir, const struct str_list *wanted, struct tls_pair *authority,
                      struct err *err, struct tls_pair *ret_pair)
{
    const char *const *names = (const char *const *)wanted->items;
    size_t count = wanted->count;
    auto_tls_pair struct tls_pair pair = {0};
    if (!load_pair(dir, "server", &pair) || !tls_is_lasting(&pair) ||
        !tls_serves(&pair, authority, names, count)) {
        tls_pair_done(&pair);
        if (tls_make_server(authority, names, count, err, &pair) < 0) {
            return -1;
        }
        if (!tls_serves(&pair, authority, names, count)) {
            tls_pair_done(&pair);
            if (replace_authority(dir, wanted, "the previous one does not count for all names", err,
                                  authority) < 0 ||
                tls_make_server(authority, names, count, err, &pair) < 0) {
                return -1;
            }
        }
        if (save_pair(dir, "server", &pair, err) < 0) {
            return -1;
        }
        log_event(LOG_INFO, "created a server certificate", "directory", dir, NULL);
    }
    *ret_pair = pair;
    pair = (struct tls_pair){0};
    return 0;
}

int tls_prepare(const char *data_dir, const char *listen_addresses, const char *further_names,
                struct err *err, struct tls_material *ret_tls)
{
    auto_str_list struct str_list names = {0};
    if (wanted_names(listen_addresses, further_names, err, &names) < 0) {
        return -1;
    }
    auto_free char *dir = str_format("%s/tls", data_dir);
    if (dir == NULL) {
        return err_no_memory(err);
    }
    auto_tls_pair struct tls_pair authority = {0};
    auto_tls_pair struct tls_pair server = {0};
    if (file_make_directory(dir, 0755, err) < 0 || get_authority(dir, &names, err, &authority) < 0 ||
        check_key_file(dir, "ca", err) < 0 || check_key_file(dir, "server", err) < 0 ||
        get_server(dir, &names, &authority, err, &server) < 0) {
        return -1;
    }
    struct tls_material tls = {.ca_file = str_format("%s/ca.pem", dir),
                               .certificate_pem = tls_certificate_pem(&server),
                               .key_pem = tls_key_pem(&server),
                               .names = names,
                               .renew_at = tls_renew_at(&server)};
    names = (struct str_list){0};
    if (tls.ca_file == NULL || tls.certificate_pem == NULL || tls.key_pem == NULL) {
        tls_done(&tls);
        return err_no_memory(err);
    }
    *ret_tls = tls;
    return 0;
}
