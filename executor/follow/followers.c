/* SPDX-License-Identifier: MIT */
#include "executor/follow/followers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "engine/replication/source_wal.h"
#include "executor/follow/follower_private.h"
#include "executor/follow/followers_private.h"

enum { WAIT_SLICE_MS = 50 };

int followers_init(struct executor *executor, struct err *err, struct followers **ret_followers)
{
    struct followers *followers = calloc(1, sizeof(*followers));
    if (followers == NULL) {
        return err_no_memory(err);
    }
    followers->executor = executor;
    followers->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (followers->wake < 0 || !followers_make_room(followers, 1)) {
        free(followers);
        return err_set(err, ERR_INTERNAL, "cannot create an eventfd: %s", strerror(errno));
    }
    pthread_mutex_init(&followers->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&followers->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_followers = followers;
    return 0;
}

/* Under the lock. */
static struct follower *find(struct followers *followers, int64_t migration_id, const char *database)
{
    struct follower *follower = followers->first;
    while (follower != NULL &&
           (follower->migration_id != migration_id || !str_equals(follower->database, database))) {
        follower = follower->next;
    }
    return follower;
}

/* Under the lock. NULL: memory is out. */
static struct follower_group *join_group(struct followers *followers, int64_t migration_id)
{
    for (struct follower *at = followers->first; at != NULL; at = at->next) {
        if (at->migration_id == migration_id) {
            follower_group_join(at->group);
            return at->group;
        }
    }
    return follower_group_new(migration_id);
}

/* ---- for the steps
 * -----------------------------------------------------------------------------------------
 */

static struct follower *make_follower(struct followers *followers, const struct migration *migration,
                                      const struct migration_database *database, struct err *err)
{
    struct follower *follower = calloc(1, sizeof(*follower));
    if (follower == NULL) {
        err_no_memory(err);
        return NULL;
    }
    *follower = (struct follower){.executor = followers->executor,
                                  .looking = &followers->looking,
                                  .joining = &followers->joining,
                                  .migration_id = migration->id,
                                  .migration_uuid = str_dup(migration->uuid),
                                  .database = str_dup(database->name),
                                  .name = str_dup(database->replication),
                                  .phase = FOLLOWER_READY,
                                  .socket = -1,
                                  .view = {.state = FOLLOWER_ACTIVE}};
    int found =
        follower->name == NULL || follower->database == NULL || follower->migration_uuid == NULL
            ? err_no_memory(err)
            : store_migration_get_by_id(followers->executor->store, migration->id, err, &follower->migration);
    if (found <= 0) {
        if (found == 0) {
            err_set(err, ERR_RESOURCE_NOT_FOUND, "The migration was deleted.");
        }
        follower_free(follower);
        return NULL;
    }
    return follower;
}

int follower_start(struct followers *followers, const struct migration *migration,
                   const struct migration_database *database, struct err *err)
{
    pthread_mutex_lock(&followers->lock);
    bool there = find(followers, migration->id, database->name) != NULL;
    pthread_mutex_unlock(&followers->lock);
    if (there) {
        return 0;
    }
    struct follower *follower = make_follower(followers, migration, database, err);
    if (follower == NULL) {
        return -1;
    }
    pthread_mutex_lock(&followers->lock);
    follower->group = join_group(followers, migration->id);
    int result = follower->group == NULL ? err_no_memory(err) : followers_start_threads(followers, err);
    if (result == 0) {
        follower->next = followers->first;
        followers->first = follower;
        followers_kick(followers);
    }
    struct follower_group *left = result == 0 ? NULL : follower_group_leave(follower->group);
    pthread_mutex_unlock(&followers->lock);
    if (result != 0) {
        follower_group_free(left);
        follower_free(follower);
    }
    return result;
}

void follower_look(struct followers *followers, int64_t migration_id, const char *database,
                   struct follower_view *ret_view)
{
    pthread_mutex_lock(&followers->lock);
    const struct follower *follower = find(followers, migration_id, database);
    *ret_view = follower != NULL ? follower->view : (struct follower_view){.state = FOLLOWER_NONE};
    pthread_mutex_unlock(&followers->lock);
}

static void wait_a_moment(struct followers *followers)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)WAIT_SLICE_MS * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&followers->changed, &followers->lock, &until);
}

