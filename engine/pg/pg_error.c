/* SPDX-License-Identifier: MIT */
/* Converts errors of libpq and PostgreSQL to struct err: what happened, where, and whether a retry may
 * help. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/pg/pg.h"
#include "engine/pg/pg_private.h"
#include "engine/pg/sqlstate.h"

enum { MESSAGE_MAX_BYTES = 1200, DOING_MAX_BYTES = 400, TEXT_MAX_BYTES = 64 * 1024 };

/* SQLSTATEs, or their two-character classes, of transient conditions. */
static const char *const passing_states[] = {
    "08",    "53",    "57P01", "57P02", "57P03", "57P05", "58030",
    "25P03", "40001", "40P01", "55P03", "55006", "57014", "25P04",
};

static bool is_passing(const char *sqlstate)
{
    return sqlstate_is_one_of(sqlstate, passing_states, ARRAY_LEN(passing_states));
}

static enum err_code code_of_state(const char *sqlstate)
{
    if (sqlstate_is(sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        return ERR_OPERATION_NOT_ALLOWED;
    }
    return is_passing(sqlstate) ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

/* Adds one field of a message to the line: line breaks become spaces, trailing space is removed. Lines
 * that begin with a tab are libpq's general advice. */
static void add_line(struct buf *text, const char *more)
{
    while (*more != '\0') {
        size_t len = strcspn(more, "\r\n");
        if (more[0] != '\t') {
            buf_add(text, more, len);
        }
        more += len;
        size_t breaks = strspn(more, "\r\n");
        if (breaks > 0 && *(more + breaks) != '\0' && *(more + breaks) != '\t') {
            buf_addc(text, ' ');
        }
        more += breaks;
    }
    while (text->len > 0 && text->data[text->len - 1] == ' ') {
        text->data[--text->len] = '\0';
    }
}

static void add_field(struct buf *text, const PGresult *result, int field, const char *intro)
{
    const char *value = PQresultErrorField(result, field);
    if (value == NULL || value[0] == '\0') {
        return;
    }
    buf_adds(text, intro);
    add_line(text, value);
}

static void describe_result(struct buf *text, const PGresult *result)
{
    if (PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) == NULL) {
        add_line(text, PQresultErrorMessage(result));
        return;
    }
    add_field(text, result, PG_DIAG_MESSAGE_PRIMARY, "");
    add_field(text, result, PG_DIAG_MESSAGE_DETAIL, ". ");
    add_field(text, result, PG_DIAG_MESSAGE_HINT, " Hint: ");
    add_field(text, result, PG_DIAG_CONTEXT, " Context: ");
}

static int set_error(struct pg *pg, const PGresult *result, struct err *err, const char *doing)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    /* A result without a SQLSTATE comes from libpq rather than the server: the connection has ended, which
     * libpq may not report yet. */
    bool lost = PQstatus(pg->connection) != CONNECTION_OK ||
                (result != NULL && state == NULL && PQresultStatus(result) == PGRES_FATAL_ERROR);
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    if (result != NULL) {
        describe_result(&text, result);
    } else {
        add_line(&text, PQerrorMessage(pg->connection));
    }
    char sqlstate[6] = "";
    snprintf(sqlstate, sizeof(sqlstate), "%s", state == NULL ? "" : state);
    const char *message = buf_text(&text)[0] != '\0' ? buf_text(&text) : "no message was given";
    err_set(err, lost ? ERR_SERVER_UNREACHABLE : code_of_state(sqlstate), "%s, database '%s'%s%s: %.*s%s",
            pg->endpoint->label, pg->database, doing[0] == '\0' ? "" : ", ", doing, MESSAGE_MAX_BYTES,
            message, lost ? " (the connection is lost)" : "");
    if (sqlstate[0] != '\0') {
        err_append(err, " (%s)", sqlstate); /* the portal chooses its advice by the SQLSTATE */
    }
    err->message[0] = (char)toupper((unsigned char)err->message[0]);
    err->lasting = !lost && !is_passing(sqlstate);
    err->service_code = lost ? 603000 : 0;
    memcpy(err->sqlstate, sqlstate, sizeof(sqlstate));
    return err_target(err, "%s", pg->database);
}

