/* SPDX-License-Identifier: MIT */
/*
 * Copies of data directories: for snapshots, and for a new server that begins as a copy of another one. The
 * servers do not run while their data is copied or replaced; the caller sees to that nobody starts them. Any
 * thread.
 */
#ifndef ENGINE_INSTANCE_INSTANCE_COPY_H
#define ENGINE_INSTANCE_INSTANCE_COPY_H

#include "core/err.h"
#include "core/stop.h"
#include "engine/instance/instance.h"

/* Copies the data directory of an instance to the new directory "to". ERR_CONFLICT if the server runs. Does
 * not sync. stop may be NULL. */
int instance_save_data(const struct instance_host *host, const char *name, const char *to,
                       const struct stop *stop, struct err *err);
/* Copies saved data to the new directory "to", which instance_replace_data() moves into place. */
int instance_copy_data(const struct instance_host *host, const char *from, const char *to,
                       const struct stop *stop, struct err *err);
/* Moves the directory "from", on the same file system, to the place of the instance's data directory, which
 * is removed; creates the instance's directory if necessary. Does nothing if "from" does not exist: an
 * earlier attempt has moved it. ERR_CONFLICT if the server runs. */
int instance_replace_data(const struct instance_host *host, const char *name, const char *from,
                          struct err *err);
/* Creates the instance as a copy of another one of the same major, and starts it: replication slots are
 * dropped, and the administrator of spec exists with its password. The original stops for the time of the
 * copy if it runs. ERR_CONFLICT if the original has no data. Other errors are those of instance_create(). */
int instance_clone(const struct instance_host *host, const struct instance_spec *spec,
                   const struct instance_spec *original, const struct stop *stop, struct err *err);

#endif
