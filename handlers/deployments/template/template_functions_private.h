/* SPDX-License-Identifier: MIT */
/* The functions of template expressions, as tables; for the evaluator only. */
#ifndef HANDLERS_DEPLOYMENTS_TEMPLATE_TEMPLATE_FUNCTIONS_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_TEMPLATE_TEMPLATE_FUNCTIONS_PRIVATE_H

#include "handlers/deployments/template/template.h"

enum { TEMPLATE_TEXT_MAX = 1024 * 1024 };

struct template_function_call {
    struct evaluation *evaluation;
    const char *name;
    json_t **arguments;
    size_t count;
};
typedef json_t *template_fn(const struct template_function_call *call);

struct template_function {
    const char *name; /* compared without case; a row without name ends the table */
    size_t least, most;
    template_fn *run;
};

extern const struct template_function template_string_functions[];
extern const struct template_function template_logic_functions[];
extern const struct template_function template_collection_functions[];

/* The function does not accept these argument types. Returns NULL with the error set. */
json_t *template_wrong_types(const struct template_function_call *call);
/* The text of a string argument, or NULL. */
const char *template_argument(const struct template_function_call *call, size_t index);

#endif
