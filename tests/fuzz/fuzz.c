/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <sanitizer/allocator_interface.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

static _Atomic int64_t live_bytes;
static _Atomic int64_t peak_bytes;
static int64_t bytes_at_begin;

static void on_malloc(const volatile void *block, size_t size)
{
    (void)block;
    int64_t now = atomic_fetch_add(&live_bytes, (int64_t)size) + (int64_t)size;
    int64_t peak = atomic_load(&peak_bytes);
    while (now > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, now)) {
    }
}

static void on_free(const volatile void *block)
{
    if (block != NULL) {
        atomic_fetch_sub(&live_bytes, (int64_t)__sanitizer_get_allocated_size(block));
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    log_setup(LOG_ERROR, false);
    return __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) == 0 ? -1 : 0;
}

void fuzz_begin(void)
{
    bytes_at_begin = atomic_load(&live_bytes);
    atomic_store(&peak_bytes, bytes_at_begin);
}

void fuzz_end(void)
{
    int64_t held = atomic_load(&peak_bytes) - bytes_at_begin;
    if (held > FUZZ_BYTES_MAX) {
        fprintf(stderr, "fuzz: one input held %lld bytes of memory\n", (long long)held);
        abort();
    }
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    fuzz_require(text != NULL, "memory for the input");
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

char *fuzz_cut_line(char *text)
{
    char *end = strchr(text, '\n');
    if (end == NULL) {
        return text + strlen(text);
    }
    *end = '\0';
    return end + 1;
}

void fuzz_check(int result, const struct err *err)
{
    if (result >= 0) {
        return;
    }
    fuzz_require(err->message[0] != '\0', "an error says why");
    json_auto_t *text = json_string(err->message);
    fuzz_require(text != NULL, "an error's message is UTF-8");
    fuzz_require(err_http_status(err->code) >= 400, "an error has a status");
}

void fuzz_require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz: broken promise: %s\n", what);
        abort();
    }
}
