/* SPDX-License-Identifier: MIT */
#include "executor/follow/follower_group_private.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/attr.h"
#include "engine/replication/source_wal.h"

struct follower_group {
    int64_t migration_id;
    int users;
    pthread_mutex_t lock;   /* guards the pointer to wal; held for a moment only */
    struct source_wal *wal; /* NULL until a follower has looked up the source */
};

struct follower_group *follower_group_new(int64_t migration_id)
{
    struct follower_group *group = calloc(1, sizeof(*group));
    if (group != NULL) {
        group->migration_id = migration_id;
        group->users = 1;
        pthread_mutex_init(&group->lock, NULL);
    }
    return group;
}

int64_t follower_group_migration(const struct follower_group *group)
{
    return group->migration_id;
}

void follower_group_join(struct follower_group *group)
{
    group->users++;
}

struct follower_group *follower_group_leave(struct follower_group *group)
{
    return group != NULL && --group->users == 0 ? group : NULL;
}

void follower_group_free(struct follower_group *group)
{
    if (group != NULL) {
        source_wal_close(group->wal);
        pthread_mutex_destroy(&group->lock);
        free(group);
    }
}

struct source_wal *follower_group_wal(struct follower_group *group)
{
    pthread_mutex_lock(&group->lock);
    struct source_wal *wal = group->wal;
    pthread_mutex_unlock(&group->lock);
    return wal;
}

int follower_group_set_source(struct follower_group *group, const struct endpoint *source, struct err *err)
{
    struct source_wal *fresh = NULL;
    struct source_wal *wal = follower_group_wal(group);
    if (wal != NULL) {
        return source_wal_set_login(wal, source, err);
    }
    if (source_wal_open(source, err, &fresh) != 0) {
        return -1;
    }
    pthread_mutex_lock(&group->lock);
    if (group->wal == NULL) {
        group->wal = TAKE(fresh);
    }
    pthread_mutex_unlock(&group->lock);
    source_wal_close(fresh); /* another follower of the migration was faster */
    return 0;
}
