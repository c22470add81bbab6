"""A client of the REST surface as tests need it: strict about every answer, short to write.

    arm = Arm("http://127.0.0.1:8080", subscription)
    group = arm.put_group("rg")
    migration = arm.put_migration(source, target, ["shop"])
    assert migration.wait()["properties"]["currentStatus"]["state"] == "Succeeded"
"""

import json as jsonlib
import os
import secrets as random_secrets
import threading
import time
import uuid
from dataclasses import dataclass, field

import requests

from invariants import MIGRATION_TYPE, TERMINAL, MigrationWatch, check_answer

# Sanitizer builds are slower: every deadline is multiplied by this.
SLOWNESS = float(os.environ.get("MALACHITE_TEST_SLOWNESS", "1"))

API_VERSION = "2025-08-01"  # flexible servers and their migrations
SINGLE_API_VERSION = "2017-12-01"  # single servers
ARM_API_VERSION = "2022-12-01"  # groups, providers, subscriptions
NETWORK_API_VERSION = "2024-05-01"  # virtual networks, private endpoints
PROVIDER = "Microsoft.DBforPostgreSQL"
LOCATION = "eastus"


def patience(seconds):
    """A deadline for this kind of build."""
    return seconds * SLOWNESS


def unique(prefix="t"):
    """A name that no other test uses."""
    return f"{prefix}{uuid.uuid4().hex[:10]}"


def new_secret():
    return "Sq1-" + random_secrets.token_hex(12)


def wait_until(condition, timeout, what="the condition", interval=0.03):
    """The first true value of the condition; AssertionError after the timeout."""
    deadline = time.monotonic() + patience(timeout)
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {patience(timeout)} s in vain for {what}"
        time.sleep(interval)


@dataclass
class Server:
    """A server resource. `postgres` is the server behind it, for looking at it from the other side."""

    id: str
    name: str
    kind: str
    login: str
    password: str
    postgres: object = field(default=None, repr=False)


