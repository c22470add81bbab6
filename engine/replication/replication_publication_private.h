/* SPDX-License-Identifier: MIT */
/* Tables on their way into a publication; only for engine/replication/replication_publication.c and
 * replication_publish_more.c. */
#ifndef ENGINE_REPLICATION_REPLICATION_PUBLICATION_PRIVATE_H
#define ENGINE_REPLICATION_REPLICATION_PUBLICATION_PRIVATE_H

#include "engine/replication/replication_private.h"

enum table_state {
    TABLE_ENDED, /* published, or dropped */
    TABLE_KEYLESS,
    TABLE_READY,
    TABLE_LEFT_OUT, /* a note says why */
};

struct publication {
    const struct replication *replication;
    const char *name;
    struct pg control;
    PGresult *tables; /* columns: enum publication_column */
    enum table_state *states;
    int64_t deadline_ms;
    struct str_list *notes;
};

void publication_done(struct publication *publication);
#define auto_publication __attribute__((cleanup(publication_done)))

/* Adds {"OID of the table": "original replica identity", ...}. False: none. */
bool publication_add_identities(const struct publication *publication, struct buf *sql);
/* Stores them outside the source before they are changed. */
int publication_remember(struct publication *publication, struct err *err);
/* Sets the states: which tables have to be changed, and which cannot be published. */
int publication_classify(struct publication *publication, struct err *err);
/* Changes and publishes them, until the deadline. */
int publication_take_tables(struct publication *publication, struct err *err);

#endif
