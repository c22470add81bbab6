/* SPDX-License-Identifier: MIT */
/*
 * All handlers; server/routes.c says which request each is for. A handler reads the request, checks it, does
 * one thing with the store or the executor and answers exactly once. Any thread; none keeps anything of the
 * request.
 */
#ifndef HANDLERS_HANDLERS_H
#define HANDLERS_HANDLERS_H

#include "server/request.h"

/* subscription.c */
void subscription_get(struct request *request);
void subscription_list(struct request *request);
void tenant_list(struct request *request);
void location_list(struct request *request);

/* group.c, group_delete.c */
void group_put(struct request *request);
void group_get(struct request *request);
void group_head(struct request *request);
void group_list(struct request *request);
void group_patch(struct request *request);
void group_delete(struct request *request);

/* provider.c */
void provider_get(struct request *request);
void provider_list(struct request *request);
void provider_register(struct request *request);
void provider_unregister(struct request *request);

/* resource_list.c, tags.c: any type; resource_head.c */
void resource_list(struct request *request);
void resource_list_of_group(struct request *request);
void tags_get(struct request *request);
void tags_put(struct request *request);
void tags_patch(struct request *request);
void tags_delete(struct request *request);
void flexible_server_head(struct request *request);
void single_server_head(struct request *request);
void migration_head(struct request *request);

/* server_put.c, server_get.c, server_patch.c, server_delete.c, server_power.c */
void flexible_server_patch(struct request *request);
void flexible_server_start(struct request *request);
void flexible_server_stop(struct request *request);
void flexible_server_restart(struct request *request);
void single_server_patch(struct request *request);
void single_server_restart(struct request *request);
void flexible_server_put(struct request *request);
void flexible_server_get(struct request *request);
void flexible_server_list(struct request *request);
void flexible_server_list_of_group(struct request *request);
void flexible_server_delete(struct request *request);
void single_server_put(struct request *request);
void single_server_get(struct request *request);
void single_server_list(struct request *request);
void single_server_list_of_group(struct request *request);
void single_server_delete(struct request *request);

/* server_child.c */
void flexible_firewall_rule_put(struct request *request);
void flexible_firewall_rule_get(struct request *request);
void flexible_firewall_rule_list(struct request *request);
void flexible_firewall_rule_delete(struct request *request);
void single_firewall_rule_put(struct request *request);
void single_firewall_rule_get(struct request *request);
void single_firewall_rule_list(struct request *request);
void single_firewall_rule_delete(struct request *request);
void single_network_rule_put(struct request *request);
void single_network_rule_get(struct request *request);
void single_network_rule_list(struct request *request);
void single_network_rule_delete(struct request *request);

/* configuration.c; all ask the live server */
void flexible_configuration_get(struct request *request);
void flexible_configuration_list(struct request *request);
void flexible_configuration_update(struct request *request);
void single_configuration_get(struct request *request);
void single_configuration_list(struct request *request);
void single_configuration_update(struct request *request);
void single_configuration_update_all(struct request *request);

/* server_absent.c: types of children that no server has here */
void absent_child_list(struct request *request);
void absent_child_get(struct request *request);
void absent_child_get_only(struct request *request);
void absent_child_delete(struct request *request);

/* capability.c, provider_operation.c */
void capability_list(struct request *request);
void flexible_server_capability_list(struct request *request);
void performance_tier_list(struct request *request);
void single_server_performance_tier_list(struct request *request);
void provider_operation_list(struct request *request);
void private_dns_suffix(struct request *request);
void subnet_usage_list(struct request *request);

/* database.c; get and list ask the live server */
void flexible_database_put(struct request *request);
void flexible_database_get(struct request *request);
void flexible_database_list(struct request *request);
void flexible_database_delete(struct request *request);
void single_database_put(struct request *request);
void single_database_get(struct request *request);
void single_database_list(struct request *request);
void single_database_delete(struct request *request);

/* migration_put.c, migration_get.c, migration_patch.c, migration_delete.c */
void migration_put(struct request *request);
void migration_get(struct request *request);
void migration_list(struct request *request);
void migration_patch(struct request *request);
void migration_delete(struct request *request);

/* name_check.c */
void migration_check_name(struct request *request);
void server_check_name(struct request *request);

/* operation.c, operation_result.c; the latter may ask the live server */
void operation_status(struct request *request);
void operation_result(struct request *request);
void group_operation_result(struct request *request);

/* health.c, metrics.c, malachite_migrations.c, malachite_evidence.c, malachite_connection.c */
void malachite_health(struct request *request);
void malachite_ready(struct request *request);
void malachite_ca(struct request *request);
void malachite_migration_get(struct request *request);
void malachite_migration_list(struct request *request);
void malachite_migration_evidence(struct request *request);
void malachite_application_list(struct request *request);
void malachite_connection_test(struct request *request); /* asks the live server */
void metrics_get(struct request *request);

/* deployment_put.c, deployment.c */
void deployment_put(struct request *request);
void deployment_get(struct request *request);
void deployment_head(struct request *request);
void deployment_list(struct request *request);
void deployment_validate(struct request *request);
void deployment_cancel(struct request *request);
void deployment_delete(struct request *request);
void deployment_status(struct request *request);
void deployment_operations(struct request *request);

/* deployment_export.c, deployment_what_if.c; they send requests of their own */
void deployment_export(struct request *request);
void group_export(struct request *request);
void deployment_what_if(struct request *request);

/* malachite_requests.c */
void malachite_request_list(struct request *request);
void malachite_request_clear(struct request *request);

/* signin_metadata.c, signin_discovery.c, signin_token.c: the cloud's sign-in service */
void signin_metadata(struct request *request);
void signin_openid_configuration(struct request *request);
void signin_instance_discovery(struct request *request);
void signin_keys(struct request *request);
void signin_user_realm(struct request *request);
void signin_token_post(struct request *request);
void signin_device_code_post(struct request *request);
void signin_device_page(struct request *request);
void signin_managed_identity(struct request *request);

/* 501 for what the service documents and Malachite lacks */
void not_implemented(struct request *request);

#endif
