/* SPDX-License-Identifier: MIT */
/* Points (core/points/points.h) of work on PostgreSQL: a failure comes back as if PostgreSQL had said it. */
#ifndef ENGINE_PG_PG_POINT_H
#define ENGINE_PG_PG_POINT_H

#include "core/points/points.h"
#include "engine/pg/pg.h"

/* What a visit concerns; members may be NULL. */
struct pg_point {
    enum point point;
    struct pg *source; /* sessions: their sockets can be cut, their stop ends a wait */
    struct pg *target;
    const char *database; /* NULL: that of a session, or of the thread's scope */
    const char *schema;
    const char *table;
};

/* The slow way of the function below. */
int pg_point_act(const struct pg_point *visit, struct err *err);

/* 0: continue. -1: a rule fails the work, or a stop was requested during a wait. */
static inline int pg_point_visit(const struct pg_point *visit, struct err *err)
{
    return point_is_armed(visit->point) ? pg_point_act(visit, err) : 0;
}

/* The same without a session: "work" for messages, such as "work on database 'shop'". */
int pg_point_work(enum point point, const char *work, const char *database, struct err *err);

/* The point "connect", before a session is opened. */
int pg_point_connect(struct pg *pg, struct err *err);

/* The subject of a visit: the thread's scope, completed. */
struct point_subject pg_point_subject(const struct pg_point *visit);
/* Carries out an effect that was taken. As pg_point_act(). */
int pg_point_finish(const struct pg_point *visit, const struct point_subject *subject,
                    struct point_effect *effect, struct err *err);

/* Fills err as if PostgreSQL had failed with this while "work" ran. Returns -1. */
int pg_point_fail(const struct point_failure *failure, const char *work, struct err *err);

#endif
