/* SPDX-License-Identifier: MIT */
/* Secrets among the options. */
#ifndef APP_SECRETS_PRIVATE_H
#define APP_SECRETS_PRIVATE_H

#include "core/err.h"
#include "core/options/options.h"

/* Reads the client secret from its file, without the line end. ERR_BAD_INPUT if that cannot be read. */
int secrets_read(struct options *options, struct err *err);
/* Overwrites secrets in the arguments of the process, which every user of the machine can list. */
void secrets_hide(int argc, char **argv);

#endif
