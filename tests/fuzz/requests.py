#!/usr/bin/python3
"""Mutated requests against a running Malachite: nothing it is sent may be answered 5xx (but for the 501 of what it does
not implement), kill it, or make it ill.

    tests/fuzz/requests.py [--count 10000] [--seed 1] [--seconds 600]

Real calls are taken and changed: methods, paths, queries, bodies. The same seed gives the same requests.
"""

import argparse
import http.client
import json
import os
import random
import sys
import time
import urllib.parse

# Not this directory: this file would hide the library "requests".
sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib")

from arm import PROVIDER, unique  # noqa: E402
from malachite import Malachite  # noqa: E402
from postgres import Postgres  # noqa: E402

REFRESH_EVERY = 400
METHODS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW"]
VERSIONS = ["2025-08-01", "2024-08-01", "2022-12-01", "2022-05-01-preview", "2021-06-15-privatepreview", "2017-12-01",
            "2026-07-01-preview", "2099-01-01", "", "latest", "2025-08-01-", "%00", "2025-08-01%27", "9" * 3000]
SEGMENTS = ["", ".", "..", "%2e%2e", "%2F", "%00", "%", "%zz", "%C3%28", "%F0%9F%92%A9", "a" * 300, "a" * 9000, "{x}", "'", ";",
            "DROP TABLE server", "providers", "subscriptions", PROVIDER, "flexibleServers", "migrations", "*", "-", "_malachite",
            "configurations", "firewallRules", "default", "null", "0", "%20", "+", "@", "~", "\\", "%5C", "%0A", "%0d%0a"]
VALUES = [None, True, False, 0, -1, 1, 2**31, 2**63, -2**63, 2**64, 1e308, 0.1, "", " ", "x", "True", "null", "\u0000",
          "\ud800", "\U0001f4a9" * 50, "a" * 5000, "'; DROP TABLE server; --", "%s%n%d", "../../etc/passwd", "/", "\r\n",
          [], {}, [[]], [{}], [None], {"": ""}, {"a": {"b": {"c": []}}}, ["x"] * 200, "2026-01-01T00:00:00Z",
          "9999-99-99T99:99:99Z", "127.0.0.1", "255.255.255.255", "/subscriptions/x/resourceGroups/y"]
QUERIES = ["$filter", "$top", "$expand", "$skipToken", "migrationListFilter", "api-version", "forceDeletionTypes", "", "x" * 500]


