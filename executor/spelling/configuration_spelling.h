/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL displays some values in another spelling than they were set in ("ON" as "on", "0600" as
 * "384", "a,b" as "a, b"). A client that compares its request with the response would change it again for
 * ever. So the requested spelling is stored together with the resulting value, and returned while the
 * server still has that value.
 */
#ifndef EXECUTOR_SPELLING_CONFIGURATION_SPELLING_H
#define EXECUTOR_SPELLING_CONFIGURATION_SPELLING_H

#include "engine/admin/settings.h"
#include "store/store.h"

struct configuration_spellings {
    struct server_child *rows; /* kind CHILD_CONFIGURATION */
    size_t count;
};

int configuration_spellings_read(struct store *store, const struct server *server, struct err *err,
                                 struct configuration_spellings *ret_spellings);
void configuration_spellings_done(struct configuration_spellings *spellings);
#define auto_configuration_spellings __attribute__((cleanup(configuration_spellings_done)))

/* Sets setting->value to the requested spelling, if one is stored for it. */
int configuration_spelling_restore(const struct configuration_spellings *spellings,
                                   struct server_setting *setting, struct err *err);

/* After the changes took effect: stores the spelling of each that the server displays differently. */
int configuration_spellings_keep(struct store *store, const struct server *server,
                                 const struct setting_change *changes, size_t count,
                                 const struct server_setting *settings, size_t setting_count,
                                 struct err *err);

#endif