int pg_state_error(const char *sqlstate, struct err *err, const char *format, ...)
{
    char text[MESSAGE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err_set(err, code_of_state(sqlstate), "%s", text);
    err->lasting = !is_passing(sqlstate);
    snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", sqlstate);
    return -1;
}

int pg_error(struct pg *pg, const PGresult *result, struct err *err, const char *doing, ...)
{
    char text[DOING_MAX_BYTES];
    va_list args;
    va_start(args, doing);
    vsnprintf(text, sizeof(text), doing, args);
    va_end(args);
    return set_error(pg, result, err, text);
}

int pg_poll_error(const struct pg *pg, enum pg_poll outcome, struct err *err)
{
    switch (outcome) {
    case PG_POLL_STOPPED:
        err_set(err, ERR_CANCELED, "The work on the %s was stopped.", pg->endpoint->label);
        break;
    case PG_POLL_TIMEOUT:
        err_set(err, ERR_UNAVAILABLE, "The %s, database '%s', did not answer in time.", pg->endpoint->label,
                pg->database);
        break;
    case PG_POLL_READY:
    case PG_POLL_FAILED:
        err_set(err, ERR_SERVER_UNREACHABLE, "The connection to the %s is lost.", pg->endpoint->label);
        err->service_code = 603000;
        break;
    }
    err->lasting = false;
    return err_target(err, "%s", pg->database);
}

static bool is_sqlstate(const char *text)
{
    for (int i = 0; i < 5; i++) {
        if (!isdigit((unsigned char)text[i]) && !(text[i] >= 'A' && text[i] <= 'Z')) {
            return false;
        }
    }
    return strncmp(text + 5, ": ", 2) == 0;
}

/* Adds one line of libpq's report; the SQLSTATE in "FATAL:  28P01: password ..." goes to sqlstate instead. */
static void add_report_line(struct buf *text, char sqlstate[static 6], const char *line, size_t len)
{
    char copy[1024];
    snprintf(copy, sizeof(copy), "%.*s", (int)(len < sizeof(copy) ? len : sizeof(copy) - 1), line);
    if (strncmp(copy, "LOCATION:", strlen("LOCATION:")) == 0) {
        return;
    }
    const char *rest = copy;
    char *state = strstr(copy, ":  ");
    if (state != NULL && is_sqlstate(state + 3)) {
        memcpy(sqlstate, state + 3, 5);
        sqlstate[5] = '\0';
        rest = state + 3 + 7;
        state[2] = '\0';
    } else if (state != NULL && (strncmp(copy, "DETAIL", 6) == 0 || strncmp(copy, "HINT", 4) == 0)) {
        rest = state + 3;
        copy[0] = '\0';
    }
    /* With sslmode=prefer the second attempt, without SSL, often fails for the same reason. */
    if (strstr(buf_text(text), rest) != NULL) {
        return;
    }
    buf_adds(text, text->len > 0 ? "; " : "");
    buf_adds(text, rest == copy ? "" : copy);
    buf_adds(text, rest);
    while (text->len > 0 && (text->data[text->len - 1] == '.' || text->data[text->len - 1] == ' ')) {
        text->data[--text->len] = '\0';
    }
}

/* Lines that begin with a tab are libpq's own advice; Malachite's message already contains such advice. */
static void read_report(const char *report, struct buf *text, char sqlstate[static 6])
{
    while (*report != '\0') {
        size_t len = strcspn(report, "\n");
        if (len > 0 && report[0] != '\t') {
            add_report_line(text, sqlstate, report, len);
        }
        report += len + (report[len] == '\n' ? 1 : 0);
    }
}

struct connect_failure {
    int service_code;
    bool lasting;
    const char *advice;
};

/*
 * Words of PostgreSQL's and libpq's reports. Only these tell the failures apart: a failed connection has no
 * PGresult whose fields could be read, libpq has no codes for its own failures, and PostgreSQL uses one
 * SQLSTATE for several. They choose the advice and the service's code. A report in another language matches
 * nothing and gets the general advice.
 */
static const struct {
    const char *no_hba_entry;
    const char *wal_sender[2];
    const char *no_wal_sender_left;
    const char *startup_parameter;
    const char *no_host;
    const char *cut[3];
    const char *ssl[2];
} words = {
    .no_hba_entry = "pg_hba.conf",              /* 28000, like a role that may not log in */
    .wal_sender = {"walsender", "WAL sender"},  /* 42501, like a missing CONNECT privilege */
    .no_wal_sender_left = "max_wal_senders",    /* 53300, like max_connections */
    .startup_parameter = "startup parameter",   /* 08P01; poolers send it without a SQLSTATE, too */
    .no_host = "could not translate host name", /* from libpq: the name has no address */
    .cut = {"EOF detected", "closed the connection",
            "reset by peer"},      /* the network, even where SSL says it */
    .ssl = {"SSL", "certificate"}, /* from libpq or OpenSSL */
};

static bool contains(const char *report, const char *word)
{
    return strcasestr(report, word) != NULL;
}

static bool contains_one_of(const char *report, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (contains(report, list[i])) {
            return true;
        }
    }
    return false;
}

