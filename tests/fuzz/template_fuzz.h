/* SPDX-License-Identifier: MIT */
/* The calls that both template targets make. */
#ifndef TESTS_FUZZ_TEMPLATE_FUZZ_H
#define TESTS_FUZZ_TEMPLATE_FUZZ_H

#include "handlers/deployments/template/template.h"
#include "tests/fuzz/fuzz.h"

/* A referenced resource: some do not exist yet. */
static inline json_t *fuzz_reference(void *arg, const char *id_or_name, const char *api_version,
                                     struct err *err)
{
    (void)arg;
    (void)api_version;
    if (id_or_name[0] == 'l') {
        err_set(err, ERR_UNAVAILABLE, "Not made yet.");
        return NULL;
    }
    return json_pack("{s:s, s:{s:i}}", "name", id_or_name, "properties", "port", 5432);
}

static inline void fuzz_show(json_t *value)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT);
    fuzz_require(text != NULL, "what a template gives can be written");
}

/* Parses the template and makes all calls of a deployment. */
static inline void fuzz_deploy(json_t *source, json_t *given)
{
    json_auto_t *scope =
        json_pack("{s:{s:s,s:s}, s:{s:s,s:s,s:s}, s:{s:s}, s:{s:s}}", "subscription", "subscriptionId", "sub",
                  "id", "/subscriptions/sub", "resourceGroup", "id", "/g", "name", "rg", "location", "eastus",
                  "deployment", "name", "d", "tenant", "tenantId", "t");
    auto_template struct template template = {.reference = fuzz_reference};
    struct err err = {0};
    int result = template_read(&template, source, given, scope, &err);
    fuzz_check(result, &err);
    if (result < 0) {
        return;
    }
    for (size_t i = 0; i < template.count; i++) {
        err = (struct err){0};
        json_auto_t *body = template_body(&template, &template.resources[i], &err);
        fuzz_check(body == NULL ? -1 : 0, &err);
        if (body != NULL) {
            fuzz_show(body);
        }
    }
    err = (struct err){0};
    json_auto_t *outputs = template_outputs(&template, &err);
    fuzz_check(outputs == NULL ? -1 : 0, &err);
    if (outputs != NULL) {
        fuzz_show(outputs);
    }
    json_auto_t *shown = template_shown_parameters(&template);
    if (shown != NULL) {
        fuzz_show(shown);
    }
}

#endif
