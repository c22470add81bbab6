/* SPDX-License-Identifier: MIT */
/* host:port@user. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/parse/server_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *text = fuzz_text(data, size);
    fuzz_begin();
    auto_server_address struct server_address address = {0};
    if (server_address_parse(text, &address)) {
        fuzz_require(address.host != NULL && address.host[0] != '\0', "a host is never empty");
        fuzz_require(strpbrk(address.host, ",/[]@ ") == NULL, "a host is one name or address");
        fuzz_require(address.port > 0 && address.port < 65536, "a port is one");
        fuzz_require(address.user != NULL && address.user[0] != '\0', "a user is never empty");
    }
    (void)server_address_host_is_valid(text);
    fuzz_end();
    return 0;
}