class Calls:
    """Real calls: (method, path, query, body) with what they need in place."""

    def __init__(self, malachite, postgres):
        self.malachite = malachite
        self.arm = malachite.arm
        self.postgres = postgres
        self.names = {kind: unique(kind[0]) for kind in ("flexibleServers", "servers")}

    def server_body(self):
        # A version that is nowhere: without its tags the server is refused rather than provisioned.
        return self.arm.server_body(self.postgres.superuser, self.postgres.password, version="99",
                                    attach=(self.postgres.host, self.postgres.port))

    def restore(self):
        """Puts back what the requests have taken away."""
        deadline = time.monotonic() + 20
        body = {"location": "eastus"}
        while self.arm.request("PUT", self.arm.group_id("rg"), body).status_code == 409:  # still being deleted
            assert time.monotonic() < deadline, "a resource group that is deleted does not go"
            time.sleep(0.05)
        for kind, name in self.names.items():
            response = self.arm.request("PUT", self.arm.server_id(name, kind), self.server_body())
            if response.status_code == 202:
                deadline = time.monotonic() + 20
                url = response.headers["Azure-AsyncOperation"]
                while self.arm.get(url)["status"] == "InProgress" and time.monotonic() < deadline:
                    time.sleep(0.05)

    def all(self):
        flexible, single = (self.arm.server_id(name, kind) for kind, name in self.names.items())
        group, subscription = self.arm.group_id("rg"), self.arm.subscription
        secrets = {"adminCredentials": {"sourceServerPassword": "a", "targetServerPassword": "b"}}
        migration = {"location": "eastus", "tags": {"a": "b"}, "properties": {
            "sourceDbServerResourceId": single, "secretParameters": secrets, "dbsToMigrate": ["no_such"],
            "migrationMode": "Offline", "overwriteDbsInTarget": "True", "migrationWindowStartTimeInUtc": "2026-01-01T00:00:00Z"}}
        parameter = {"properties": {"value": "4096", "source": "user-override"}}
        rule = {"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "1.2.3.4"}}
        tags = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
        provider = f"{subscription}/providers/{PROVIDER}"
        question = {"name": "some-name", "type": f"{PROVIDER}/flexibleServers"}
        here = f"{provider}/locations/eastus"
        new, old, arm = "2025-08-01", "2017-12-01", "2022-12-01"
        return [
            ("PUT", flexible, new, self.server_body()), ("GET", flexible, new, None), ("PATCH", flexible, new, {"tags": {}}),
            ("PUT", single, old, self.server_body()), ("PATCH", single, old, {"properties": {"sslEnforcement": "Enabled"}}),
            ("POST", f"{flexible}/restart", new, {"restartWithFailover": True}), ("POST", f"{flexible}/stop", new, None),
            ("PUT", f"{flexible}/migrations/m", new, migration), ("GET", f"{flexible}/migrations/m", new, None),
            ("PATCH", f"{flexible}/migrations/m", new, {"properties": {"cancel": "True", "dbsToCancelMigrationOn": ["a"]}}),
            ("DELETE", f"{flexible}/migrations/m", new, None), ("GET", f"{flexible}/migrations", new, None),
            ("POST", f"{flexible}/checkMigrationNameAvailability", new, {**question, "type": question["type"] + "/migrations"}),
            ("PUT", f"{flexible}/firewallRules/r", new, rule), ("DELETE", f"{flexible}/firewallRules/r", new, None),
            ("GET", f"{flexible}/firewallRules", new, None), ("PUT", f"{flexible}/databases/d", new, {"properties": {}}),
            ("GET", f"{flexible}/databases", new, None), ("DELETE", f"{flexible}/databases/d", new, None),
            ("GET", f"{flexible}/configurations/work_mem", new, None), ("PATCH", f"{flexible}/configurations/work_mem", new, parameter),
            ("PUT", f"{single}/configurations/azure.replication_support", old, parameter),
            ("POST", f"{single}/updateConfigurations", old, {"value": [{"name": "work_mem", **parameter}]}),
            ("PUT", f"{single}/virtualNetworkRules/v", old, {"properties": {"virtualNetworkSubnetId": flexible}}),
            ("GET", f"{flexible}/backups", new, None), ("GET", f"{here}/capabilities", new, None),
            ("POST", f"{provider}/checkNameAvailability", new, question), ("POST", f"{here}/checkNameAvailability", new, question),
            ("POST", f"{here}/checkVirtualNetworkSubnetUsage", new, {"virtualNetworkArmResourceId": "/subscriptions/x"}),
            ("GET", f"{here}/azureAsyncOperation/{subscription[15:]}", new, None),
            ("GET", f"{here}/operationResults/{subscription[15:]}", new, None),
            ("PUT", f"{group}/providers/Microsoft.Resources/tags/default", arm, tags),
            ("PATCH", f"{flexible}/providers/Microsoft.Resources/tags/default", arm, tags),
            ("PUT", f"{group}x", arm, {"location": "eastus", "tags": {"a": "b"}}), ("PATCH", group, arm, {"tags": {"a": "b"}}),
            ("HEAD", group, arm, None), ("GET", f"{group}/resources", arm, None), ("GET", f"{subscription}/resources", arm, None),
            ("GET", "/subscriptions", arm, None), ("GET", f"{subscription}/providers/{PROVIDER}", arm, None),
            ("POST", f"{subscription}/providers/{PROVIDER}/register", arm, None), ("GET", f"/providers/{PROVIDER}/operations", new, None),
            ("GET", "/_malachite/health", "", None), ("GET", "/_malachite/migrations", "", None), ("GET", "/metrics", "", None),
        ]


# -- mutations --------------------------------------------------------------------------------------------------


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
        return rng.choice([value * 10, value[1:], [mutate_value(rng, value[0], depth + 1)], value + [rng.choice(VALUES)]])
    if isinstance(value, str) and value and choice < 0.4:
        at = rng.randrange(len(value))
        return value[:at] + rng.choice(["", "\u0000", "'", "\"", "/", "é", " ", "%", "9" * 30]) + value[at + rng.randrange(2):]
    return rng.choice(VALUES)


def mutate_bytes(rng, raw):
    """Bytes that are mostly no JSON any more."""
    action = rng.randrange(6)
    if action == 0:
        return raw[:rng.randrange(len(raw) + 1)]
    if action == 1:
        return b"[" * rng.choice([10, 3000, 100000])
    if action == 2:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
    if action == 3:
        return b"\xef\xbb\xbf" + raw
    if action == 4:
        return raw + raw
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1:]


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


