/* SPDX-License-Identifier: MIT */
/*
 * Creates the objects of an archive on the target, pass by pass (restore_entry.h). Each batch of entries
 * is one transaction. If a batch fails, its entries are tried one by one, and failed ones once more at the
 * end of the pass, when the objects they need may exist. Whatever fails then is reported.
 */
#ifndef ENGINE_DUMP_RESTORE_H
#define ENGINE_DUMP_RESTORE_H

#include <stddef.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/catalog/source_settings.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/dump/archive.h"
#include "engine/dump/restore_entry_private.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"

struct restore {
    const struct endpoint *target;
    const char *database;
    const char *fallback_owner; /* role of the target that owns objects whose owner it lacks */
    int jobs;                   /* sessions at once */
    const struct stop *stop;
    const struct archive *archive;
    const struct catalog *catalog;
    const char *encoding; /* of the archive and of the sessions */
    const struct source_settings *settings;
    struct report *report;
    struct str_list roles; /* of the target */
    /* Extensions whose source version is available on the target: name, version, name, version ... */
    struct str_list extensions;
};

/* The role that owns on the target the objects that "role" owns on the source: the same role, or the
 * fallback owner if the target lacks it, which is reported. */
const char *restore_owner_of(const struct restore *restore, const char *role);

/* Reads the target's roles, and the versions of the source's extensions that it offers. */
int restore_init(struct restore *restore, struct pg *source, struct pg *target, struct err *err);
void restore_done(struct restore *restore);

/* Executes the entries of a pass in order on one session. -1: stopped or connection lost; failures are in
 * the report. */
int restore_in_order(struct restore *restore, struct pg *target, enum restore_pass pass, struct err *err);
/* Sets the owners of objects: those of the passes up to RESTORE_REFRESH, or ("late") of those after it. */
int restore_owners(struct restore *restore, struct pg *target, bool late, struct err *err);
int restore_privileges(struct restore *restore, struct pg *target, struct err *err);

/* Entries that failed and are retried. */
struct restore_failed {
    const struct archive_entry **entries;
    size_t count;
};
void restore_failed_done(struct restore_failed *failed);
#define auto_restore_failed __attribute__((cleanup(restore_failed_done)))

/* Creates entries in one transaction, or one by one if that fails; appends those that fail. */
int restore_batch(struct restore *restore, struct pg *target, const struct archive_entry *const *entries,
                  size_t count, struct restore_failed *failed, struct err *err);
/* Retries failed entries until no attempt succeeds; then reports the rest. */
int restore_retry(struct restore *restore, struct pg *target, struct restore_failed *failed, struct err *err);

/* Makes a session read the archive's SQL as pg_dump wrote it. */
int restore_prepare_session(struct pg *target, const char *encoding, const struct source_settings *settings,
                            struct err *err);
/* Whether an error ends the pass: stopped, or the connection is unusable. */
bool restore_is_over(const struct pg *pg, const struct err *err);

#endif
