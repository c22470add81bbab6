/* SPDX-License-Identifier: MIT */
#include "store/rows/rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/attr.h"

/* Freed memory is reused, so it must not contain a secret. */
static void free_secret(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

void resource_group_done(struct resource_group *row)
{
    free(row->subscription_id);
    free(row->name);
    free(row->location);
    free(row->tags);
    free(row->managed_by);
    *row = (struct resource_group){0};
}

void server_done(struct server *row)
{
    free(row->subscription_id);
    free(row->group);
    free(row->name);
    free(row->instance);
    free(row->location);
    free(row->tags);
    free(row->sku);
    free(row->properties);
    free(row->administrator);
    free_secret(row->password);
    free(row->message);
    free(row->host);
    *row = (struct server){0};
}

void server_child_done(struct server_child *row)
{
    free(row->name);
    free(row->properties);
    *row = (struct server_child){0};
}

void migration_spec_init(struct migration_spec *spec)
{
    *spec = (struct migration_spec){.mode = -1, .option = -1};
}

void migration_spec_forget_secrets(struct migration_spec *spec)
{
    char **const secrets[] = {&spec->source_user, &spec->target_user, &spec->source_password,
                              &spec->target_password, &spec->aad_secret};
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        free_secret(*secrets[i]);
        *secrets[i] = NULL;
    }
}

void migration_spec_done(struct migration_spec *spec)
{
    migration_spec_forget_secrets(spec);
    free(spec->source_server_id);
    free(spec->source_fqdn);
    free(spec->target_fqdn);
    free(spec->aad_client_id);
    free(spec->aad_tenant_id);
    free(spec->identity_id);
    free(spec->migration_group_id);
    free(spec->migration_subnet_id);
    free(spec->runtime_server_id);
    str_list_done(&spec->databases);
    str_list_done(&spec->cutover_databases);
    str_list_done(&spec->cancel_databases);
    free(spec->source_type);
    free(spec->ssl_mode);
    migration_spec_init(spec);
}

void migration_done(struct migration *row)
{
    free(row->name);
    free(row->location);
    free(row->tags);
    migration_spec_done(&row->spec);
    free(row->source_metadata);
    free(row->target_metadata);
    free(row->validation);
    free(row->error);
    free(row->error_code);
    free(row->error_facts);
    free(row->lease_owner);
    *row = (struct migration){0};
}

void migration_database_done(struct migration_database *row)
{
    free(row->name);
    free(row->operation);
    free(row->message);
    free(row->error_code);
    free(row->replication);
    free(row->cutover_position);
    free(row->evidence);
    *row = (struct migration_database){0};
}

void migration_table_done(struct migration_table *row)
{
    free(row->schema);
    free(row->name);
    free(row->message);
    *row = (struct migration_table){0};
}

void migration_event_done(struct migration_event *row)
{
    free(row->text);
    *row = (struct migration_event){0};
}

void operation_done(struct operation *row)
{
    free(row->subscription_id);
    free(row->location);
    free(row->resource_id);
    free(row->argument);
    free(row->api_version);
    free(row->error_code);
    free(row->error_message);
    *row = (struct operation){0};
}

void resource_groups_free(struct resource_group *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        resource_group_done(&rows[i]);
    }
    free(rows);
}

void servers_free(struct server *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        server_done(&rows[i]);
    }
    free(rows);
}

void server_children_free(struct server_child *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        server_child_done(&rows[i]);
    }
    free(rows);
}

void migrations_free(struct migration *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        migration_done(&rows[i]);
    }
    free(rows);
}

void migration_databases_free(struct migration_database *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        migration_database_done(&rows[i]);
    }
    free(rows);
}

void migration_tables_free(struct migration_table *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        migration_table_done(&rows[i]);
    }
    free(rows);
}

void migration_events_free(struct migration_event *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        migration_event_done(&rows[i]);
    }
    free(rows);
}
