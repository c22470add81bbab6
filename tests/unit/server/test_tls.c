/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/log.h"
#include "core/str.h"
#include "server/tls/file.h"
#include "server/tls/tls.h"
#include "server/tls/tls_make_private.h"

static int make_directory(void **state)
{
    char *dir = str_dup("/tmp/malachite-tls-XXXXXX");
    *state = dir == NULL ? NULL : mkdtemp(dir);
    return *state == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"tls/ca.pem",     "tls/ca.key", "tls/server.pem",
                                        "tls/server.key", "tls",        "."};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_free char *path = str_format("%s/%s", (char *)*state, names[i]);
        remove(path);
    }
    rmdir(*state);
    free(*state);
    return 0;
}

/* The server certificate that tls_prepare() comes up with. */
static char *prepare_for(const char *dir, const char *listen_address, const char *further_names)
{
    struct err err = {0};
    struct tls_material tls = {0};
    assert_int_equal(tls_prepare(dir, listen_address, further_names, &err, &tls), 0);
    char *certificate = str_dup(tls.certificate_pem);
    tls_done(&tls);
    return certificate;
}

static char *prepare(const char *dir, const char *listen_address)
{
    return prepare_for(dir, listen_address, "");
}

static void keys_are_for_the_owner_only(void **state)
{
    auto_free char *certificate = prepare(*state, "127.0.0.1");
    assert_non_null(certificate);
    static const struct {
        const char *name;
        unsigned mode;
    } files[] = {{"ca.key", 0600}, {"server.key", 0600}, {"ca.pem", 0644}, {"server.pem", 0644}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        auto_free char *path = str_format("%s/tls/%s", (char *)*state, files[i].name);
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 07777, files[i].mode);
    }
}

static void good_certificates_are_used_again(void **state)
{
    auto_free char *first = prepare(*state, "127.0.0.1");
    auto_free char *second = prepare(*state, "0.0.0.0");
    assert_string_equal(first, second);
}

/* The authority counts only for what was served when it was made. */
static void a_new_listen_address_makes_a_new_certificate_and_authority(void **state)
{
    auto_free char *first = prepare(*state, "127.0.0.1");
    auto_free char *ca_file = str_format("%s/tls/ca.pem", (char *)*state);
    auto_free char *ca_before = file_read(ca_file, 65536);
    auto_free char *second = prepare(*state, "10.1.2.3");
    auto_free char *ca_after = file_read(ca_file, 65536);
    assert_string_not_equal(first, second);
    assert_string_not_equal(ca_before, ca_after);
    auto_free char *third = prepare(*state, "127.0.0.1,::1");
    auto_free char *ca_last = file_read(ca_file, 65536);
    assert_string_equal(second, third);
    assert_string_equal(ca_after, ca_last);
}

