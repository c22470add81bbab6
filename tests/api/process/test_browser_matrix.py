"""What browsers send, for every call of the route table: who may change something, and who needs a token."""

import itertools
import re
import uuid
from urllib.parse import urlsplit

import pytest
import requests

from arm import ARM_API_VERSION, patience, unique
from invariants import check_error
from malachite import Malachite

JSON = "application/json"
KINDS = [JSON, "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", None]
ORIGINS = [
    "https://evil.example", "http://evil.example", "null", "file://", "", "http://127.0.0.1:1", "http://localhost:1",
    "http://[::1]:1", "http://SAME.evil.example", "http://x@SAME", "http://SAME, http://evil.example",
    "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh", "moz-extension://0f0f-0f0f", "HTTP://EVIL.EXAMPLE",
]  # fmt: skip
# As browsers send them: another site, a sandboxed frame, another port of the same machine, file://, extensions.
SENDERS = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "file://"},
    {"Sec-Fetch-Site": "none", "Origin": "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "file://"},
]
# No token under --auth strict: docs/security.md.
OPEN = {"health", "ready", "ca.pem", "openapi"}


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="module")
def calls(malachite):
    """Every call of the route table: [(method, path with the query)]."""
    found = []
    for route in malachite.arm.get("/_malachite/routes", api_version="")["value"]:
        path = re.sub(r"\{subscriptionId\}", malachite.endpoints["subscriptionId"], route["pattern"])
        path = re.sub(r"\{.*?\}", "none", path)
        query = "" if path.startswith("/_malachite") else "?api-version=" + ARM_API_VERSION
        found.append((route["method"], path + query))
    assert len(found) > 250
    return found


def ask(session, malachite, method, path, headers, body="{}"):
    here = urlsplit(malachite.endpoints["http"]).netloc
    headers = {name: value.replace("SAME", here) for name, value in headers.items() if value is not None}
    response = session.request(
        method, malachite.endpoints["http"] + path, data=body, headers=headers, timeout=patience(20)
    )
    cors = [name for name in response.headers if name.lower().startswith("access-control-")]
    assert not cors, f"{method} {path} {headers}: {cors}"
    return response


def refusal(response, status, code):
    assert response.status_code == status, (response.request.method, response.url, response.text[:500])
    if response.request.method != "HEAD":
        check_error(response.json(), response.url)
        assert response.json()["error"]["code"] == code, response.text


def test_no_call_of_the_table_changes_anything_for_another_site(session, malachite, calls):
    writes = [(method, path) for method, path in calls if method not in ("GET", "HEAD")]
    assert len(writes) > 100
    for (method, path), sender in itertools.product(writes, SENDERS):
        refusal(ask(session, malachite, method, path, {**sender, "Content-Type": JSON}), 403, "RequestFromOtherSite")


def test_no_page_of_another_site_occupies_what_is_limited(session, malachite):
    group = malachite.arm.group_id("none")
    servers = group + "/providers/Microsoft.DBforPostgreSQL/flexibleServers/none"
    limited = [
        "/_malachite/requests/wait?timeout=0",
        f"/_malachite/migrations/{uuid.uuid4()}/wait?state=Failed&timeout=0",
        "/_malachite/events",
        f"/_malachite/databases?server={servers}",
        f"{servers}/databases?api-version=2024-08-01",
    ]
    for path, sender in itertools.product(limited, SENDERS):
        refusal(ask(session, malachite, "GET", path, sender), 403, "RequestFromOtherSite")
    for path in ("/_malachite/health", "/_malachite/openapi", "/_malachite/requests"):
        assert ask(session, malachite, "GET", path, SENDERS[0]).status_code == 200


def test_every_origin_with_every_kind_of_body(session, malachite):
    name = unique("rule")
    paths = [
        ("PUT", f"/_malachite/rules/{name}"),
        ("POST", "/common/oauth2/v2.0/token"),
        ("DELETE", f"/_malachite/snapshots/{name}"),
        ("PATCH", malachite.arm.group_id(name) + "?api-version=" + ARM_API_VERSION),
    ]
    sites = [None, "none", "cross-site", "same-site", "CROSS-SITE", "x", "same-origin, cross-site"]
    for (method, path), origin, site, kind in itertools.product(paths, [None, *ORIGINS], sites, KINDS):
        if origin is None and site in (None, "none"):
            continue  # not a page: the user, or a program
        headers = {"Origin": origin, "Sec-Fetch-Site": site, "Content-Type": kind}
        refusal(ask(session, malachite, method, path, headers), 403, "RequestFromOtherSite")


def test_our_own_page_may_send_json_and_nothing_else(session, malachite):
    paths = [("PUT", "/_malachite/rules/none"), ("POST", "/_malachite/connection"), ("POST", "/_malachite/clock")]
    for (method, path), site, kind in itertools.product(paths, [None, "same-origin"], KINDS):
        response = ask(
            session, malachite, method, path, {"Origin": "http://SAME", "Sec-Fetch-Site": site, "Content-Type": kind}
        )
        if kind == JSON:
            assert response.status_code not in (403, 415), response.text
        else:
            refusal(response, 415, "UnsupportedMediaType")


def test_a_preflight_allows_nothing(session, malachite, calls):
    for path in sorted({path for _, path in calls}):
        headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
        assert ask(session, malachite, "OPTIONS", path, headers, None).status_code in (200, 204, 403, 404)


def test_no_call_of_the_table_is_served_for_a_rebound_host(session, malachite, calls):
    port = urlsplit(malachite.endpoints["http"]).port
    for method, path in calls:
        host = f"evil.example:{port}"
        for headers in ({"Host": host}, {"Host": host, "Origin": "http://" + host, "Sec-Fetch-Site": "same-origin"}):
            refusal(
                ask(session, malachite, method, path, {**headers, "Content-Type": JSON}), 421, "RequestForOtherHost"
            )


def test_strict_needs_a_token_for_every_call_but_the_documented_ones(session, calls):
    with Malachite("--auth", "strict") as strict:
        untold = []
        for method, path in calls:
            first, *rest = path.split("?")[0].strip("/").split("/")
            own = first == "_malachite" and rest[0] not in OPEN
            resources = first in ("subscriptions", "providers", "tenants")
            for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
                status = ask(session, strict, method, path, {"Content-Type": JSON, **headers}).status_code
                if (status == 401) != (own or resources):
                    untold.append((method, path, headers, status))
        assert not untold
