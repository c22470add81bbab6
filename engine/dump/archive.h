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
#include "engine/pg/endpoint.h"

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
    const struct endpoint *source;
    const char *database;
    const char *snapshot;    /* exported by an open transaction */
    const char *encoding;    /* of the archive's text */
    const char *client_bin;  /* directory of pg_dump */
    const char *path;        /* file to write */
    const char *lc_monetary; /* of constants in the archive; NULL: C */
    bool no_compression;     /* leave out which compression columns ask for */
    const char *application; /* of pg_dump's session: its name in pg_stat_activity */
    /* Called about every 20 ms while pg_dump runs; false ends it. Or NULL. */
    bool (*may_go_on)(void *context);
    void *context;
    const struct stop *stop;
};

/* Runs pg_dump: the schema in that snapshot, without large objects. */
/* -1 with ERR_UNAVAILABLE: may_go_on() has ended it. */
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
