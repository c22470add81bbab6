/* SPDX-License-Identifier: MIT */
/* Answers REST calls with what the executor knows of this machine: the majors installed, its own figures. */
#include "engine/copy/copy.h"
#include "executor/executor_parts.h"

const struct executor_metrics *executor_metrics(const struct executor *executor)
{
    return &executor->metrics;
}

uint64_t executor_copied_bytes(void)
{
    return copy_sent_bytes();
}

int executor_check_major(const struct executor *executor, int major, struct err *err)
{
    if (tools_server(&executor->tools, major) != NULL) {
        return 0;
    }
    char majors[128];
    tools_describe_servers(&executor->tools, majors, sizeof(majors));
    return err_set(err, ERR_VERSION_UNAVAILABLE,
                   "PostgreSQL %d is not installed on this machine. Installed major versions: %s. To install "
                   "it, run 'make postgres MAJORS=\"%d\"' in Malachite's source tree and restart Malachite, "
                   "or name a directory with its binaries with --postgres-dir.",
                   major, majors[0] == '\0' ? "none" : majors, major);
}

size_t executor_majors(const struct executor *executor, int *ret_majors, size_t max)
{
    size_t used = 0;
    for (size_t i = 0; i < executor->tools.count && used < max; i++) {
        if (executor->tools.majors[i].server_bin != NULL) {
            ret_majors[used++] = executor->tools.majors[i].major;
        }
    }
    return used;
}

int executor_default_major(const struct executor *executor)
{
    int newest = 0;
    int readable = 0;
    for (size_t i = 0; i < executor->tools.count; i++) {
        const struct tools_major *programs = &executor->tools.majors[i];
        if (programs->server_bin != NULL) {
            newest = programs->major > newest ? programs->major : newest;
            bool can_dump = tools_client(&executor->tools, programs->major) != NULL;
            readable = can_dump && programs->major > readable ? programs->major : readable;
        }
    }
    return readable != 0 ? readable : newest;
}
