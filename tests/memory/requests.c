/* SPDX-License-Identifier: MIT */
/*
 * Sends each request of tests/fuzz/seeds/request/ once for every allocation that it makes, and lets that
 * allocation fail; then once more for each with all later ones failing, too. ASan sees crashes and leaks.
 * Beyond that: there is one answer, in the service's shape; an answer of 500 or above has either written
 * nothing or everything.
 *
 *     requests SEED_FILE...
 */
#include <sanitizer/lsan_interface.h>
#include <sqlite3.h>

#include "core/log.h"
#include "server/reply.h"
#include "tests/fuzz/request_world.h"
#include "tests/memory/failing.h"

enum { SEED_BYTES_MAX = 65536, ALLOCATIONS_MAX = 100000 };

struct seed {
    const char *path;
    char *text; /* owns method */
    const char *method, *uri, *body;
};

static uint64_t failures;
static int problems;

static void complain(const struct seed *seed, uint64_t number, bool lasting, const char *what)
{
    fprintf(stderr, "torture-memory: %s, allocation %llu%s: %s; it was made here:\n", seed->path,
            (unsigned long long)number, lasting ? " and all behind it" : "", what);
    failing_print();
    problems++;
}

static bool read_seed(const char *path, struct seed *ret_seed)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, SEED_BYTES_MAX);
    size_t len = file == NULL || text == NULL ? 0 : fread(text, 1, SEED_BYTES_MAX - 1, file);
    if (file != NULL) {
        fclose(file);
    }
    char *uri = len == 0 ? NULL : strchr(text, ' ');
    char *end = uri == NULL ? NULL : strchr(uri, '\n');
    if (end == NULL) {
        fprintf(stderr, "torture-memory: '%s' holds no request\n", path);
        free(text);
        return false;
    }
    *uri = '\0';
    *end = '\0';
    *ret_seed = (struct seed){.path = path, .text = text, .method = text, .uri = uri + 1, .body = end + 1};
    return true;
}

/* Removes the parts that differ between two runs: digits and ids. */
static void add_lasting(struct buf *into, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("0123456789abcdef-", *text) == NULL) {
            buf_addc(into, *text);
        }
    }
}

/* One line per row of the store; for sealed secrets only whether they are set. */
static void add_rows(sqlite3 *db, const char *table_name, struct buf *rows)
{
    auto_free char *sql = str_format("SELECT * FROM \"%s\" ORDER BY 1, 2", table_name);
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        buf_adds(rows, table_name);
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *text = sqlite3_column_type(statement, i) == SQLITE_TEXT
                                   ? (const char *)sqlite3_column_text(statement, i)
                               : sqlite3_column_type(statement, i) == SQLITE_NULL ? "-"
                                                                                  : "+";
            buf_addc(rows, '|');
            add_lasting(rows, text);
        }
        buf_addc(rows, '\n');
    }
    sqlite3_finalize(statement);
}

static char *rows_of_store(void)
{
    auto_buf struct buf rows = BUF_MAX(1 << 22);
    auto_free char *path = str_format("%s/malachite.db", directory);
    sqlite3 *db = NULL;
    sqlite3_stmt *tables = NULL;
    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1", -1, &tables,
                       NULL);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        add_rows(db, (const char *)sqlite3_column_text(tables, 0), &rows);
    }
    sqlite3_finalize(tables);
    sqlite3_close(db);
    return str_dup(buf_text(&rows));
}

static bool is_in_shape(const struct reply *reply)
{
    if (reply->status == 0 || reply->repeated) {
        return false;
    }
    if (reply->status < 400 || reply->out_of_memory) {
        return true; /* out_of_memory: server/ sends its prepared response */
    }
    json_auto_t *body = reply->body == NULL ? NULL : json_loadb(reply->body, reply->body_len, 0, NULL);
    json_t *error = json_object_get(body, "error");
    return json_is_object(error) ? json_string_length(json_object_get(error, "message")) > 0
                                 : json_is_string(error); /* OAuth's */
}

struct outcome {
    int status;  /* 503 if there was not even memory for a request */
    bool shaped; /* the answer is one */
    char *body;  /* without the parts that differ between two runs; new memory, or NULL */
};

static void read_outcome(const struct request *request, struct outcome *ret_outcome)
{
    const struct reply *reply = &request->reply;
    auto_buf struct buf body = BUF_MAX(1 << 24);
    add_lasting(&body, reply->body == NULL ? "" : reply->body);
    ret_outcome->status = reply->out_of_memory ? 500 : reply->status;
    ret_outcome->shaped = is_in_shape(reply);
    ret_outcome->body = str_dup(buf_text(&body));
}

