/* SPDX-License-Identifier: MIT */
/*
 * The schema of a database, as pg_dump's custom archive holds it. Its table of contents is read in process,
 * so that its entries can be executed on our own connections: in batches, several at once, each with its own
 * SQLSTATE. The text of an entry is always executed whole. Formats 1.13 to 1.16 (pg_dump 10 to 18) are known.
 */
#ifndef ENGINE_DUMP_ARCHIVE_H
#define ENGINE_DUMP_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/pg.h"

enum archive_section {
    ARCHIVE_SECTION_NONE = 1, /* comments, privileges, labels: they belong to what they depend on */
    ARCHIVE_SECTION_PRE_DATA,
    ARCHIVE_SECTION_DATA,
    ARCHIVE_SECTION_POST_DATA,
};

/* One object. Texts are never NULL; they live as long as the archive. */
struct archive_entry {
    int id;                 /* the archive's own number */
    uint32_t oid;           /* of the object on the source; 0 when it has none */
    const char *kind;       /* "TABLE", "FK CONSTRAINT", "COMMENT" */
    const char *name;       /* "orders"; for functions with arguments, for comments "TABLE orders" */
    const char *schema;     /* not quoted; empty when it has none */
    const char *definition; /* SQL */
    const char *drop;       /* SQL */
    const char *owner;      /* role, not quoted; empty when it has none */
    const char *access_method;
    char relkind; /* 'p' for a partitioned table where the format tells (17 and later), or 0 */
    enum archive_section section;
    const int *dependencies; /* ids; some are of objects that are not in the archive */
    size_t dependency_count;
};

/* Entries are in an order in which they can be created. */
struct archive {
    struct archive_entry *entries;
    size_t count;
    char *bytes;       /* the file: the texts point into it */
    int *dependencies; /* of all entries */
    int *position;     /* id -> index + 1 of its entry, 0: none */
    int max_id;
};

struct archive_request {
    /* In a transaction that has taken its snapshot and the locks that pg_dump wants; what pg_dump sets in it
     * stays set until a rollback. lock_timeout stays as it is. */
    struct pg *session;
    const char *encoding;   /* of the archive's text */
    const char *client_bin; /* directory of pg_dump */
    const char *directory;  /* an existing one, for pg_dump's socket */
    const char *path;       /* file to write */
    bool no_compression;    /* leave out which compression columns ask for */
    const struct stop *stop;
};

/* Runs pg_dump inside the session: the schema in its snapshot, without large objects. -1: when a statement
 * has failed, with its SQLSTATE; the transaction is then aborted. */
int archive_dump(const struct archive_request *request, struct err *err);
int archive_read(const char *path, struct err *err, struct archive *ret_archive);
/* Takes over the bytes of an archive (malloc'ed; freed on failure, too). */
int archive_parse(char *bytes, size_t len, struct err *err, struct archive *ret_archive);
void archive_done(struct archive *archive);

/* The entry with this id, or NULL. */
const struct archive_entry *archive_find(const struct archive *archive, int id);
bool archive_entry_is(const struct archive_entry *entry, const char *kind);

#define auto_archive __attribute__((cleanup(archive_done)))

#endif
