/* SPDX-License-Identifier: MIT */
/* The fault "reject": rules at the beginning of pg_hba.conf refuse every login, that of the superuser
 * included. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/instance/fault_private.h"
#include "engine/instance/instance_private.h"
#include "engine/pg/pg.h"

enum { RELOAD_TIMEOUT_MS = 10000, RELOAD_PAUSE_MS = 5 };

static const char rules[] = "# Malachite's fault \"reject\"\n"
                            "local all all reject\n"
                            "local replication all reject\n"
                            "host all all all reject\n"
                            "host replication all all reject\n";

/* Puts the rules into pg_hba.conf, or removes them. */
static int write_rules(const struct fault_call *call, bool rejected, struct err *err)
{
    auto_free char *data_dir = str_format("%s/data", call->dir);
    auto_free char *text = NULL;
    if (data_dir == NULL) {
        return err_no_memory(err);
    }
    if (data_file_read(data_dir, "pg_hba.conf", err, &text) != 0) {
        return -1;
    }
    bool has_rules = strncmp(text, rules, sizeof(rules) - 1) == 0;
    if (has_rules == rejected) {
        return 0;
    }
    auto_free char *changed = rejected ? str_format("%s%s", rules, text) : str_dup(text + sizeof(rules) - 1);
    return changed == NULL
               ? err_no_memory(err)
               : data_file_replace(call->host, data_dir, "pg_hba.conf", changed, strlen(changed), err);
}

int fault_reject_undo(const struct fault_call *call, struct err *err)
{
    return write_rules(call, false, err);
}

/* Waits until new sessions are rejected, or no longer are. */
static int await_rules(const struct fault_call *call, const struct endpoint *endpoint, bool rejected,
                       struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + RELOAD_TIMEOUT_MS;
    for (;;) {
        auto_pg struct pg pg = {0};
        struct err failure = {0};
        bool opened = pg_open(endpoint, "postgres", PG_ADMIN, call->stop, &failure, &pg) == 0;
        if (rejected ? !opened && strcmp(failure.sqlstate, "28000") == 0 : opened) {
            return 0;
        }
        if (!opened && strcmp(failure.sqlstate, "28000") != 0) {
            *err = failure;
            return -1;
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_SERVER_UNREACHABLE,
                           "Server '%s' did not read its access rules within %d seconds.", call->spec->name,
                           RELOAD_TIMEOUT_MS / 1000);
        }
        clock_sleep_ms(RELOAD_PAUSE_MS);
    }
}

static void reload(const struct fault_call *call)
{
    struct postmaster postmaster = {0};
    if (postmaster_find(call->dir, &postmaster)) {
        kill(postmaster.pid, SIGHUP);
    }
}

int fault_reject_begin(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    auto_endpoint struct endpoint endpoint = {0};
    auto_pg struct pg pg = {0};
    auto_free char *ignored = NULL;
    if (instance_superuser_endpoint(call->host, call->spec, call->spec->name, err, &endpoint) != 0 ||
        pg_open(&endpoint, "postgres", PG_ADMIN, call->stop, err, &pg) != 0 ||
        write_rules(call, true, err) != 0) {
        return -1;
    }
    reload(call);
    return await_rules(call, &endpoint, true, err) != 0
               ? -1
               : pg_value(&pg, err, &ignored,
                          "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) FROM"
                          " pg_catalog.pg_stat_activity WHERE pid <> pg_catalog.pg_backend_pid()"
                          " AND backend_type IN ('client backend', 'walsender')",
                          0, NULL);
}

int fault_reject_end(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    struct postmaster postmaster = {0};
    auto_endpoint struct endpoint endpoint = {0};
    if (write_rules(call, false, err) != 0) {
        return -1;
    }
    if (!postmaster_find(call->dir, &postmaster)) {
        return 0;
    }
    reload(call);
    return instance_superuser_endpoint(call->host, call->spec, call->spec->name, err, &endpoint) != 0
               ? -1
               : await_rules(call, &endpoint, false, err);
}
