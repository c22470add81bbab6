/* SPDX-License-Identifier: MIT */
/* Assigns each provisioned server its own address, which no other server and no other program uses. */
#include <stdlib.h>

#include "core/str.h"
#include "executor/servers/address.h"
#include "executor/servers/servers.h"

enum { SERVER_PORT = 5432, ADDRESS_COUNT = 254 * 254, PORTS_TRIED = 100, PORT_MAX = 65535 };

/* Never assigned to a server: in use only if a program listens on all addresses of the machine. */
#define NOBODYS_ADDRESS "127.74.255.254"

static bool is_taken(const struct server *servers, size_t count, const char *host, int port)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equals(servers[i].host, host) && servers[i].port == port) {
            return true;
        }
    }
    return false;
}

/* 127.74.0.1, 127.74.0.2 ...; never .0 or .255. */
static char *address_number(int number)
{
    return str_format("127.74.%d.%d", number / 254, number % 254 + 1);
}

/* 5432, or the next one on which no program listens on all addresses. */
static int common_port(void)
{
    int port = SERVER_PORT;
    while (port < SERVER_PORT + PORTS_TRIED && !instance_address_is_free(NOBODYS_ADDRESS, port)) {
        port++;
    }
    return port;
}

int executor_choose_address(struct executor *executor, struct err *err, char **ret_host, int *ret_port)
{
    struct server *servers = NULL;
    size_t count = 0;
    if (store_server_list_all(executor->store, err, &servers, &count) < 0) {
        return -1;
    }
    int base = executor->options->server_ports;
    auto_free char *host = NULL;
    int port = base == 0 ? common_port() : base;
    bool found = false;
    for (int i = 0; i < ADDRESS_COUNT && !found && (base == 0 || base + i <= PORT_MAX); i++) {
        free(host);
        host = base == 0 ? address_number(i) : str_dup("127.0.0.1");
        port = base == 0 ? port : base + i;
        found = host != NULL && !is_taken(servers, count, host, port) && instance_address_is_free(host, port);
    }
    servers_free(servers, count);
    if (!found) {
        return err_set(err, ERR_OPERATION_NOT_ALLOWED,
                       "No address is free for another server. Delete a server first.");
    }
    *ret_host = TAKE(host);
    *ret_port = port;
    return 0;
}

int move_server(struct executor *executor, struct server *server, struct err *err)
{
    auto_free char *host = NULL;
    int port = 0;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(executor->store, err, &tx) < 0 ||
        executor_choose_address(executor, err, &host, &port) < 0 ||
        store_server_set_address(executor->store, server->id, host, port, err) < 0 ||
        store_commit(&tx, err) < 0) {
        return -1;
    }
    free(server->host);
    server->host = TAKE(host);
    server->port = port;
    return 0;
}
