"""Changes of one thing in a request: its body, its bytes, its path, its query."""

import json
import urllib.parse

from arm import PROVIDER

VERSIONS = [
    "2025-08-01",
    "2024-08-01",
    "2022-12-01",
    "2022-05-01-preview",
    "2021-06-15-privatepreview",
    "2017-12-01",
    "2026-07-01-preview",
    "2099-01-01",
    "",
    "latest",
    "2025-08-01-",
    "%00",
    "2025-08-01%27",
    "9" * 3000,
]
SEGMENTS = [
    "",
    ".",
    "..",
    "%2e%2e",
    "%2F",
    "%00",
    "%",
    "%zz",
    "%C3%28",
    "%F0%9F%92%A9",
    "a" * 300,
    "a" * 9000,
    "{x}",
    "'",
    ";",
    "DROP TABLE server",
    "providers",
    "subscriptions",
    PROVIDER,
    "flexibleServers",
    "migrations",
    "*",
    "-",
    "_malachite",
    "configurations",
    "firewallRules",
    "default",
    "null",
    "0",
    "%20",
    "+",
    "@",
    "~",
    "\\",
    "%5C",
    "%0A",
    "%0d%0a",
]
VALUES = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    -(2**63),
    2**64,
    1e308,
    0.1,
    "",
    " ",
    "x",
    "True",
    "null",
    "\u0000",
    "\ud800",
    "\U0001f4a9" * 50,
    "a" * 5000,
    "'; DROP TABLE server; --",
    "%s%n%d",
    "../../etc/passwd",
    "/",
    "\r\n",
    [],
    {},
    [[]],
    [{}],
    [None],
    {"": ""},
    {"a": {"b": {"c": []}}},
    ["x"] * 200,
    "2026-01-01T00:00:00Z",
    "9999-99-99T99:99:99Z",
    "127.0.0.1",
    "255.255.255.255",
    "/subscriptions/x/resourceGroups/y",
]
QUERIES = [
    "$filter",
    "$top",
    "$expand",
    "$skipToken",
    "migrationListFilter",
    "api-version",
    "forceDeletionTypes",
    "",
    "x" * 500,
]


def mutate_value(rng, value, depth=0):
    """The value with one thing in it changed."""
    choice = rng.random()
    if isinstance(value, dict) and value and choice < 0.85 and depth < 6:
        changed = dict(value)
        key = rng.choice(list(changed))
        action = rng.randrange(6)
        if action == 0:
            del changed[key]
        elif action == 1:
            changed[rng.choice([key.upper(), key.lower(), key + "x", "", "\u0000", key * 40])] = changed[key]
        elif action == 2:
            changed[key] = rng.choice(VALUES)
        else:
            changed[key] = mutate_value(rng, changed[key], depth + 1)
        return changed
    if isinstance(value, list) and value and choice < 0.7:
        return rng.choice(
            [value * 10, value[1:], [mutate_value(rng, value[0], depth + 1)], value + [rng.choice(VALUES)]]
        )
    if isinstance(value, str) and value and choice < 0.4:
        at = rng.randrange(len(value))
        return (
            value[:at]
            + rng.choice(["", "\u0000", "'", '"', "/", "é", " ", "%", "9" * 30])
            + value[at + rng.randrange(2) :]
        )
    return rng.choice(VALUES)


def mutate_bytes(rng, raw):
    """Bytes that are mostly no JSON any more."""
    action = rng.randrange(6)
    if action == 0:
        return raw[: rng.randrange(len(raw) + 1)]
    if action == 1:
        return b"[" * rng.choice([10, 3000, 100000])
    if action == 2:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
    if action == 3:
        return b"\xef\xbb\xbf" + raw
    if action == 4:
        return raw + raw
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]


def encode(value):
    """JSON, with lone surrogates as escapes."""
    return json.dumps(value).encode()


def mutate_path(rng, path):
    parts = path.split("/")
    at = rng.randrange(1, len(parts))
    action = rng.randrange(7)
    if action == 0:
        parts[at] = rng.choice(SEGMENTS)
    elif action == 1:
        parts.insert(at, rng.choice(SEGMENTS))
    elif action == 2:
        del parts[at]
    elif action == 3:
        parts[at] = parts[at].swapcase()
    elif action == 4:
        parts = parts[:at]
    elif action == 5:
        parts[at] = "".join(f"%{byte:02x}" for byte in parts[at].encode())
    else:
        parts.append(rng.choice(SEGMENTS))
    return "/".join(parts) or "/"


def mutate_query(rng, version):
    pairs = [("api-version", rng.choice(VERSIONS) if rng.random() < 0.5 else version)]
    for _ in range(rng.randrange(3)):
        value = rng.choice(VALUES)
        text = value if isinstance(value, str) else json.dumps(value)
        pairs.append((rng.choice(QUERIES), urllib.parse.quote(text.encode("utf-8", "replace"), safe="")))
    rng.shuffle(pairs)
    return "&".join(f"{name}={value}" for name, value in pairs)
