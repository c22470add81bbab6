/* SPDX-License-Identifier: MIT */
/*
 * Shared by all fuzz targets. Each target is one file with LLVMFuzzerTestOneInput(), linked with
 * libFuzzer, ASan and UBSan by `make fuzz`. A target aborts if the code breaks a contract that no
 * sanitizer checks: an error without a message, a message that cannot be sent, more than FUZZ_BYTES_MAX of
 * memory for one input.
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

/* Call them before and after the code under test: they check its peak memory. */
void fuzz_begin(void);
void fuzz_end(void);

/* Copies the bytes and a NUL into memory of exactly that size, so that ASan detects reads beyond the end. */
char *fuzz_text(const uint8_t *data, size_t size);
/* Cuts the text at its first newline; returns the rest, or "" if there is none. */
char *fuzz_cut_line(char *text);
/* Checks a parser's result: a failure must have a message, in text that fits into JSON. */
void fuzz_check(int result, const struct err *err);
/* Aborts with the reason unless it holds. */
void fuzz_require(bool holds, const char *what);

#endif
