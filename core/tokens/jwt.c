/* SPDX-License-Identifier: MIT */
#include "core/tokens/jwt.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/str.h"
#include "core/tokens/base64.h"

static char *encode_json(const json_t *value)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT);
    return text == NULL ? NULL : base64url_encode(text, strlen(text));
}

static json_t *decode_json(const char *text, size_t len)
{
    size_t decoded_len = 0;
    auto_free char *decoded = base64url_decode(text, len, &decoded_len);
    return decoded == NULL ? NULL : memory_parse_json(decoded, decoded_len, JSON_REJECT_DUPLICATES, NULL);
}

char *jwt_sign(struct signing_key *key, const json_t *claims)
{
    json_auto_t *header =
        json_pack("{s:s, s:s, s:s}", "typ", "JWT", "alg", "RS256", "kid", signing_key_id(key));
    auto_free char *head = header == NULL ? NULL : encode_json(header);
    auto_free char *payload = encode_json(claims);
    auto_free char *text = head == NULL || payload == NULL ? NULL : str_format("%s.%s", head, payload);
    auto_free char *signature = text == NULL ? NULL : signing_key_sign(key, text, strlen(text));
    return signature == NULL ? NULL : str_format("%s.%s", text, signature);
}

/* The algorithm is compared and never chosen by the token: "none" must be rejected. */
static bool is_ours(struct signing_key *key, const json_t *header)
{
    return str_equals(json_string_value(json_object_get(header, "alg")), "RS256") &&
           str_equals(json_string_value(json_object_get(header, "kid")), signing_key_id(key));
}

json_t *jwt_verify(struct signing_key *key, const char *token)
{
    size_t head_len = strcspn(token, ".");
    const char *payload = token[head_len] == '\0' ? "" : token + head_len + 1;
    size_t payload_len = strcspn(payload, ".");
    if (payload[payload_len] == '\0') {
        return NULL;
    }
    const char *signature_text = payload + payload_len + 1;
    size_t signature_len = 0;
    auto_free char *signature = base64url_decode(signature_text, strlen(signature_text), &signature_len);
    json_auto_t *header = decode_json(token, head_len);
    if (signature == NULL || header == NULL || !is_ours(key, header) ||
        !signing_key_verify(key, token, (size_t)(payload + payload_len - token), signature, signature_len)) {
        return NULL;
    }
    json_t *claims = decode_json(payload, payload_len);
    if (claims != NULL && !json_is_object(claims)) {
        json_decref(claims);
        return NULL;
    }
    return claims;
}