def plain(text):
    """As a request line can carry it."""
    return "".join(c if "!" <= c <= "~" else f"%{ord(c) % 256:02x}" for c in text)


def mutate(rng, call):
    method, path, version, body = call
    query = f"api-version={version}" if version else ""
    payload = encode(body) if body is not None else b""
    for what in rng.sample(["method", "path", "query", "body"], rng.choice([1, 1, 1, 2, 3])):
        if what == "method":
            method = rng.choice(METHODS)
        elif what == "path":
            path = mutate_path(rng, path)
        elif what == "query":
            query = mutate_query(rng, version)
        elif rng.random() < 0.8 and body is not None:
            for _ in range(rng.choice([1, 1, 2, 4])):
                body = mutate_value(rng, body)
            payload = encode(body)
        else:
            payload = mutate_bytes(rng, payload)
    return method, plain(path) + (f"?{plain(query)}" if query else ""), payload


# -- the run ----------------------------------------------------------------------------------------------------


class Client:
    """One connection, made anew when the server closes it."""

    def __init__(self, endpoint):
        self.host = endpoint.split("//")[1]
        self.connection = None

    def send(self, method, target, payload):
        for attempt in (1, 2):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPConnection(self.host, timeout=30)
            try:
                self.connection.putrequest(method, target, skip_accept_encoding=True)
                self.connection.putheader("Content-Type", "application/json")
                if payload or method in ("PUT", "POST", "PATCH"):
                    self.connection.putheader("Content-Length", str(len(payload)))
                self.connection.endheaders(payload or None)
                response = self.connection.getresponse()
                text = response.read()
                if response.will_close:
                    self.close()
                return response.status, text
            except (http.client.HTTPException, ConnectionError):
                self.close()
                if fresh or attempt == 2:
                    return None, b""
        return None, b""

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def complaint(status, text):
    """What is wrong with an answer, or None. A connection that is closed without one is the parser's right below us."""
    if status is None:
        return None
    if status == 501:
        return None if b'"NotImplementedByEmulator"' in text or not text else "a 501 that is not meant"
    if status >= 500:
        return f"status {status}"
    if status >= 400 and text and text.lstrip()[:1] == b"{" and "error" not in json.loads(text):
        return "an error without its shape"
    return None


def run(malachite, postgres, count, seed, seconds):
    """Sends up to `count` requests; returns how many of each status came. AssertionError at the first bad answer."""
    rng = random.Random(seed)
    calls = Calls(malachite, postgres)
    client = Client(malachite.arm.endpoint)
    deadline = time.monotonic() + seconds
    seen = {}
    for number in range(count):
        if number % REFRESH_EVERY == 0:
            calls.restore()
            base = calls.all()
        if time.monotonic() > deadline:
            break
        method, target, payload = mutate(rng, rng.choice(base))
        status, text = client.send(method, target, payload)
        seen[status] = seen.get(status, 0) + 1
        problem = complaint(status, text)
        assert malachite.running, f"ended by request {number} of seed {seed}: {method} {target}\n{payload!r}"
        assert problem is None, \
            f"{problem}: request {number} of seed {seed}: {method} {target}\n{payload[:2000]!r}\n{text[:2000]!r}"
    client.close()
    status, _ = Client(malachite.arm.endpoint).send("GET", "/_malachite/health", b"")
    assert status == 200, f"health says {status} after seed {seed}"
    return seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    with Postgres(name="fuzz") as postgres, Malachite("--connect-timeout", 1) as malachite:
        began = time.monotonic()
        seen = run(malachite, postgres, options.count, options.seed, options.seconds)
        print(f"{sum(seen.values())} requests in {time.monotonic() - began:.1f} s, seed {options.seed}:",
              ", ".join(f"{status or 'closed'}: {number}" for status, number in sorted(seen.items(), key=str)))


if __name__ == "__main__":
    main()
