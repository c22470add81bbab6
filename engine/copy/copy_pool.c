/* SPDX-License-Identifier: MIT */
#include "engine/copy/copy_pool.h"

#include <stdlib.h>

#include "engine/copy/copy_lane.h"

/* Small tables share a transaction: a commit for each would cost more than their rows. */
enum { ROUND_TABLES = 50, ROUND_BYTES = 2 * 1024 * 1024 };

int copy_pool_init(struct copy_pool *pool, const struct catalog *catalog, struct err *err)
{
    if (copy_pieces_new(catalog, &pool->split, err, &pool->pieces, &pool->count) != 0) {
        return -1;
    }
    pthread_mutex_init(&pool->lock, NULL);
    return 0;
}

void copy_pool_done(struct copy_pool *pool)
{
    if (pool->pieces != NULL) {
        pthread_mutex_destroy(&pool->lock);
    }
    free(pool->pieces);
    pool->pieces = NULL;
    pool->count = 0;
}

/* The number of pieces of the round that begins there. */
static size_t round_from(const struct copy_pool *pool, size_t first)
{
    size_t count = 0;
    int64_t bytes = 0;
    while (first + count < pool->count && count < ROUND_TABLES) {
        int64_t more = pool->pieces[first + count].size;
        if (count > 0 && bytes + more > ROUND_BYTES) {
            break;
        }
        bytes += more;
        count++;
    }
    return count;
}

size_t copy_pool_rounds(const struct copy_pool *pool)
{
    size_t rounds = 0;
    for (size_t next = 0; next < pool->count; next += round_from(pool, next)) {
        rounds++;
    }
    return rounds;
}

size_t copy_pool_take(struct copy_pool *pool, struct copy_piece **ret_first)
{
    pthread_mutex_lock(&pool->lock);
    size_t count = round_from(pool, pool->next);
    *ret_first = &pool->pieces[pool->next];
    pool->next += count;
    pool->busy += count > 0 ? 1 : 0;
    pthread_mutex_unlock(&pool->lock);
    return count;
}

bool copy_pool_has_more(struct copy_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool more = pool->next < pool->count;
    pthread_mutex_unlock(&pool->lock);
    return more;
}

void copy_pool_put(struct copy_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->busy--;
    pthread_mutex_unlock(&pool->lock);
}

bool copy_pool_is_over(struct copy_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool over = pool->next >= pool->count && pool->busy == 0;
    pthread_mutex_unlock(&pool->lock);
    return over;
}

/* Makes one pass over the pieces that were left. *ret_ended of them have ended, *ret_left are left again. */
static int copy_postponed_once(struct copy_pool *pool, struct copy_lane *lane, struct err *err,
                               size_t *ret_ended, size_t *ret_left)
{
    for (size_t i = 0; i < pool->count; i++) {
        struct copy_piece *piece = &pool->pieces[i];
        if (!piece->left) {
            continue;
        }
        piece->left = false;
        if ((!lane->holder && copy_lane_open_holder(lane, err) != 0) ||
            copy_lane_round(lane, piece, 1, err) != 0) {
            return -1;
        }
        *ret_left += piece->left ? 1 : 0;
        *ret_ended += piece->left ? 0 : 1;
    }
    return 0;
}

/* A session that requests an exclusive lock (TRUNCATE, ALTER TABLE) waits for the session that holds the
 * locks, and a new lane would queue behind it for ever. Only the holder need not queue. Tables whose
 * checks need the rows of other tables are copied here, too, until a pass copies none of them. */
int copy_pool_copy_postponed(struct copy_pool *pool, struct err *err)
{
    auto_copy_lane struct copy_lane lane = {.pool = pool};
    for (;;) {
        size_t ended = 0;
        size_t left = 0;
        if (copy_postponed_once(pool, &lane, err, &ended, &left) != 0) {
            return -1;
        }
        if (left == 0) {
            return 0;
        }
        pool->last_pass = ended == 0;
    }
}

bool copy_pool_is_complete(const struct copy_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        int state = atomic_load(&pool->pieces[i].state);
        if (state != COPY_COMPLETED && state != COPY_ERRORED && !pool->pieces[i].left) {
            return false;
        }
    }
    return true;
}
