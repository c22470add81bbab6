/* SPDX-License-Identifier: MIT */
#include "tests/memory/failing.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK_DEPTH = 24, SITE_DEPTH = 10 };

/* ASan's own functions, which this file hides. */
void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
void *__interceptor_realloc(void *block, size_t size);
void *__interceptor_reallocarray(void *block, size_t count, size_t size);
void *__interceptor_aligned_alloc(size_t alignment, size_t size);
int __interceptor_posix_memalign(void **ret_block, size_t alignment, size_t size);
char *__interceptor_strdup(const char *text);
char *__interceptor_strndup(const char *text, size_t len);

static struct failing own_block;
struct failing *failing = &own_block;

static bool shared;          /* the block is a file: all threads count */
static __thread bool counts; /* if not shared: this thread counts */
static __thread bool inside; /* backtrace() allocates */
static void *last_stack[STACK_DEPTH];
static int last_depth;

__attribute__((constructor)) static void map_block(void)
{
    void *frames[1];
    inside = true;
    __lsan_disable(); /* the loader keeps memory that LeakSanitizer does not find */
    (void)backtrace(frames, 1);
    __lsan_enable();
    inside = false;
    const char *path = getenv("MALACHITE_ALLOCATIONS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *block = mmap(NULL, sizeof(*failing), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (block != MAP_FAILED) {
            failing = block;
            shared = true;
        }
    }
}

/* Whether no allocation has failed with this stack before; records the stack. */
static bool is_new_site(void)
{
    void *frames[SITE_DEPTH];
    inside = true;
    int depth = backtrace(frames, SITE_DEPTH);
    inside = false;
    uint64_t hash = 1469598103934665603U;
    for (int i = 0; i < depth; i++) {
        /* Addresses of pages change with every start; offsets within a page do not. */
        hash = (hash ^ ((uintptr_t)frames[i] & 0xFFF)) * 1099511628211U;
    }
    hash = hash == 0 ? 1 : hash;
    for (uint64_t i = 0; i < 64; i++) {
        _Atomic uint64_t *slot = &failing->sites[(hash + i) % FAILING_SITES_MAX];
        uint64_t seen = 0;
        if (atomic_compare_exchange_strong(slot, &seen, hash)) {
            return true;
        }
        if (seen == hash) {
            return false;
        }
    }
    return false;
}

static bool is_to_fail(uint64_t number)
{
    uint64_t every = atomic_load(&failing->every);
    if (every > 0) {
        return number >= atomic_load(&failing->next) && is_new_site();
    }
    uint64_t fail_at = atomic_load(&failing->fail_at);
    return fail_at > 0 && (number == fail_at || (number > fail_at && atomic_load(&failing->lasting) > 0));
}

static bool fails(void)
{
    if (inside || !(shared || counts)) {
        return false;
    }
    uint64_t number = atomic_fetch_add(&failing->count, 1) + 1;
    if (!is_to_fail(number)) {
        return false;
    }
    atomic_store(&failing->next, number + atomic_load(&failing->every));
    if (atomic_fetch_add(&failing->failed, 1) == 0 || shared) {
        inside = true;
        last_depth = backtrace(last_stack, STACK_DEPTH);
        inside = false;
    }
    errno = ENOMEM;
    return true;
}

void failing_arm(uint64_t fail_at, bool lasting)
{
    atomic_store(&failing->count, 0);
    atomic_store(&failing->failed, 0);
    atomic_store(&failing->lasting, lasting ? 1 : 0);
    atomic_store(&failing->fail_at, fail_at);
    counts = true;
}

uint64_t failing_disarm(void)
{
    counts = false;
    atomic_store(&failing->fail_at, 0);
    return atomic_load(&failing->count);
}

void failing_print(void)
{
    char line[512];
    /* The first three are backtrace(), fails() and malloc(). */
    for (int i = 3; i < last_depth; i++) {
        __sanitizer_symbolize_pc(last_stack[i], "    %f %s:%l", line, sizeof(line));
        fprintf(stderr, "%s\n", line);
    }
}

/* ASan calls it when a thread starts, and ends the process if it fails. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    typedef int getattr_fn(pthread_t thread, pthread_attr_t * attributes);
    bool before = inside;
    inside = true;
    getattr_fn *real = (getattr_fn *)dlsym(RTLD_NEXT, "pthread_getattr_np");
    int result = real(thread, attributes);
    inside = before;
    return result;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __interceptor_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __interceptor_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    /* Shrinking or releasing a block cannot run out of memory. */
    return size > 0 && fails() ? NULL : __interceptor_realloc(block, size);
}

void *reallocarray(void *block, size_t count, size_t size)
{
    return count > 0 && fails() ? NULL : __interceptor_reallocarray(block, count, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __interceptor_aligned_alloc(alignment, size);
}

int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
    return fails() ? ENOMEM : __interceptor_posix_memalign(ret_block, alignment, size);
}

char *strdup(const char *text)
{
    return fails() ? NULL : __interceptor_strdup(text);
}

char *strndup(const char *text, size_t len)
{
    return fails() ? NULL : __interceptor_strndup(text, len);
}