static struct outcome send_once(const struct seed *seed)
{
    struct err err = {0};
    struct outcome outcome = {.status = 503, .shaped = true};
    struct request *request = request_new(&app);
    if (request == NULL) {
        return outcome;
    }
    request->method = method_from_name(seed->method);
    request->host = str_dup("localhost:8080");
    buf_adds(&request->raw_body, seed->body);
    if (request->host == NULL || buf_failed(&request->raw_body)) {
        request_free(request); /* exchange.c responds to these itself */
        return outcome;
    }
    if (request_set_uri(request, seed->uri, &err) < 0) {
        reply_error(request, &err);
    } else if (dispatch_prepare(request)) {
        dispatch_run(request);
    }
    request_log_add(app.request_log, request, true);
    failing_disarm();
    read_outcome(request, &outcome);
    request_free(request);
    return outcome;
}

struct expected {
    struct outcome outcome; /* without a failure */
    uint64_t allocations;
    char *before, *after; /* rows of the store */
};

static void check_rows(const struct seed *seed, uint64_t number, bool lasting,
                       const struct expected *expected)
{
    auto_free char *rows = rows_of_store();
    if (strcmp(rows, expected->before) != 0 && strcmp(rows, expected->after) != 0) {
        complain(seed, number, lasting, "left half of what it writes");
    }
    if (strcmp(rows, expected->before) != 0) {
        world_open_store();
    }
}

static void check_outcome(const struct seed *seed, uint64_t number, bool lasting,
                          const struct outcome *outcome, const struct outcome *expected)
{
    char what[64];
    if (!outcome->shaped) {
        snprintf(what, sizeof(what), "its answer %d is not in the service's shape", outcome->status);
        complain(seed, number, lasting, what);
    } else if (outcome->status >= 500) {
        return;
    } else if (outcome->status != expected->status) {
        snprintf(what, sizeof(what), "is answered %d, not %d or a 5xx", outcome->status, expected->status);
        complain(seed, number, lasting, what);
    } else if (strstr(seed->uri, "/oauth2/") == NULL && !str_equals(outcome->body, expected->body)) {
        /* Tokens differ each time. */
        complain(seed, number, lasting, "is answered otherwise than with memory");
        fprintf(stderr, "    %.400s\n    not %.400s\n", outcome->body, expected->body);
    }
}

static void fail_one(const struct seed *seed, uint64_t number, bool lasting, const struct expected *expected)
{
    failing_arm(number, lasting);
    struct outcome outcome = send_once(seed);
    failing_disarm();
    failures += failing->failed > 0 ? 1 : 0;
    check_outcome(seed, number, lasting, &outcome, &expected->outcome);
    free(outcome.body);
    if (store_in_transaction(app.store)) {
        complain(seed, number, lasting, "leaves a transaction open");
        world_open_store();
    }
    check_rows(seed, number, lasting, expected);
}

/* The result without failures, on a store in the same state as for the other runs. */
static bool learn(const struct seed *seed, struct expected *ret_expected)
{
    /* Once for allocations on first use. */
    struct outcome first = send_once(seed);
    free(first.body);
    world_open_store();
    ret_expected->before = rows_of_store();
    failing_arm(0, false);
    ret_expected->outcome = send_once(seed);
    ret_expected->allocations = failing_disarm();
    ret_expected->after = rows_of_store();
    world_open_store();
    const struct outcome *outcome = &ret_expected->outcome;
    return outcome->shaped && outcome->status < 502 && ret_expected->allocations < ALLOCATIONS_MAX;
}

static void torture(const struct seed *seed)
{
    struct expected expected = {0};
    uint64_t failed_before = failures;
    int problems_before = problems;
    if (!learn(seed, &expected)) {
        fprintf(stderr, "torture-memory: %s is not answered as it should even with memory\n", seed->path);
        problems++;
    }
    for (int lasting = 0; lasting <= 1; lasting++) {
        for (uint64_t number = 1; number <= expected.allocations; number++) {
            fail_one(seed, number, lasting != 0, &expected);
        }
    }
    free(expected.outcome.body);
    free(expected.before);
    free(expected.after);
    if (__lsan_do_recoverable_leak_check() != 0) {
        fprintf(stderr, "torture-memory: %s leaks when an allocation fails\n", seed->path);
        problems++;
    }
    printf("%s  torture-memory: %s: %d, %llu allocations failed\n",
           problems == problems_before ? "ok    " : "FAILED", seed->uri, expected.outcome.status,
           (unsigned long long)(failures - failed_before));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    log_setup(LOG_ERROR + 1, false); /* each failure would log a line */
    world_begin();
    (void)signing_key_id(app.signing_key); /* waits for it */
    world_open_store();
    int passed = 0;
    for (int i = 1; i < argc; i++) {
        struct seed seed = {0};
        int problems_before = problems;
        if (read_seed(argv[i], &seed)) {
            torture(&seed);
        } else {
            problems++;
        }
        passed += problems == problems_before ? 1 : 0;
        free(seed.text);
    }
    world_end();
    printf("torture-memory: requests: %d passed, %d failed; %llu allocations failed\n", passed,
           argc - 1 - passed, (unsigned long long)failures);
    return passed == argc - 1 && passed > 0 ? 0 : 1;
}
