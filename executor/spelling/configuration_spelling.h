/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL shows some values in another spelling than they were set in ("ON" as "on", "0600" as "384",
 * "a,b" as "a, b"). A client that compares what it asked for with the answer would change it again for ever,
 * so the asked spelling is kept beside the live value it led to, and answered for as long as that is the live
 * value.
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

/* Makes setting->value the asked spelling, if there is one for it. */
int configuration_spelling_restore(const struct configuration_spellings *spellings,
                                   struct server_setting *setting, struct err *err);

/* After the changes took effect: keeps the spelling of each that the server shows in another one. */
int configuration_spellings_keep(struct store *store, const struct server *server,
                                 const struct setting_change *changes, size_t count,
                                 const struct server_setting *settings, size_t setting_count,
                                 struct err *err);

#endif