class Arm:
    def __init__(self, endpoint, subscription, ca=True, group=None):
        self.endpoint = endpoint
        self.subscription = f"/subscriptions/{subscription}"
        self.group = group
        self.secrets = set()
        self.watches = {}
        self.ca = ca
        self.token = None  # sent as bearer token
        self._sessions = threading.local()

    # -- requests -----------------------------------------------------------------------------------------------

    @property
    def session(self):
        """One per thread: requests' sessions are not meant to be shared."""
        if not hasattr(self._sessions, "session"):
            self._sessions.session = requests.Session()
            self._sessions.session.trust_env = False
            self._sessions.session.verify = self.ca
        return self._sessions.session

    def request(self, method, path, json=None, api_version=None, status=None, **options):
        """`path`: below the endpoint, or an absolute URL, which is sent as it is. `api_version`: by default the right
        one for the path, "" for none. `status`: what is expected, one or several."""
        url = path if path.startswith("http") else self.endpoint + path
        if "api-version=" not in url:
            version = api_version if api_version is not None else default_api_version(path)
            options["params"] = {**({"api-version": version} if version else {}), **options.get("params", {})}
        options.setdefault("timeout", patience(30))
        if self.token:
            options["headers"] = {"Authorization": f"Bearer {self.token}", **options.get("headers", {})}
        response = self.session.request(method, url, json=json, **options)
        check_answer(response, self.secrets)
        if status is not None:
            expected = (status,) if isinstance(status, int) else status
            assert (
                response.status_code in expected
            ), f"{method} {response.url} -> {response.status_code}, not {status}: {response.text[:2000]}"
        self._watch(response)
        return response

    def _watch(self, response):
        """Every migration in an answer of the newest dialect passes through the invariants, whoever asked for it. Not
        from other threads: their answers may be older than what was seen already."""
        newest = f"api-version={API_VERSION}" in response.url
        if (
            not newest
            or response.status_code not in (200, 201)
            or threading.current_thread() != threading.main_thread()
        ):
            return
        body = response.json() if response.content else None
        items = body.get("value", [body]) if isinstance(body, dict) else []
        for item in items if isinstance(items, list) else []:
            if (
                isinstance(item, dict)
                and item.get("type") == MIGRATION_TYPE
                and "currentStatus" in item.get("properties", {})
            ):
                watch = self.watches.setdefault(item["id"].lower(), MigrationWatch())
                watch.see(item, first=response.status_code == 201)

    def get(self, path, **options):
        """The body of a 200."""
        return self.request("GET", path, status=200, **options).json()

    def list(self, path, **options):
        """All items of a list, over its pages."""
        items = []
        while path:
            page = self.get(path, **options)
            assert "nextLink" not in page or page["nextLink"].startswith("http")
            items += page["value"]
            path, options = page.get("nextLink"), {}
        return items

    def error(self, method, path, status, code=None, **options):
        """The error of a call that has to fail."""
        error = self.request(method, path, status=status, **options).json()["error"]
        assert code is None or error["code"] == code, error
        return error

    def put_and_wait(self, path, json, **options):
        return self.wait_operation(self.request("PUT", path, json, status=202, **options))

    def delete_and_wait(self, path, **options):
        return self.wait_operation(self.request("DELETE", path, status=202, **options))

    def wait_operation(self, response, timeout=60, expect="Succeeded"):
        """Follows Azure-AsyncOperation to the end, then Location. Returns the status body."""
        assert int(response.headers["Retry-After"]) >= 1
        assert "status" not in response.json(), "a status in the 202 would be taken for that of the operation"
        url, location = response.headers["Azure-AsyncOperation"], response.headers["Location"]

        def ended():
            status = self.get(url)
            assert status["name"] in url
            return status if status["status"] != "InProgress" else None

        status = wait_until(ended, timeout, f"the end of {url}")
        assert status["status"] == expect, status
        assert ("error" in status) == (expect == "Failed"), status
        if expect == "Succeeded":
            self.request("GET", location, status=(200, 204))
        return status

    # -- groups and servers -------------------------------------------------------------------------------------

    def group_id(self, name):
        return f"{self.subscription}/resourceGroups/{name}"

    def put_group(self, name, location=LOCATION):
        self.request("PUT", self.group_id(name), {"location": location}, status=(200, 201))
        return name

    def server_id(self, name, kind="flexibleServers", group=None):
        return f"{self.group_id(group or self.group)}/providers/{PROVIDER}/{kind}/{name}"

    def server_body(self, login, password, version=None, attach=None, **properties):
        """`attach`: (host, port) of an existing PostgreSQL."""
        properties = {"administratorLogin": login, "administratorLoginPassword": password, **properties}
        if version:
            properties["version"] = str(version)
        body = {
            "location": LOCATION,
            "sku": {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"},
            "properties": properties,
        }
        if attach:
            body["tags"] = {"malachite.host": attach[0], "malachite.port": str(attach[1])}
        return body

    def put_server(
        self, name, kind="flexibleServers", login="pgadmin", password=None, version=None, attach=None, group=None
    ):
        """Creates a server and waits for it."""
        password = password or new_secret()
        self.secrets.add(password)
        extra = {"createMode": "Default"} if kind == "servers" else {}
        body = self.server_body(login, password, version, attach, **extra)
        path = self.server_id(name, kind, group)
        self.put_and_wait(path, body)
        return Server(path, name, kind, login, password)

    # -- migrations ---------------------------------------------------------------------------------------------

    def migration_body(self, source, target, databases, **properties):
        """`source`: a Server, or its id as text. A property of None is left out."""
        source_password = getattr(source, "password", "unused")
        properties = {
            "sourceDbServerResourceId": getattr(source, "id", source),
            "secretParameters": {
                "adminCredentials": {"sourceServerPassword": source_password, "targetServerPassword": target.password}
            },
            "dbsToMigrate": databases,
            "migrationMode": "Offline",
            "migrationOption": "Migrate",
            **properties,
        }
        properties = {key: value for key, value in properties.items() if value is not None}
        return {"location": LOCATION, "properties": properties}

    def put_migration(self, source, target, databases, name=None, status=201, body=None, **properties):
        body = body or self.migration_body(source, target, databases, **properties)
        migration = Migration(self, target, name or unique("m"))
        response = self.request("PUT", migration.path, body, status=status)
        migration.created = response.json()
        return migration

    def migrations(self, target, which="All"):
        """The names of a target's migrations, newest first."""
        return [item["name"] for item in self.list(f"{target.id}/migrations", params={"migrationListFilter": which})]

    def begin_attempt(self):
        for watch in self.watches.values():
            watch.begin_attempt()


class Migration:
    """One migration; every body of it is checked (Arm.request)."""

    def __init__(self, arm, target, name):
        self.arm = arm
        self.name = name
        self.path = f"{target.id}/migrations/{name}"
        self.watch = arm.watches.setdefault(self.path.lower(), MigrationWatch())
        self.created = None

    def get(self):
        return self.arm.get(self.path)

    def patch(self, status=200, **properties):
        response = self.arm.request("PATCH", self.path, {"properties": properties}, status=status)
        return response.json()

    def cancel(self, status=200, **properties):
        return self.patch(status, cancel="True", **properties)

    def delete(self, status=200):
        return self.arm.request("DELETE", self.path, status=status)

    def wait(self, until=None, timeout=60):
        """Asks until the state or substate is `until` (a word, several, or a function of the body), by default until
        the end. A migration that ends otherwise fails the test. Returns the body."""
        words = {until} if isinstance(until, str) else until

        def reached():
            body = self.get()
            if callable(until):
                done = until(body)
            else:
                done = (words or TERMINAL) & {state_of(body), substate_of(body)}
            assert (
                done or state_of(body) not in TERMINAL
            ), f"ended while waiting for {until}: {jsonlib.dumps(body['properties']['currentStatus'], indent=1)}"
            return body if done else None

        return wait_until(reached, timeout, f"{until or 'the end'} of migration {self.name}")

    def succeed(self, timeout=60):
        """Waits for the end, which has to be Succeeded."""
        body = self.wait(timeout=timeout)
        assert state_of(body) == "Succeeded", body["properties"]["currentStatus"]
        return body

    def fail(self, timeout=60):
        """Waits for the end, which has to be Failed; returns the error text."""
        body = self.wait(timeout=timeout)
        assert state_of(body) == "Failed", body["properties"]["currentStatus"]
        return body["properties"]["currentStatus"]["error"]


def state_of(body):
    return body["properties"]["currentStatus"]["state"]


def substate_of(body):
    return body["properties"]["currentStatus"].get("currentSubStateDetails", {}).get("currentSubState")


def details_of(body, database):
    """dbDetails of one database; {} while there are none."""
    details = body["properties"]["currentStatus"].get("currentSubStateDetails", {})
    return details.get("dbDetails", {}).get(database, {})


def default_api_version(path):
    lower = path.lower()
    if "/providers/microsoft.network/" in lower:
        return NETWORK_API_VERSION
    if "/servers" in lower and "/flexibleservers" not in lower:
        return SINGLE_API_VERSION
    return API_VERSION if "/providers/microsoft.dbforpostgresql/" in lower else ARM_API_VERSION
