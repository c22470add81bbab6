/* SPDX-License-Identifier: MIT */
/* The tables of the store's file. */
#ifndef STORE_SESSION_SCHEMA_PRIVATE_H
#define STORE_SESSION_SCHEMA_PRIVATE_H

#include <sqlite3.h>

#include "core/err.h"

/* Upgrades the file to the newest schema; rejects one that a newer Malachite or another program has
 * created. */
int schema_apply(sqlite3 *sqlite, const char *path, struct err *err);

#endif
