/* SPDX-License-Identifier: MIT */
#include "engine/pg/pg_point.h"

#include <ctype.h>
#include <stdio.h>

#include "core/str.h"
#include "engine/pg/pg_private.h"

enum { WORK_MAX_BYTES = 400 };

static struct pg *either(const struct pg_point *visit)
{
    return visit->target != NULL ? visit->target : visit->source;
}

struct point_subject pg_point_subject(const struct pg_point *visit)
{
    struct point_subject subject = point_subject_here();
    const struct pg *pg = either(visit);
    if (pg != NULL) {
        subject.database = pg->database;
        subject.stop = pg->stop != NULL ? pg->stop : subject.stop; /* lanes have one of their own */
    }
    subject.database = visit->database != NULL ? visit->database : subject.database;
    subject.schema = visit->schema;
    subject.table = visit->table;
    return subject;
}

int pg_point_fail(const struct point_failure *failure, const char *work, struct err *err)
{
    const char *message = failure->message[0] != '\0' ? failure->message : "a rule of the test failed this";
    pg_state_error(failure->sqlstate, err, "%s: %s (%s)", work, message, failure->sqlstate);
    err->message[0] = (char)toupper((unsigned char)err->message[0]);
    err->service_code = failure->code;
    return -1;
}

static void cut(const struct pg *pg, bool reset)
{
    if (pg != NULL && pg->connection != NULL && PQsocket(pg->connection) >= 0) {
        point_cut_socket(PQsocket(pg->connection), reset);
    }
}

static int carry_out(const struct pg_point *visit, const struct point_effect *effect, struct err *err)
{
    if (effect->action == ACTION_CUT) {
        if (effect->side != SIDE_TARGET) {
            cut(visit->source, effect->reset);
        }
        if (effect->side != SIDE_SOURCE) {
            cut(visit->target, effect->reset);
        }
        return 0; /* the next use of the session fails */
    }
    if (effect->action != ACTION_FAIL) {
        return 0;
    }
    const struct pg *pg = either(visit);
    char work[WORK_MAX_BYTES];
    snprintf(work, sizeof(work), "%s, database '%s'%s%s%s%s", pg == NULL ? "work" : pg->endpoint->label,
             pg == NULL ? visit->database : pg->database, visit->table == NULL ? "" : ", table ",
             visit->schema == NULL ? "" : visit->schema, visit->schema == NULL ? "" : ".",
             visit->table == NULL ? "" : visit->table);
    return pg_point_fail(&effect->fail, work, err);
}

int pg_point_finish(const struct pg_point *visit, const struct point_subject *subject,
                    struct point_effect *effect, struct err *err)
{
    switch (point_act(effect, subject)) {
    case POINT_PASSED:
        return 0;
    case POINT_ACTS:
        return carry_out(visit, effect, err);
    case POINT_STOPPED:
        break;
    }
    err_set(err, ERR_CANCELED, "The work on database '%s' was stopped.",
            subject->database == NULL ? "" : subject->database);
    err->lasting = false;
    return -1;
}

int pg_point_act(const struct pg_point *visit, struct err *err)
{
    struct point_effect effect;
    const struct point_subject subject = pg_point_subject(visit);
    return point_take(visit->point, &subject, &effect) ? pg_point_finish(visit, &subject, &effect, err) : 0;
}

int pg_point_work(enum point point, const char *work, const char *database, struct err *err)
{
    struct point_effect effect;
    const struct pg_point visit = {.point = point, .database = database};
    const struct point_subject subject = pg_point_subject(&visit);
    if (!point_is_armed(point) || !point_take(point, &subject, &effect)) {
        return 0;
    }
    if (pg_point_finish(&visit, &subject, &effect, err) == 0) {
        return 0;
    }
    return effect.action == ACTION_FAIL ? pg_point_fail(&effect.fail, work, err) : -1;
}

int pg_point_connect(struct pg *pg, struct err *err)
{
    struct point_effect effect;
    const struct pg_point visit = {.point = POINT_CONNECT, .target = pg};
    if (!point_is_armed(POINT_CONNECT)) {
        return 0;
    }
    struct point_subject subject = pg_point_subject(&visit);
    subject.server = pg->endpoint->server;
    subject.other_server = NULL;
    subject.stop = pg->stop != NULL ? pg->stop : subject.stop;
    if (!point_take(POINT_CONNECT, &subject, &effect) ||
        pg_point_finish(&visit, &subject, &effect, err) == 0) {
        return 0;
    }
    if (effect.action == ACTION_FAIL) {
        err->code = ERR_SERVER_UNREACHABLE; /* as after any other failed login */
    }
    return -1;
}
