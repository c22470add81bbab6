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


# Not this directory: this file would hide the library "requests".
sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib")

from arm import PROVIDER, unique  # noqa: E402
from malachite import Malachite  # noqa: E402
from request_mutations import encode, mutate_bytes, mutate_path, mutate_query, mutate_value  # noqa: E402
from postgres import Postgres  # noqa: E402

REFRESH_EVERY = 400
METHODS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW"]


class Calls:
    """Real calls: (method, path, query, body) with what they need in place."""

    def __init__(self, malachite, postgres):
        self.malachite = malachite
        self.arm = malachite.arm
        self.postgres = postgres
        self.names = {kind: unique(kind[0]) for kind in ("flexibleServers", "servers")}

    def server_body(self):
        # A version that is nowhere: without its tags the server is refused rather than provisioned.
        return self.arm.server_body(
            self.postgres.superuser,
            self.postgres.password,
            version="99",
            attach=(self.postgres.host, self.postgres.port),
        )

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
        migration = {
            "location": "eastus",
            "tags": {"a": "b"},
            "properties": {
                "sourceDbServerResourceId": single,
                "secretParameters": secrets,
                "dbsToMigrate": ["no_such"],
                "migrationMode": "Offline",
                "overwriteDbsInTarget": "True",
                "migrationWindowStartTimeInUtc": "2026-01-01T00:00:00Z",
            },
        }
        parameter = {"properties": {"value": "4096", "source": "user-override"}}
        rule = {"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "1.2.3.4"}}
        tags = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
        provider = f"{subscription}/providers/{PROVIDER}"
        question = {"name": "some-name", "type": f"{PROVIDER}/flexibleServers"}
        here = f"{provider}/locations/eastus"
        new, old, arm = "2025-08-01", "2017-12-01", "2022-12-01"
        return [
            ("PUT", flexible, new, self.server_body()),
            ("GET", flexible, new, None),
            ("PATCH", flexible, new, {"tags": {}}),
            ("PUT", single, old, self.server_body()),
            ("PATCH", single, old, {"properties": {"sslEnforcement": "Enabled"}}),
            ("POST", f"{flexible}/restart", new, {"restartWithFailover": True}),
            ("POST", f"{flexible}/stop", new, None),
            ("PUT", f"{flexible}/migrations/m", new, migration),
            ("GET", f"{flexible}/migrations/m", new, None),
            (
                "PATCH",
                f"{flexible}/migrations/m",
                new,
                {"properties": {"cancel": "True", "dbsToCancelMigrationOn": ["a"]}},
            ),
            ("DELETE", f"{flexible}/migrations/m", new, None),
            ("GET", f"{flexible}/migrations", new, None),
            (
                "POST",
                f"{flexible}/checkMigrationNameAvailability",
                new,
                {**question, "type": question["type"] + "/migrations"},
            ),
            ("PUT", f"{flexible}/firewallRules/r", new, rule),
            ("DELETE", f"{flexible}/firewallRules/r", new, None),
            ("GET", f"{flexible}/firewallRules", new, None),
            ("PUT", f"{flexible}/databases/d", new, {"properties": {}}),
            ("GET", f"{flexible}/databases", new, None),
            ("DELETE", f"{flexible}/databases/d", new, None),
            ("GET", f"{flexible}/configurations/work_mem", new, None),
            ("PATCH", f"{flexible}/configurations/work_mem", new, parameter),
            ("PUT", f"{single}/configurations/azure.replication_support", old, parameter),
            ("POST", f"{single}/updateConfigurations", old, {"value": [{"name": "work_mem", **parameter}]}),
            ("PUT", f"{single}/virtualNetworkRules/v", old, {"properties": {"virtualNetworkSubnetId": flexible}}),
            ("GET", f"{flexible}/backups", new, None),
            ("GET", f"{here}/capabilities", new, None),
            ("POST", f"{provider}/checkNameAvailability", new, question),
            ("POST", f"{here}/checkNameAvailability", new, question),
            (
                "POST",
                f"{here}/checkVirtualNetworkSubnetUsage",
                new,
                {"virtualNetworkArmResourceId": "/subscriptions/x"},
            ),
            ("GET", f"{here}/azureAsyncOperation/{subscription[15:]}", new, None),
            ("GET", f"{here}/operationResults/{subscription[15:]}", new, None),
            ("PUT", f"{group}/providers/Microsoft.Resources/tags/default", arm, tags),
            ("PATCH", f"{flexible}/providers/Microsoft.Resources/tags/default", arm, tags),
            ("PUT", f"{group}x", arm, {"location": "eastus", "tags": {"a": "b"}}),
            ("PATCH", group, arm, {"tags": {"a": "b"}}),
            ("HEAD", group, arm, None),
            ("GET", f"{group}/resources", arm, None),
            ("GET", f"{subscription}/resources", arm, None),
            ("GET", "/subscriptions", arm, None),
            ("GET", f"{subscription}/providers/{PROVIDER}", arm, None),
            ("POST", f"{subscription}/providers/{PROVIDER}/register", arm, None),
            ("GET", f"/providers/{PROVIDER}/operations", new, None),
            ("GET", "/_malachite/health", "", None),
            ("GET", "/_malachite/migrations", "", None),
            ("GET", "/metrics", "", None),
        ]


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
        assert (
            problem is None
        ), f"{problem}: request {number} of seed {seed}: {method} {target}\n{payload[:2000]!r}\n{text[:2000]!r}"
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
        print(
            f"{sum(seen.values())} requests in {time.monotonic() - began:.1f} s, seed {options.seed}:",
            ", ".join(f"{status or 'closed'}: {number}" for status, number in sorted(seen.items(), key=str)),
        )


if __name__ == "__main__":
    main()
