/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attr.h"
#include "store/session/seal_private.h"

static char dir[64];
static char key_path[96];
static struct seal_key key;
static struct sealer *sealer;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/malachite-seal-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(key_path, sizeof(key_path), "%s/malachite.key", dir);
    if (seal_key_create(key_path, &err, &key) < 0) {
        return -1;
    }
    return sealer_new(&key, &err, &sealer);
}

static int tear_down(void **state)
{
    (void)state;
    sealer_free(sealer);
    unlink(key_path);
    return rmdir(dir);
}

static void write_key_file(const char *bytes, size_t len, mode_t mode)
{
    unlink(key_path);
    int fd = open(key_path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void what_was_sealed_opens_again(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 15, 16, 17, 5000};
    char text[5000];
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        auto_sealed struct sealed sealed = {0};
        auto_free char *plain = NULL;
        size_t len = 0;
        assert_int_equal(sealer_seal(sealer, "row/1", text, lengths[i], &err, &sealed), 0);
        assert_int_equal(sealer_unseal(sealer, "row/1", sealed.bytes, sealed.len, &err, &plain, &len), 0);
        assert_int_equal(len, lengths[i]);
        assert_memory_equal(plain, text, len);
        assert_int_equal(plain[len], '\0');
    }
}

static void sealing_twice_gives_different_bytes(void **state)
{
    (void)state;
    auto_sealed struct sealed one = {0};
    auto_sealed struct sealed two = {0};
    assert_int_equal(sealer_seal(sealer, "row/1", "secret", 6, &err, &one), 0);
    assert_int_equal(sealer_seal(sealer, "row/1", "secret", 6, &err, &two), 0);
    assert_int_equal(one.len, two.len);
    assert_memory_not_equal(one.bytes, two.bytes, one.len);
    assert_null(memmem(one.bytes, one.len, "secret", 6));
}

static void a_changed_or_moved_value_does_not_open(void **state)
{
    (void)state;
    auto_sealed struct sealed sealed = {0};
    char *plain = NULL;
    size_t len = 0;
    assert_int_equal(sealer_seal(sealer, "row/1", "secret", 6, &err, &sealed), 0);
    assert_int_equal(sealer_unseal(sealer, "row/2", sealed.bytes, sealed.len, &err, &plain, &len), -1);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.bytes[i] ^= 1;
        assert_int_equal(sealer_unseal(sealer, "row/1", sealed.bytes, sealed.len, &err, &plain, &len), -1);
        sealed.bytes[i] ^= 1;
    }
    for (size_t cut = 0; cut < sealed.len; cut++) {
        assert_int_equal(sealer_unseal(sealer, "row/1", sealed.bytes, cut, &err, &plain, &len), -1);
    }
    assert_null(plain);
    assert_null(strstr(err.message, "secret\""));
}

static void another_key_opens_nothing(void **state)
{
    (void)state;
    struct seal_key other_key = {.bytes = {1, 2, 3}};
    struct sealer *other = NULL;
    auto_sealed struct sealed sealed = {0};
    char *plain = NULL;
    size_t len = 0;
    assert_int_equal(sealer_new(&other_key, &err, &other), 0);
    assert_int_equal(sealer_seal(sealer, "row/1", "secret", 6, &err, &sealed), 0);
    assert_int_equal(sealer_unseal(other, "row/1", sealed.bytes, sealed.len, &err, &plain, &len), -1);
    sealer_free(other);
}

static void the_key_file_is_read_by_its_owner_only(void **state)
{
    (void)state;
    struct stat status;
    struct seal_key read_key;
    assert_int_equal(stat(key_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, SEAL_KEY_SIZE);
    assert_int_equal(seal_key_load(key_path, &err, &read_key), 1);
    assert_memory_equal(&read_key, &key, sizeof(key));
}

static void a_key_file_is_never_replaced(void **state)
{
    (void)state;
    struct seal_key other;
    assert_int_equal(seal_key_create(key_path, &err, &other), -1);
    assert_int_equal(seal_key_load(key_path, &err, &other), 1);
    assert_memory_equal(&other, &key, sizeof(key));
}

static void a_bad_key_file_is_refused(void **state)
{
    (void)state;
    struct seal_key read_key;
    char bytes[SEAL_KEY_SIZE + 1] = {0};
    write_key_file(bytes, SEAL_KEY_SIZE - 1, 0600);
    assert_int_equal(seal_key_load(key_path, &err, &read_key), -1);
    assert_non_null(strstr(err.message, "31 bytes"));
    write_key_file(bytes, SEAL_KEY_SIZE + 1, 0600);
    assert_int_equal(seal_key_load(key_path, &err, &read_key), -1);
    write_key_file(bytes, SEAL_KEY_SIZE, 0600);
    assert_int_equal(chmod(key_path, 0640), 0);
    assert_int_equal(seal_key_load(key_path, &err, &read_key), -1);
    assert_non_null(strstr(err.message, "chmod 600"));
    unlink(key_path);
    assert_int_equal(seal_key_load(key_path, &err, &read_key), 0);
    assert_int_equal(symlink("/dev/zero", key_path), 0);
    assert_int_equal(seal_key_load(key_path, &err, &read_key), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_sealed_opens_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sealing_twice_gives_different_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_or_moved_value_does_not_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_key_opens_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_key_file_is_read_by_its_owner_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_file_is_never_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_key_file_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
