/* SPDX-License-Identifier: MIT */
/* The administrator of a provisioned server: an ordinary role with the privileges that the service grants
 * it. */
#include "engine/instance/instance_private.h"

#include "core/buf.h"
#include "engine/pg/pg.h"

enum { SQL_MAX_BYTES = 16384 };

/* Instances commit asynchronously: a server killed right afterwards would lack its administrator. */
#define DURABLE "SET synchronous_commit = local; "

struct grant {
    int since; /* server_version_num */
    const char *sql;
};

/* Trusted extensions need CREATE on "postgres"; the administrator owns the databases that it creates. */
static const struct grant grants[] = {
    {0, "GRANT pg_monitor, pg_signal_backend TO azure_pg_admin WITH ADMIN OPTION"},
    {140000, "GRANT pg_read_all_data, pg_write_all_data TO azure_pg_admin WITH ADMIN OPTION"},
    {150000, "GRANT pg_checkpoint TO azure_pg_admin WITH ADMIN OPTION"},
    {160000, "GRANT pg_create_subscription TO azure_pg_admin WITH ADMIN OPTION"},
    {150000, "GRANT SET ON PARAMETER session_replication_role TO azure_pg_admin"},
    {0, "GRANT ALL ON DATABASE postgres TO azure_pg_admin"},
    {0, "GRANT ALL ON SCHEMA public TO azure_pg_admin"},
};

static void free_verifier(char **verifier)
{
    PQfreemem(*verifier);
}

/* The server only receives the SCRAM verifier, so that no server log can contain the password. */
static int add_password(struct pg *pg, const struct instance_spec *spec, struct buf *sql, struct err *err)
{
    __attribute__((cleanup(free_verifier))) char *verifier =
        PQencryptPasswordConn(pg->connection, spec->password, spec->administrator, "scram-sha-256");
    if (verifier == NULL) {
        return err_set(err, ERR_INTERNAL, "cannot make a SCRAM verifier for the password of '%s'",
                       spec->administrator);
    }
    buf_adds(sql, " PASSWORD ");
    pg_add_literal(pg, sql, verifier);
    return 0;
}

/* has_group: azure_pg_admin exists with its privileges. */
static int add_statements(struct pg *pg, const struct instance_spec *spec, bool has_group, struct buf *sql,
                          struct err *err)
{
    buf_adds(sql, DURABLE);
    buf_adds(sql, has_group ? "CREATE ROLE " : "CREATE ROLE azure_pg_admin NOLOGIN; CREATE ROLE ");
    pg_add_identifier(pg, sql, spec->administrator);
    buf_adds(sql, " LOGIN CREATEDB CREATEROLE REPLICATION");
    if (add_password(pg, spec, sql, err) != 0) {
        return -1;
    }
    buf_adds(sql, "; GRANT azure_pg_admin TO ");
    pg_add_identifier(pg, sql, spec->administrator);
    buf_adds(sql, " WITH ADMIN OPTION");
    for (size_t i = 0; i < ARRAY_LEN(grants) && !has_group; i++) {
        if (pg->version >= grants[i].since) {
            buf_addf(sql, "; %s", grants[i].sql);
        }
    }
    return buf_failed(sql) ? err_no_memory(err) : 0;
}

int administrator_create(const struct instance_host *host, const struct instance_spec *spec,
                         const struct stop *stop, struct err *err)
{
    auto_endpoint struct endpoint endpoint = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_pg struct pg pg = {0};
    if (instance_superuser_endpoint(host, spec, spec->name, err, &endpoint) != 0 ||
        pg_open(&endpoint, "postgres", PG_ADMIN, stop, err, &pg) != 0 ||
        add_statements(&pg, spec, false, &sql, err) != 0) {
        return -1;
    }
    if (pg_run(&pg, err, buf_text(&sql)) != 0) {
        return err_prefix(err, "creating the administrator '%s': ", spec->administrator);
    }
    return 0;
}

int administrator_ensure(const struct instance_host *host, const struct instance_spec *spec,
                         const struct stop *stop, struct err *err)
{
    auto_endpoint struct endpoint endpoint = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_pg struct pg pg = {0};
    auto_free char *role = NULL;
    const char *const params[] = {spec->administrator};
    if (instance_superuser_endpoint(host, spec, spec->name, err, &endpoint) != 0 ||
        pg_open(&endpoint, "postgres", PG_ADMIN, stop, err, &pg) != 0 ||
        pg_value(&pg, err, &role, "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = $1", 1, params) !=
            0) {
        return -1;
    }
    if (role != NULL) {
        return instance_set_password(host, spec, stop, err);
    }
    if (add_statements(&pg, spec, true, &sql, err) != 0) {
        return -1;
    }
    if (pg_run(&pg, err, buf_text(&sql)) != 0) {
        return err_prefix(err, "creating the administrator '%s': ", spec->administrator);
    }
    return 0;
}

int instance_set_password(const struct instance_host *host, const struct instance_spec *spec,
                          const struct stop *stop, struct err *err)
{
    auto_endpoint struct endpoint endpoint = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_pg struct pg pg = {0};
    if (instance_superuser_endpoint(host, spec, spec->name, err, &endpoint) != 0 ||
        pg_open(&endpoint, "postgres", PG_ADMIN, stop, err, &pg) != 0) {
        return -1;
    }
    buf_adds(&sql, DURABLE "ALTER ROLE ");
    pg_add_identifier(&pg, &sql, spec->administrator);
    if (add_password(&pg, spec, &sql, err) != 0) {
        return -1;
    }
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(&pg, err, buf_text(&sql)) != 0) {
        return err_prefix(err, "changing the password of '%s': ", spec->administrator);
    }
    return 0;
}