int follower_wait(struct followers *followers, int64_t migration_id, const char *database, uint64_t position,
                  const struct stop *stop, struct err *err, struct follower_view *ret_view)
{
    pthread_mutex_lock(&followers->lock);
    struct follower *follower = find(followers, migration_id, database);
    if (follower != NULL) {
        follower->wanted = position;
        follower->due_ms = 0;
        followers_kick(followers);
    }
    while (follower != NULL && follower->view.state == FOLLOWER_ACTIVE && !follower->view.failure.waiting &&
           follower->view.position < position && !stop_requested(stop)) {
        wait_a_moment(followers);
        follower = find(followers, migration_id, database);
    }
    *ret_view = follower != NULL ? follower->view : (struct follower_view){.state = FOLLOWER_NONE};
    pthread_mutex_unlock(&followers->lock);
    if (ret_view->state == FOLLOWER_ACTIVE && ret_view->position >= position) {
        return 0;
    }
    if (ret_view->state == FOLLOWER_FAILED ||
        (ret_view->state == FOLLOWER_ACTIVE && ret_view->failure.waiting)) {
        *err = ret_view->failure;
        return -1;
    }
    return err_set(err, ERR_CANCELED, "Malachite stopped while it applied the last changes.");
}

int followers_source_position(struct followers *followers, int64_t migration_id, const struct stop *stop,
                              struct err *err, uint64_t *ret_position)
{
    struct source_wal *wal = NULL;
    pthread_mutex_lock(&followers->lock);
    for (struct follower *at = followers->first; at != NULL && wal == NULL; at = at->next) {
        wal = at->migration_id == migration_id ? follower_group_wal(at->group) : NULL;
    }
    pthread_mutex_unlock(&followers->lock);
    if (wal == NULL) {
        err_set(err, ERR_SERVER_UNREACHABLE, "Malachite has not reached the source yet.");
        err->lasting = false;
        return -1;
    }
    return source_wal_flush(wal, stop, err, ret_position);
}

static void unlink_follower(struct followers *followers, const struct follower *follower)
{
    struct follower **at = &followers->first;
    while (*at != follower) {
        at = &(*at)->next;
    }
    *at = follower->next;
}

void follower_stop(struct followers *followers, int64_t migration_id, const char *database)
{
    struct follower_group *left = NULL;
    pthread_mutex_lock(&followers->lock);
    struct follower *follower = find(followers, migration_id, database);
    if (follower != NULL) {
        follower->ending = true;
        stop_request(&follower->stop, STOP_CANCEL);
        unlink_follower(followers, follower);
        bool listed = followers->polling;
        uint64_t round = followers->round;
        while (follower->phase == FOLLOWER_RUNNING || (listed && followers->round == round)) {
            followers_kick(followers);
            wait_a_moment(followers);
        }
        left = follower_group_leave(follower->group);
    }
    pthread_mutex_unlock(&followers->lock);
    if (follower != NULL) {
        follower_free(follower);
    }
    follower_group_free(left);
}

void followers_done(struct followers *followers)
{
    if (followers == NULL) {
        return;
    }
    pthread_mutex_lock(&followers->lock);
    followers->stopping = true;
    for (struct follower *at = followers->first; at != NULL; at = at->next) {
        stop_request(&at->stop, STOP_SHUTDOWN);
    }
    followers_kick(followers);
    pthread_mutex_unlock(&followers->lock);
    for (int i = 0; i < followers->thread_count; i++) {
        pthread_join(followers->threads[i], NULL);
    }
    while (followers->first != NULL) {
        struct follower *follower = followers->first;
        followers->first = follower->next;
        follower_group_free(follower_group_leave(follower->group));
        follower_free(follower);
    }
    pthread_cond_destroy(&followers->changed);
    pthread_mutex_destroy(&followers->lock);
    close(followers->wake);
    free(followers->sockets);
    free(followers->resting);
    free(followers);
}
