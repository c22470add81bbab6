/* SPDX-License-Identifier: MIT */
/* Bearer tokens. The first byte chooses: the rest is the header's value, or claims in a token that is signed.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/tokens/jwt.h"
#include "handlers/arm/app.h"
#include "handlers/signin/auth.h"

static struct signing_key *key_of_tests(void)
{
    static struct signing_key *key;
    struct err err = {0};
    if (key == NULL) {
        fuzz_check(signing_key_open("/nonexistent/token.key", &err, &key), &err);
    }
    return key;
}

static char *signed_token(const char *text)
{
    json_auto_t *claims = json_loads(text, 0, NULL);
    auto_free char *token = claims == NULL ? NULL : jwt_sign(key_of_tests(), claims);
    return token == NULL ? NULL : str_format("Bearer %s", token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char strict[] = "strict";
    static char tenant[] = "00000000-0000-4000-8000-00000000da7a";
    struct options options = {.auth = strict, .tenant_id = tenant};
    struct app app = {.options = &options, .signing_key = key_of_tests()};
    auto_free char *text = fuzz_text(data, size);
    if (size == 0) {
        return 0;
    }
    char *header = text[0] == '{' ? signed_token(text) : str_dup(text);
    fuzz_begin();
    struct request *request = request_new(&app);
    fuzz_require(request != NULL, "memory for a request");
    request->host = str_dup("localhost:8080");
    request->authorization = header;
    struct err err = {0};
    fuzz_check(auth_check(request, &err), &err);
    request_free(request);
    fuzz_end();
    return 0;
}