static void further_names_make_a_new_certificate_that_is_good_for_them(void **state)
{
    auto_free char *first = prepare(*state, "127.0.0.1");
    auto_free char *second = prepare_for(*state, "127.0.0.1", "azure.test, 10.9.8.7");
    auto_free char *third = prepare_for(*state, "127.0.0.1", "10.9.8.7");
    assert_string_not_equal(first, second);
    assert_string_equal(second, third);
    auto_free char *key_file = str_format("%s/tls/server.key", (char *)*state);
    auto_free char *key = file_read(key_file, 65536);
    auto_tls_pair struct tls_pair pair = {0};
    assert_true(tls_pair_parse(second, key, &pair));
    assert_int_equal(X509_check_host(pair.certificate, "azure.test", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(pair.certificate, "10.9.8.7", 0), 1);
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const bad[] = {"a b", "*.test", "x,DNS:y=z", "0.0.0.0"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = {0};
        struct tls_material tls = {0};
        assert_int_equal(tls_prepare(*state, "127.0.0.1", bad[i], &err, &tls), -1);
        assert_int_equal(err.code, ERR_BAD_INPUT);
    }
}

static void a_missing_authority_is_made_anew(void **state)
{
    auto_free char *first = prepare(*state, "127.0.0.1");
    auto_free char *ca_file = str_format("%s/tls/ca.pem", (char *)*state);
    assert_int_equal(unlink(ca_file), 0);
    auto_free char *second = prepare(*state, "127.0.0.1");
    assert_string_not_equal(first, second);
}

static void an_incomplete_or_open_key_is_an_error_and_stays(void **state)
{
    auto_free char *first = prepare(*state, "127.0.0.1");
    auto_free char *path = str_format("%s/tls/server.key", (char *)*state);
    auto_free char *content = file_read(path, 65536);
    auto_free char *half = strndup(content, strlen(content) / 2);
    const struct {
        const char *text;
        mode_t mode;
    } cases[] = {{"garbage", 0600}, {"", 0600}, {half, 0600}, {content, 0644}, {content, 0640}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = {0};
        struct tls_material tls = {0};
        assert_int_equal(file_write(path, cases[i].mode, cases[i].text, &err), 0);
        assert_int_equal(tls_prepare(*state, "127.0.0.1", "", &err, &tls), -1);
        assert_int_equal(err.code, ERR_BAD_INPUT);
        assert_non_null(strstr(err.message, "server.key"));
        auto_free char *left = file_read(path, 65536);
        assert_string_equal(left, cases[i].text);
    }
    struct err err = {0};
    assert_int_equal(file_write(path, 0600, content, &err), 0);
    auto_free char *again = prepare(*state, "127.0.0.1");
    assert_string_equal(first, again);
}

static void an_unreadable_authority_is_an_error_and_stays(void **state)
{
    static const char *const names[] = {"ca.pem", "ca.key"};
    auto_free char *first = prepare(*state, "127.0.0.1");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_free char *path = str_format("%s/tls/%s", (char *)*state, names[i]);
        auto_free char *content = file_read(path, 65536);
        struct err err = {0};
        struct tls_material tls = {0};
        assert_int_equal(file_write(path, 0600, "garbage", &err), 0);
        assert_int_equal(tls_prepare(*state, "127.0.0.1", "", &err, &tls), -1);
        assert_int_equal(err.code, ERR_BAD_INPUT);
        assert_non_null(strstr(err.message, "ca.pem"));
        auto_free char *left = file_read(path, 65536);
        assert_string_equal(left, "garbage");
        assert_int_equal(file_write(path, 0600, content, &err), 0);
    }
    auto_free char *again = prepare(*state, "127.0.0.1");
    assert_string_equal(first, again);
}

static void server_certificate_is_good_for_its_names_only(void **state)
{
    (void)state;
    static const char *const names[] = {"localhost", "::1", "127.0.0.1", "management.azure.com"};
    static const char *const others[] = {"example.com"};
    struct err err = {0};
    auto_tls_pair struct tls_pair authority = {0};
    auto_tls_pair struct tls_pair other_authority = {0};
    auto_tls_pair struct tls_pair server = {0};
    assert_int_equal(tls_make_authority(names, ARRAY_LEN(names), &err, &authority), 0);
    assert_int_equal(tls_make_authority(names, ARRAY_LEN(names), &err, &other_authority), 0);
    assert_int_equal(tls_make_server(&authority, names, ARRAY_LEN(names), &err, &server), 0);
    assert_true(tls_serves(&server, &authority, names, ARRAY_LEN(names)));
    assert_false(tls_serves(&server, &authority, others, ARRAY_LEN(others)));
    assert_false(tls_serves(&server, &other_authority, names, ARRAY_LEN(names)));
    auto_tls_pair struct tls_pair forged = {0};
    assert_int_equal(tls_make_server(&authority, others, ARRAY_LEN(others), &err, &forged), 0);
    assert_false(tls_serves(&forged, &authority, others, ARRAY_LEN(others)));
    assert_true(tls_renew_at(&authority) < time(NULL) + 366L * 24 * 3600);
    assert_true(tls_is_lasting(&server));
    X509_gmtime_adj(X509_getm_notAfter(server.certificate), 29L * 24 * 3600);
    assert_false(tls_is_lasting(&server));
    auto_free char *certificate = tls_certificate_pem(&server);
    auto_free char *wrong_key = tls_key_pem(&authority);
    auto_tls_pair struct tls_pair parsed = {0};
    assert_false(tls_pair_parse(certificate, wrong_key, &parsed));
}

int main(void)
{
    log_setup(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_for_the_owner_only, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(good_certificates_are_used_again, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_new_listen_address_makes_a_new_certificate_and_authority,
                                        make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(further_names_make_a_new_certificate_that_is_good_for_them,
                                        make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(what_is_no_name_is_refused, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_missing_authority_is_made_anew, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(an_incomplete_or_open_key_is_an_error_and_stays, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(an_unreadable_authority_is_an_error_and_stays, make_directory,
                                        remove_directory),
        cmocka_unit_test(server_certificate_is_good_for_its_names_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
