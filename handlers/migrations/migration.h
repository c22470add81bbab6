/* SPDX-License-Identifier: MIT */
/* Shared by the handlers of migrations: names, checks, the source, the reply. */
#ifndef HANDLERS_MIGRATIONS_MIGRATION_H
#define HANDLERS_MIGRATIONS_MIGRATION_H

#include "handlers/arm/resource.h"
#include "handlers/migrations/dialect.h"

enum { MIGRATION_DATABASES_MAX = 8 };

/* 1 to 8 names, without duplicates and reserved names. */
int check_databases(const struct str_list *databases, struct err *err);
/* Checks that no other active migration of the target writes one of these databases, and that none is
 * being deleted; otherwise the 409 names it. Inside the transaction that stores the migration. */
int check_databases_free(struct store *store, const struct server *target, const struct str_list *databases,
                         int64_t except_id, struct err *err);
/* Each of names is one of the migration's databases. path is for the message. */
int check_subset(const struct str_list *names, const struct str_list *databases, const char *path,
                 struct err *err);
/* Both passwords are present. */
int check_credentials(const struct migration_spec *spec, struct err *err);
/* With strict sign-in, the secret of Malachite's own application must be the one used to sign in. */
int check_application_secret(const struct options *options, const struct migration_spec *spec,
                             struct err *err);
/* Resource ids, application ids, lists of databases. */
int check_spec(struct request *request, const struct migration_spec *spec, struct err *err);

/* {migrationName} of this target, not deleted; replies 404 and returns false if it does not exist. */
bool find_migration(struct request *request, const struct server *target, struct migration *ret_migration);
/* Replies with the migration in the request's dialect; reads its databases unless detail is
 * DETAIL_CREATED. */
void reply_migration(struct request *request, int status, const struct server *target,
                     const struct migration *migration, enum migration_detail detail);
/* The whole resource; new reference. location NULL: the target's, like GET. */
json_t *migration_write(const struct dialect *dialect, const struct server *target,
                        const struct migration_view *view, const char *location);

/* If the tags of a new migration ask for a replay: stores the recording for it, in the transaction of the
 * caller. */
int replay_begin(struct store *store, const struct migration *migration, struct err *err);

#endif
