/* SPDX-License-Identifier: MIT */
#include "engine/dump/server_message_private.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LENGTH_BYTES = 4 };

static void put16(struct buf *out, int value)
{
    unsigned bits = (unsigned)value;
    buf_addc(out, (char)(bits >> 8));
    buf_addc(out, (char)bits);
}

static void put32(struct buf *out, uint32_t value)
{
    put16(out, (int)(value >> 16));
    put16(out, (int)(value & 0xffff));
}

static void put_text(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text) + 1);
}

/* The length is set at the end. */
static size_t begin(struct buf *out, char kind)
{
    buf_addc(out, kind);
    put32(out, 0);
    return out->len - LENGTH_BYTES;
}

static void end(struct buf *out, size_t start)
{
    if (buf_failed(out)) {
        return;
    }
    size_t len = out->len - start;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        out->data[start + i] = (char)(len >> (8 * (LENGTH_BYTES - 1 - i)));
    }
}

void server_message_welcome(struct buf *out)
{
    size_t start = begin(out, 'R');
    put32(out, 0);
    end(out, start);
}

void server_message_parameter(struct buf *out, const char *name, const char *value)
{
    size_t start = begin(out, 'S');
    put_text(out, name);
    put_text(out, value);
    end(out, start);
}

void server_message_ready(struct buf *out, PGTransactionStatusType status)
{
    size_t start = begin(out, 'Z');
    buf_adds(out, status == PQTRANS_INTRANS ? "T" : status == PQTRANS_INERROR ? "E" : "I");
    end(out, start);
}

void server_message_done(struct buf *out, const char *tag)
{
    size_t start = begin(out, 'C');
    put_text(out, tag);
    end(out, start);
}

void server_message_empty(struct buf *out)
{
    end(out, begin(out, 'I'));
}

void server_message_failure(struct buf *out, const PGresult *result)
{
    static const struct {
        char tag;
        int field;
    } fields[] = {{'S', PG_DIAG_SEVERITY},
                  {'C', PG_DIAG_SQLSTATE},
                  {'M', PG_DIAG_MESSAGE_PRIMARY},
                  {'D', PG_DIAG_MESSAGE_DETAIL},
                  {'H', PG_DIAG_MESSAGE_HINT}};
    size_t start = begin(out, 'E');
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *text = PQresultErrorField(result, fields[i].field);
        if (text != NULL) {
            buf_addc(out, fields[i].tag);
            put_text(out, text);
        }
    }
    buf_addc(out, '\0');
    end(out, start);
}

static void add_columns(struct buf *out, const PGresult *result)
{
    size_t start = begin(out, 'T');
    put16(out, PQnfields(result));
    for (int column = 0; column < PQnfields(result); column++) {
        put_text(out, PQfname(result, column));
        put32(out, PQftable(result, column));
        put16(out, PQftablecol(result, column));
        put32(out, PQftype(result, column));
        put16(out, PQfsize(result, column));
        put32(out, (uint32_t)PQfmod(result, column));
        put16(out, PQfformat(result, column));
    }
    end(out, start);
}

static void add_value(struct buf *out, const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column)) {
        put32(out, UINT32_MAX);
        return;
    }
    int len = PQgetlength(result, row, column);
    put32(out, (uint32_t)len);
    buf_add(out, PQgetvalue(result, row, column), (size_t)len);
}

void server_message_rows(struct buf *out, const PGresult *result)
{
    add_columns(out, result);
    for (int row = 0; row < PQntuples(result); row++) {
        size_t start = begin(out, 'D');
        put16(out, PQnfields(result));
        for (int column = 0; column < PQnfields(result); column++) {
            add_value(out, result, row, column);
        }
        end(out, start);
    }
}
