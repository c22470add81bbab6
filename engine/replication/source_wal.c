/* SPDX-License-Identifier: MIT */
#include "engine/replication/source_wal.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/replication/replication.h"

enum { STATEMENT_LIMIT_MS = 10000 };

struct source_wal {
    struct endpoint source;
    pthread_mutex_t lock; /* guards the rest */
    struct pg pg;         /* connection NULL: not open */
    uint64_t end;
    int64_t asked_ms; /* monotonic; 0: never */
};

int source_wal_open(const struct endpoint *source, struct err *err, struct source_wal **ret_wal)
{
    struct source_wal *wal = calloc(1, sizeof(*wal));
    if (wal == NULL || !endpoint_copy(&wal->source, source)) {
        free(wal);
        return err_no_memory(err);
    }
    pthread_mutex_init(&wal->lock, NULL);
    *ret_wal = wal;
    return 0;
}

void source_wal_close(struct source_wal *wal)
{
    if (wal == NULL) {
        return;
    }
    pg_close(&wal->pg);
    pthread_mutex_destroy(&wal->lock);
    endpoint_done(&wal->source);
    free(wal);
}

int source_wal_set_login(struct source_wal *wal, const struct endpoint *source, struct err *err)
{
    pthread_mutex_lock(&wal->lock);
    bool changed =
        !str_equals(wal->source.user, source->user) || !str_equals(wal->source.password, source->password);
    bool kept = true;
    if (changed) {
        pg_close(&wal->pg);
        kept = str_replace(&wal->source.user, source->user) &&
               str_replace(&wal->source.password, source->password);
    }
    pthread_mutex_unlock(&wal->lock);
    return kept ? 0 : err_no_memory(err);
}

typedef int query_fn(struct pg *control, struct err *err, uint64_t *ret_position);

/* Queries over the session, which it opens if necessary and closes after a failure. */
static int query(struct source_wal *wal, query_fn *question, const struct stop *stop, struct err *err)
{
    if (wal->pg.connection == NULL && pg_open_any(&wal->source, NULL, PG_ADMIN, stop, err, &wal->pg) != 0) {
        return -1;
    }
    wal->pg.stop = stop; /* the session outlives the caller that opened it */
    wal->pg.statement_timeout_ms = STATEMENT_LIMIT_MS;
    uint64_t end = 0;
    int result = question(&wal->pg, err, &end);
    wal->pg.stop = NULL;
    if (result != 0) {
        pg_close(&wal->pg);
        return -1;
    }
    wal->end = end;
    wal->asked_ms = clock_monotonic_ms();
    return 0;
}

int source_wal_end(struct source_wal *wal, int max_age_ms, const struct stop *stop, struct err *err,
                   uint64_t *ret_position)
{
    pthread_mutex_lock(&wal->lock);
    bool fresh = wal->asked_ms != 0 && clock_monotonic_ms() - wal->asked_ms <= max_age_ms;
    int result = fresh ? 0 : query(wal, replication_end_position, stop, err);
    *ret_position = wal->end;
    pthread_mutex_unlock(&wal->lock);
    return result;
}

int source_wal_flush(struct source_wal *wal, const struct stop *stop, struct err *err, uint64_t *ret_position)
{
    pthread_mutex_lock(&wal->lock);
    int result = query(wal, replication_flush_position, stop, err);
    if (result != 0 && !err->lasting) {
        result = query(wal, replication_flush_position, stop,
                       err); /* retry once, because the old session may have been lost */
    }
    *ret_position = wal->end;
    pthread_mutex_unlock(&wal->lock);
    return result;
}
