/* SPDX-License-Identifier: MIT */
#include "app/lost_rules_private.h"

#include <stdio.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/log.h"
#include "core/points/rules.h"
#include "core/str.h"

static char *path_of(const char *data_dir)
{
    return str_format("%s/rules.count", data_dir);
}

static void write_count(void *context, size_t count)
{
    auto_free char *path = path_of(context);
    if (path == NULL || count == 0) {
        (void)(path != NULL && unlink(path));
        return;
    }
    FILE *file = fopen(path, "we");
    if (file != NULL) {
        fprintf(file, "%zu\n", count);
        fclose(file);
    }
}

void lost_rules_report(const char *data_dir)
{
    static char kept_dir[4096];
    char text[32] = "";
    auto_free char *path = path_of(data_dir);
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    if (file != NULL) {
        size_t len = fread(text, 1, sizeof(text) - 1, file);
        text[len > 0 ? len - 1 : 0] = '\0';
        fclose(file);
        unlink(path);
        log_event(LOG_WARNING, "the restart has dropped the rules of tests, which live in memory", "count",
                  text, NULL);
    }
    snprintf(kept_dir, sizeof(kept_dir), "%s", data_dir);
    rules_set_observer(write_count, kept_dir);
}
