/* SPDX-License-Identifier: MIT */
/*
 * Compiler attributes and scope-bound release.
 *
 * auto_* variables release their value when they go out of scope. Initialise them where they are declared;
 * hand their value over with TAKE(). Never free a variable with an auto_* attribute by hand.
 */
#ifndef CORE_ATTR_H
#define CORE_ATTR_H

#include <stdlib.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define printf_like(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define must_check                        __attribute__((warn_unused_result))
#define maybe_unused                      __attribute__((unused))

static inline void free_at_scope_end(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

/* Frees a malloc'ed pointer at the end of its scope. */
#define auto_free __attribute__((cleanup(free_at_scope_end)))

/* Takes the pointer out of an auto_* variable: returns it and leaves NULL behind. */
#define TAKE(p)                                                                                              \
    __extension__({                                                                                          \
        __typeof__(p) taken_ = (p);                                                                          \
        (p) = NULL;                                                                                          \
        taken_;                                                                                              \
    })

#endif
