/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/log.h"
#include "core/str.h"
#include "core/tokens/base64.h"
#include "core/tokens/jwt.h"

static char directory[] = "/tmp/malachite-jwt-XXXXXX";
static char *key_file;
static struct signing_key *key;

static int open_key(void **state)
{
    (void)state;
    struct err err = {0};
    if (mkdtemp(directory) == NULL) {
        return -1;
    }
    key_file = str_format("%s/token.key", directory);
    return key_file == NULL ? -1 : signing_key_open(key_file, &err, &key);
}

static int close_key(void **state)
{
    (void)state;
    signing_key_close(key);
    unlink(key_file);
    free(key_file);
    return rmdir(directory);
}

static void base64url_knows_every_length(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xFB\xFF", "-_8"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_free char *text = base64url_encode(cases[i].bytes, strlen(cases[i].bytes));
        assert_string_equal(text, cases[i].text);
        size_t len = 99;
        auto_free char *bytes = base64url_decode(text, strlen(text), &len);
        assert_string_equal(bytes, cases[i].bytes);
        assert_int_equal(len, strlen(cases[i].bytes));
    }
}

static void base64url_refuses_other_alphabets(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z", "Zg==", "a+b/", "Zm 9", "\xC3\xA9zz"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        size_t len = 0;
        assert_null(base64url_decode(bad[i], strlen(bad[i]), &len));
    }
}

static char *sign_subject(const char *subject)
{
    json_auto_t *claims = json_pack("{s:s}", "sub", subject);
    char *token = jwt_sign(key, claims);
    assert_non_null(token);
    return token;
}

static void a_signed_token_is_verified(void **state)
{
    (void)state;
    auto_free char *token = sign_subject("elephant");
    json_auto_t *claims = jwt_verify(key, token);
    assert_string_equal(json_string_value(json_object_get(claims, "sub")), "elephant");
}

static void every_changed_character_is_noticed(void **state)
{
    (void)state;
    auto_free char *token = sign_subject("elephant");
    size_t len = strlen(token);
    for (size_t i = 0; i < len; i += 7) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'Q' : 'A';
        json_auto_t *claims = jwt_verify(key, token);
        assert_null(claims);
        token[i] = kept;
    }
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    /* {"alg":"none"}.{"sub":"x"}. and pieces of a token */
    static const char *const bad[] = {"",  ".",   "..",    "...",
                                      "a", "a.b", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_null(jwt_verify(key, bad[i]));
    }
}

static void the_key_is_kept_for_the_owner_only_and_used_again(void **state)
{
    (void)state;
    auto_free char *token = sign_subject("elephant");
    struct stat info;
    assert_int_equal(stat(key_file, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    struct err err = {0};
    struct signing_key *again = NULL;
    assert_int_equal(signing_key_open(key_file, &err, &again), 0);
    json_auto_t *claims = jwt_verify(again, token);
    assert_non_null(claims);
    assert_string_equal(signing_key_id(again), signing_key_id(key));
    signing_key_close(again);
}

static void a_file_without_a_whole_key_is_refused_and_kept(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
    } cases[] = {{"not a key\n", 0600}, {"", 0600}, {"-----BEGIN PRIVATE KEY-----\nMIIE", 0600}, {"x", 0644}};
    auto_free char *path = str_format("%s/other.key", directory);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(cases[i].text, file);
        fclose(file);
        assert_int_equal(chmod(path, cases[i].mode), 0);
        struct err err = {0};
        struct signing_key *other = NULL;
        assert_int_equal(signing_key_open(path, &err, &other), -1);
        assert_int_equal(err.code, ERR_BAD_INPUT);
        assert_null(other);
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, strlen(cases[i].text));
        unlink(path);
    }
}

int main(void)
{
    log_setup(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64url_knows_every_length),
        cmocka_unit_test(base64url_refuses_other_alphabets),
        cmocka_unit_test(a_signed_token_is_verified),
        cmocka_unit_test(every_changed_character_is_noticed),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(the_key_is_kept_for_the_owner_only_and_used_again),
        cmocka_unit_test(a_file_without_a_whole_key_is_refused_and_kept),
    };
    return cmocka_run_group_tests(tests, open_key, close_key);
}
