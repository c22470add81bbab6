/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_OWN_SEEING_RECORDING_CHECK_H
#define HANDLERS_OWN_SEEING_RECORDING_CHECK_H

#include <jansson.h>

#include "core/err.h"

/* ERR_BAD_CONTENT, with the path, for a recording that cannot be played back. */
int recording_check(const json_t *recording, struct err *err);

#endif
