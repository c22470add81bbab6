/* SPDX-License-Identifier: MIT */
/* Properties of servers that no client sets: functions for the rows of the description. The subject is a
 * struct resource_view; new reference, NULL omits the property. */
#ifndef HANDLERS_SERVERS_VALUES_SERVER_VALUES_H
#define HANDLERS_SERVERS_VALUES_SERVER_VALUES_H

#include "handlers/arm/property.h"

/* The storage size of a server whose client chose none. */
enum { SERVER_STORAGE_GB = 128 };
#define SERVER_STORAGE_TEXT "128"

/* The major version of "16", "16.3", "9.6" or "10.0"; 0 when it is none. */
int server_version_major(const char *version);

json_t *server_write_id(const struct property *row, const void *subject);
json_t *server_write_name(const struct property *row, const void *subject);
json_t *server_write_type(const struct property *row, const void *subject);
json_t *server_write_location(const struct property *row, const void *subject);
json_t *server_write_display_location(const struct property *row, const void *subject);
json_t *server_write_tags(const struct property *row, const void *subject);
json_t *server_write_sku(const struct property *row, const void *subject);
json_t *server_write_created_at(const struct property *row, const void *subject);
json_t *server_write_host(const struct property *row, const void *subject);
json_t *server_write_port(const struct property *row, const void *subject);
json_t *server_write_version(const struct property *row, const void *subject);
json_t *server_write_minor(const struct property *row, const void *subject);
json_t *server_write_login(const struct property *row, const void *subject);
json_t *server_write_message(const struct property *row, const void *subject);
json_t *server_write_created(const struct property *row, const void *subject);
json_t *server_write_state(const struct property *row, const void *subject);
json_t *server_write_visible_state(const struct property *row, const void *subject);
json_t *server_write_connections(const struct property *row, const void *subject);
json_t *server_write_zero(const struct property *row, const void *subject);
json_t *server_write_standby_state(const struct property *row, const void *subject);
json_t *server_write_storage_tier(const struct property *row, const void *subject);
json_t *server_write_storage_iops(const struct property *row, const void *subject);

#endif