static struct connect_failure classify_state(const char *sqlstate, const char *report)
{
    if (sqlstate_is(sqlstate, SQLSTATE_INVALID_PASSWORD)) {
        return (struct connect_failure){603100, true, "Check the user name and the password."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_INVALID_AUTHORIZATION) && contains(report, words.no_hba_entry)) {
        return (struct connect_failure){
            603000, true,
            "The server's pg_hba.conf (or firewall) does not let this user in from this "
            "machine: add an entry for it."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_INVALID_AUTHORIZATION)) {
        return (struct connect_failure){603100, true, "Check the user name and the password."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_UNDEFINED_DATABASE)) {
        return (struct connect_failure){0, true, "Check the name of the database."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) &&
        contains_one_of(report, words.wal_sender, ARRAY_LEN(words.wal_sender))) {
        return (struct connect_failure){603104, true, "Run as a superuser: ALTER ROLE ... REPLICATION."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_TOO_MANY_CONNECTIONS) && contains(report, words.no_wal_sender_left)) {
        return (struct connect_failure){603105, false,
                                        "Raise max_wal_senders or end replication that is not needed."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        return (struct connect_failure){0, true, "Grant this user CONNECT on the database."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_PROTOCOL_VIOLATION) && contains(report, words.startup_parameter)) {
        return (struct connect_failure){
            603000, true,
            "This looks like a connection pooler. Give the address of the PostgreSQL "
            "server itself."};
    }
    if (sqlstate_is(sqlstate, SQLSTATE_TOO_MANY_CONNECTIONS)) {
        return (struct connect_failure){603000, false, "Raise max_connections or close other sessions."};
    }
    return (struct connect_failure){603000, !is_passing(sqlstate), ""};
}

static struct connect_failure classify_report(const PGconn *connection, const char *report)
{
    if (PQconnectionNeedsPassword(connection) != 0) {
        return (struct connect_failure){603100, true, "Give the password of this user."};
    }
    if (contains(report, words.startup_parameter)) {
        return classify_state("08P01", report);
    }
    bool cut = contains_one_of(report, words.cut, ARRAY_LEN(words.cut));
    bool ssl = contains_one_of(report, words.ssl, ARRAY_LEN(words.ssl));
    if (ssl && !cut) {
        return (struct connect_failure){
            603001, true, "Check the SSL mode and the certificates; 'prefer' uses SSL where offered."};
    }
    if (contains(report, words.no_host)) {
        return (struct connect_failure){603000, true, "Check the host name."};
    }
    return (struct connect_failure){
        603000, false,
        "Check that the server is running, its address, its port and the firewalls on "
        "the way."};
}

int pg_connect_error(const struct pg *pg, struct err *err)
{
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    char sqlstate[6] = "";
    read_report(PQerrorMessage(pg->connection), &text, sqlstate);
    const char *report = buf_text(&text);
    struct connect_failure failure =
        sqlstate[0] != '\0' ? classify_state(sqlstate, report) : classify_report(pg->connection, report);
    err_set(err, ERR_SERVER_UNREACHABLE,
            "Connection to the %s, database '%s', as user '%s' failed: %.*s.%s%s", pg->endpoint->label,
            pg->database, pg->endpoint->user, MESSAGE_MAX_BYTES, report, failure.advice[0] == '\0' ? "" : " ",
            failure.advice);
    err->service_code = failure.service_code;
    err->lasting = failure.lasting;
    memcpy(err->sqlstate, sqlstate, sizeof(sqlstate));
    return err_target(err, "%s", pg->database);
}
