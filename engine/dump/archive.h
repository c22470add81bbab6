/* SPDX-License-Identifier: MIT */
/*
 * The schema of a database in pg_dump's custom archive format. Malachite parses the table of contents
 * itself, so that it can execute the entries on its own connections: in batches, several at once, each
 * with its own SQLSTATE. The SQL of an entry is always executed as a whole. Supports the formats 1.13 to
 * 1.16 (pg_dump 10 to 18).
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
    ARCHIVE_SECTION_NONE = 1, /* comments, privileges, labels: they belong to the entry they depend on */
    ARCHIVE_SECTION_PRE_DATA,
    ARCHIVE_SECTION_DATA,
    ARCHIVE_SECTION_POST_DATA,
};

/* One object. Strings are never NULL and live as long as the archive. */
struct archive_entry {
    int id;                 /* the archive's own number */
    uint32_t oid;           /* of the object on the source; 0 if it has none */
    const char *kind;       /* "TABLE", "FK CONSTRAINT", "COMMENT" */
    const char *name;       /* "orders"; with arguments for functions; "TABLE orders" for comments */
    const char *schema;     /* not quoted; empty if it has none */
    const char *definition; /* SQL */
    const char *drop;       /* SQL */
    const char *owner;      /* role, not quoted; empty if it has none */
    const char *access_method;
    char relkind; /* 'p' for a partitioned table if the format has it (17 and later), or 0 */
    enum archive_section section;
    const int *dependencies; /* ids; some refer to objects that are not in the archive */
    size_t dependency_count;
};

/* Entries are in an order in which they can be created. */
struct archive {
    struct archive_entry *entries;
    size_t count;
    char *bytes;       /* the file: the strings point into it */
    int *dependencies; /* of all entries */
    int *position;     /* id -> index + 1 of its entry, 0: none */
    int max_id;
    bool without_extensions; /* the restore skips extensions and their comments */
};

struct archive_request {
    /* In a transaction that has its snapshot and the locks that pg_dump needs; settings that pg_dump
     * changes stay changed until a rollback. lock_timeout does not change. */
    struct pg *session;
    const char *encoding;   /* of the archive's text */
    const char *client_bin; /* directory of pg_dump */
    const char *directory;  /* an existing directory for pg_dump's socket */
    const char *path;       /* file to write */
    bool no_compression;    /* omit the compression methods of columns */
    const struct stop *stop;
};

/* Runs pg_dump inside the session: the schema in its snapshot, without large objects. -1: if a statement
 * failed, err has its SQLSTATE, and the transaction is aborted. */
int archive_dump(const struct archive_request *request, struct err *err);
int archive_read(const char *path, struct err *err, struct archive *ret_archive);
/* Takes ownership of the bytes of an archive (malloc'ed; freed on failure, too). */
int archive_parse(char *bytes, size_t len, struct err *err, struct archive *ret_archive);
void archive_done(struct archive *archive);

/* The entry with this id, or NULL. */
const struct archive_entry *archive_find(const struct archive *archive, int id);
bool archive_entry_is(const struct archive_entry *entry, const char *kind);

#define auto_archive __attribute__((cleanup(archive_done)))

#endif
