/* SPDX-License-Identifier: MIT */
/*
 * Templates of Azure Resource Manager: parameters, variables, expressions, copy loops, conditions, nested
 * names. Independent of HTTP and of the types of resources: it determines the resources to create and
 * their bodies, and a callback returns their state once they exist.
 */
#ifndef HANDLERS_DEPLOYMENTS_TEMPLATE_TEMPLATE_H
#define HANDLERS_DEPLOYMENTS_TEMPLATE_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "handlers/deployments/template/template_budget_private.h"

struct template;

/* One resource to deploy: an element of "resources", or one iteration of its copy loop. */
struct template_resource {
    json_t *definition; /* as in the template, not evaluated */
    char *symbol;       /* key in "resources" of languageVersion 2.0, or NULL */
    char *copy_name;    /* of its copy loop, or NULL */
    json_int_t copy_index;
    char *type; /* "Microsoft.DBforPostgreSQL/flexibleServers/migrations" */
    char *name; /* "server/migration" */
    char *api_version;
    char *id;
    json_t *depends_on; /* array of strings, evaluated */
    bool existing;      /* only referred to */
    bool skipped;       /* its condition is false */
};

/*
 * The callback of reference(): the resource in the format of its GET; new reference. NULL with err:
 * ERR_UNAVAILABLE means that it belongs to this template and does not exist yet; evaluate again later.
 */
typedef json_t *template_reference_fn(void *arg, const char *id_or_name, const char *api_version,
                                      struct err *err);

struct template
{
    json_t *source;
    json_t *parameters; /* name -> value */
    json_t *secure;     /* names of parameters that are secrets, or whose defaults depend on secrets */
    json_t *uses;       /* name of a variable -> names of the parameters that it uses */
    json_t *types;      /* name -> type of parameters */
    json_t *variables;  /* those evaluated so far */
    json_t *
        scope; /* {"subscription", "resourceGroup", "deployment", "tenant"}: the results of these functions */
    struct template_resource *resources;
    size_t count;
    template_reference_fn *reference; /* NULL: reference() is not allowed */
    void *reference_arg;
    int64_t steps_left; /* for all evaluations together */
    int64_t kept_bytes; /* of the variables, which all evaluations share */
};

/*
 * Copies source and given, so that another thread may continue with the template; takes a reference to
 * scope. given: {"name": {"value": ...}}. Checks parameters, evaluates names, types, conditions and
 * dependencies. ERR_INVALID_TEMPLATE describes the problem, never with the value of a parameter. Release
 * with template_done() in either case.
 */
int template_read(struct template *template, json_t *source, json_t *given, json_t *scope, struct err *err);
void template_done(struct template *template);
#define auto_template __attribute__((cleanup(template_done)))

/* The body for the PUT of a resource. New reference, NULL with err; ERR_UNAVAILABLE: see
 * template_reference_fn. */
json_t *template_body(struct template *template, const struct template_resource *resource, struct err *err);
/* The outputs {"name": {"type", "value"}}, without values that are secure or depend on secrets. New
 * reference. */
json_t *template_outputs(struct template *template, struct err *err);
/* The parameters in the format of a response, without the values of secure ones. New reference. */
json_t *template_shown_parameters(const struct template *template);

/* Whether a dependency (a symbol, name, id or copy name) refers to this resource. */
bool template_is(const struct template_resource *resource, const char *dependency);

/* ---- between the files of the evaluator ------------------------------------------------------------------
 */

enum { TEMPLATE_DEPTH_MAX = 100, TEMPLATE_ARGUMENTS_MAX = 64 };

/* The loops for copyIndex(), from the innermost to the outermost. */
struct template_loop {
    const char *name;
    json_int_t index;
    const struct template_loop *outer;
};

struct evaluation {
    struct template *template;
    const struct template_loop *loop;
    struct template_budget *budget;
    struct err *err;
    int depth;     /* of values and expressions together, because they recurse into each other */
    json_t *reads; /* names of the parameters that were read; NULL: not recorded */
    bool tainted;  /* the current expression has read a secret: errors must not quote it */
};

/* Spends budget for work (members visited) and for memory. False, with the error set, if too little is
 * left. */
bool template_spend(struct evaluation *evaluation, int64_t steps, int64_t bytes);
/* Spends budget for visiting all of these values. False, with the error set: they are too large to
 * process. */
bool template_pay_for(struct evaluation *evaluation, json_t *const *values, size_t count);
/* The same for the result of a function or an evaluation, and for the memory that it needs. Returns value,
 * or NULL with the error set after having released it. NULL stays NULL. */
json_t *template_pay_result(struct evaluation *evaluation, json_t *value);
/* Also pays for keeping it until the template is released. */
json_t *template_pay_to_keep(struct evaluation *evaluation, json_t *value);

/* Evaluates a value with all its members: expressions in strings, property copy loops. New reference, NULL
 * with err set. */
json_t *template_evaluate(struct evaluation *evaluation, json_t *value);
/* Evaluates the expression between the brackets. */
json_t *template_expression(struct evaluation *evaluation, const char *text);
/* Calls a function; the arguments stay the caller's. */
json_t *template_call(struct evaluation *evaluation, const char *name, json_t **arguments, size_t count);
/* The same for functions that read the template and its scope; *ret_found: the function exists. */
json_t *template_call_scope(struct evaluation *evaluation, const char *name, json_t **arguments, size_t count,
                            bool *ret_found);
/* Records that the value depends on these parameters (an object with their names, or one name). */
void template_note_reads(struct evaluation *evaluation, json_t *names);
void template_note_read(struct evaluation *evaluation, const char *name);
/* Whether anything evaluated since reads was cleared is a secret, or depends on one. */
bool template_reads_secret(const struct evaluation *evaluation);
/* Adds to template->secure the parameters of any type that are used for a property for passwords or
 * secrets. */
void template_find_secrets(struct evaluation *evaluation);
/* Fills template->resources. */
int template_read_resources(struct evaluation *evaluation);
/* Sets ERR_INVALID_TEMPLATE and returns NULL. */
json_t *template_fail(struct evaluation *evaluation, const char *format, ...) printf_like(2, 3);
/* A string, number or boolean as text; new memory. NULL for others or without memory. */
char *template_text(const json_t *value);

#endif
