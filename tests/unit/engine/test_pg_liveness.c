/* SPDX-License-Identifier: MIT */
/* A long statement may run as long as its server lives, even if the server rejects other sessions. */
#include "tests/unit/test.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "engine/pg/pg_private.h"
#include "tests/unit/one_server.h"

enum { REFUSED = 5, FORWARDED = REFUSED, SESSIONS };

struct session {
    pthread_t thread;
    struct endpoint endpoint;
    struct pg pg;
    struct err err;
    int result;
    int64_t took_ms;
};

static void open_session(struct session *session, const char *user, int port)
{
    session->endpoint = postgres_endpoint(&server, user);
    session->endpoint.host = (char *)(uintptr_t) "127.0.0.1";
    session->endpoint.port = port;
    session->endpoint.password = (char *)(uintptr_t)POSTGRES_PASSWORD;
    if (pg_open(&session->endpoint, "postgres", PG_WRITE, NULL, &session->err, &session->pg) != 0) {
        fail_msg("%s", session->err.message);
    }
}

static void *wait_long(void *argument)
{
    struct session *session = argument;
    int64_t began_ms = clock_monotonic_ms();
    session->result = pg_run(&session->pg, &session->err, "SELECT pg_catalog.pg_sleep(4)");
    session->took_ms = clock_monotonic_ms() - began_ms;
    return NULL;
}

/* Accepts one connection, forwards it until silent is set, and answers no connection from then on. */
struct forwarder {
    pthread_t thread;
    int listener;
    int port;
    _Atomic bool silent;
    _Atomic bool ended;
};

static bool forward(int from, int to)
{
    char bytes[4096];
    ssize_t len = read(from, bytes, sizeof(bytes));
    return len > 0 && write(to, bytes, (size_t)len) == len;
}

static void *run_forwarder(void *argument)
{
    struct forwarder *forwarder = argument;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = accept(forwarder->listener, NULL, NULL);
    int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool open = connect(to, (const struct sockaddr *)&address, sizeof(address)) == 0;
    while (!atomic_load(&forwarder->ended)) {
        struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = to, .events = POLLIN}};
        bool ready = poll(fds, open && !atomic_load(&forwarder->silent) ? 2 : 0, 20) > 0;
        if (ready && !atomic_load(&forwarder->silent)) {
            open =
                (fds[0].revents == 0 || forward(client, to)) && (fds[1].revents == 0 || forward(to, client));
        }
    }
    close(client);
    close(to);
    return NULL;
}

static void start_forwarder(struct forwarder *forwarder)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    forwarder->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(forwarder->listener, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(forwarder->listener, 50), 0);
    assert_int_equal(getsockname(forwarder->listener, (struct sockaddr *)&address, &len), 0);
    forwarder->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&forwarder->thread, NULL, run_forwarder, forwarder), 0);
}

static void refuse_everybody(void)
{
    assert_true(postgres_sql(&server, "postgres",
                             "ALTER ROLE u0 NOLOGIN; ALTER ROLE u1 PASSWORD 'another';"
                             "ALTER ROLE u2 CONNECTION LIMIT 1; ALTER ROLE u4 VALID UNTIL '2001-01-01'"));
    assert_true(postgres_sql(&server, "postgres",
                             "COPY (SELECT 'local all all trust') TO PROGRAM 'cat > pg_hba.conf'"));
    assert_true(postgres_sql(&server, "postgres", "SELECT pg_catalog.pg_reload_conf()"));
}

static void only_silence_ends_a_long_statement(void **state)
{
    (void)state;
    if (!running) {
        skip();
    }
    static struct session sessions[SESSIONS];
    pg_liveness_limits = (struct pg_liveness_limits){.silence_ms = 1000, .answer_ms = 700};
    struct forwarder forwarder = {0};
    start_forwarder(&forwarder);
    for (int i = 0; i < REFUSED; i++) {
        char sql[200];
        char user[] = {'u', (char)('0' + i), '\0'};
        snprintf(sql, sizeof(sql), "CREATE ROLE %s LOGIN PASSWORD '" POSTGRES_PASSWORD "'", user);
        assert_true(postgres_sql(&server, "postgres", sql));
        open_session(&sessions[i], user, server.port);
    }
    open_session(&sessions[FORWARDED], "postgres", forwarder.port);
    for (int i = 0; i < SESSIONS; i++) {
        assert_int_equal(pthread_create(&sessions[i].thread, NULL, wait_long, &sessions[i]), 0);
    }
    refuse_everybody();
    clock_sleep_ms(500); /* the statements have been sent */
    atomic_store(&forwarder.silent, true);
    for (int i = 0; i < SESSIONS; i++) {
        pthread_join(sessions[i].thread, NULL);
        pg_close(&sessions[i].pg);
    }
    atomic_store(&forwarder.ended, true);
    pthread_join(forwarder.thread, NULL);
    close(forwarder.listener);
    for (int i = 0; i < REFUSED; i++) {
        if (sessions[i].result != 0) {
            fail_msg("u%d: %s", i, sessions[i].err.message);
        }
    }
    assert_int_equal(sessions[FORWARDED].result, -1);
    assert_int_equal(sessions[FORWARDED].err.code, ERR_SERVER_UNREACHABLE);
    assert_false(sessions[FORWARDED].err.lasting);
    assert_in_range(sessions[FORWARDED].took_ms, 2000, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_silence_ends_a_long_statement),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
