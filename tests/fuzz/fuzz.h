/* SPDX-License-Identifier: MIT */
/*
 * What all fuzz targets share. Each target is one file with LLVMFuzzerTestOneInput(), linked with libFuzzer,
 * ASan and UBSan by `make fuzz`. A target aborts when a promise is broken that no sanitizer knows of: an
 * error without a message, a message that cannot be sent, more than FUZZ_BYTES_MAX of memory for one input.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/err.h"

enum { FUZZ_BYTES_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Before and after the code under test: the most memory that it has held in between is checked. */
void fuzz_begin(void);
void fuzz_end(void);

/* The bytes with a NUL behind them, in memory of exactly that size, so that ASan sees a read behind the end.
 */
char *fuzz_text(const uint8_t *data, size_t size);
/* Cuts the text at its first newline; returns what is behind it, "" when there is none. */
char *fuzz_cut_line(char *text);
/* What a reader returned: a failure must say why, in text that fits into JSON. */
void fuzz_check(int result, const struct err *err);
/* Aborts with the reason unless it holds. */
void fuzz_require(bool holds, const char *what);

#endif
