"""Drives a local Malachite from pytest: waits, rules, time, snapshots, the journal. Needs nothing but pytest.

    pytest_plugins = ["malachite_testing"]

    def test_retry(malachite):                  # a subscription of its own, removed at the end
        malachite.wait("m1", state="Failed")

MALACHITE_BINARY names the program (default: malachite), MALACHITE_ENDPOINT a running one to use instead.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

START_SECONDS = 60


class CallFailed(AssertionError):
    def __init__(self, status, body, call):
        super().__init__(f"{call} -> {status}: {json.dumps(body)[:2000]}")
        self.status, self.body = status, body


class Rule:
    """A rule of Malachite: wait until it fired, release what it holds, delete it."""

    def __init__(self, malachite, name, body):
        self._malachite, self.path = malachite, f"/_malachite/rules/{name}"
        self._of = {"subscription": body["match"]["subscription"]}  # others may have a rule of this name
        self.body = malachite.call("PUT", self.path, body)

    def wait(self, fired=1, timeout=30):
        return self._malachite.call("GET", f"{self.path}/wait", fired=fired, timeout=timeout, **self._of)

    def get(self):
        return self._malachite.call("GET", self.path, **self._of)

    def release(self, **what):
        return self._malachite.call("POST", f"{self.path}/release", what, **self._of)

    def delete(self):
        return self._malachite.call("DELETE", self.path, **self._of)


class Malachite:
    """One subscription of a running Malachite."""

    def __init__(self, endpoint, subscription=None):
        self.endpoint = endpoint.rstrip("/")
        self.subscription = subscription or str(uuid.uuid4())
        self._rules = []

    def call(self, method, path, body=None, **query):
        """The JSON of a 2xx; CallFailed for all others."""
        query = {name: str(value) for name, value in query.items() if value is not None}
        url = self.endpoint + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=float(query.get("timeout", 60)) + 30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
            raise CallFailed(error.code, json.loads(text or b"null"), f"{method} {url}") from None
        return json.loads(text) if text else None

    def arm(self, method, path, body=None, version="2025-08-01"):  # a call of Resource Manager, below the subscription
        return self.call(method, f"/subscriptions/{self.subscription}{path}", body, **{"api-version": version})

    def rule(self, name=None, **rule):
        """rule(at="copy.rows", match={...}, skip=1000, do={...}): of this subscription only."""
        rule["match"] = {"subscription": self.subscription, **rule.get("match", {})}
        self._rules.append(Rule(self, name or f"r{uuid.uuid4().hex[:12]}", rule))
        return self._rules[-1]

    def wait(self, migration, timeout=30, **until):
        """wait("m1", state="Failed"), wait("m1", database="shop", incomingChanges=0)"""
        path = f"/_malachite/migrations/{urllib.parse.quote(migration)}/wait"
        return self.call("GET", path, subscription=self.subscription, timeout=timeout, **until)

    def clock(self, advance):
        """clock("PT72H"): as if that much time had passed for this subscription."""
        return self.call("POST", "/_malachite/clock", {"advance": advance, "subscription": self.subscription})

    def snapshot(self, name):
        return self.call("PUT", f"/_malachite/snapshots/{name}", subscription=self.subscription)

    def restore(self, name):
        return self.call("POST", f"/_malachite/snapshots/{name}/restore", subscription=self.subscription)

    def requests(self, **filters):
        """The journal of this subscription, newest first: requests(operation="Migrations_Get", status="4xx")"""
        return self.call("GET", "/_malachite/requests", subscription=self.subscription, **filters)["value"]

    def wait_requests(self, operation, count=1, timeout=30):
        query = {"operation": operation, "count": count, "timeout": timeout, "subscription": self.subscription}
        return self.call("GET", "/_malachite/requests/wait", **query)["value"]

    def remove(self):
        for rule in self._rules:
            try:
                rule.delete()
            except CallFailed as failure:
                if failure.status != 404:
                    raise
        self.call("DELETE", f"/_malachite/subscriptions/{self.subscription}", timeout=60)


@pytest.fixture(scope="session")
def malachite_endpoint():
    """Starts the program once for all tests; MALACHITE_ENDPOINT: uses a running one."""
    if os.environ.get("MALACHITE_ENDPOINT"):
        yield os.environ["MALACHITE_ENDPOINT"]
        return
    home = pathlib.Path(tempfile.mkdtemp(prefix="malachite-"))
    home.chmod(0o711)  # the user who runs the PostgreSQL servers has to get there
    ready = home / "endpoints.json"
    words = ["serve", "--http-port", "0", "--https-port", "0", "--subscriptions", "any"]
    words += ["--data-dir", str(home / "data"), "--endpoints-file", str(ready)]
    with open(home / "log", "wb") as log:
        process = subprocess.Popen([os.environ.get("MALACHITE_BINARY", "malachite"), *words], stdout=log, stderr=log)
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
        time.sleep(0.02)
    try:
        yield json.loads(ready.read_text())["http"]
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def malachite(malachite_endpoint):
    world = Malachite(malachite_endpoint)
    yield world
    world.remove()
