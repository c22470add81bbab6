"""HTTP and what Resource Manager puts around it."""

import http.client
import json
import re
import socket
from urllib.parse import urlsplit

import pytest
import requests

from arm import API_VERSION, ARM_API_VERSION, patience, unique
from invariants import check_error, is_uuid

MIB = 1024 * 1024


def raw(arm, method, target, body=None, headers=None):
    """Sends a request line as it is. Returns status, headers, body."""
    connection = http.client.HTTPConnection(urlsplit(arm.endpoint).netloc, timeout=patience(20))
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


@pytest.fixture
def migration_path(attached):
    return f"{attached.target.id}/migrations/{unique('m')}"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/subscriptions/{s}/nothing",
        "/providers/nothing/at/all",
        "/subscriptions/{s}/resourceGroups/rg/x/y",
        "/subscriptions/{s}/providers/Microsoft.DBforPostgreSQL/nothing",
        "/subscriptions/{s}/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/x/migrations/y/z",
    ],
)
def test_an_unknown_path_is_404(arm, malachite, path):
    arm.error("GET", path.format(s=malachite.endpoints["subscriptionId"]), 404)


@pytest.mark.parametrize(
    "path, code",
    [
        ("{rg}/providers/Microsoft.Nothing/things/x", "InvalidResourceNamespace"),
        ("{rg}/providers/Microsoft.DBforPostgreSQL/elephants/x", "InvalidResourceType"),
    ],
)
def test_unknown_providers_and_types_are_distinguished(arm, path, code):
    arm.error("GET", path.format(rg=arm.group_id("rg")), 404, code)


@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("POST", "{rg}", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("DELETE", "{s}/resourcegroups", {"GET"}),
        ("PUT", "{fs}/migrations", {"GET"}),
        ("POST", "{fs}/migrations/m", {"GET", "PUT", "PATCH", "DELETE"}),
        ("GET", "{fs}/checkMigrationNameAvailability", {"POST"}),
        ("PATCH", "/_malachite/health", {"GET"}),
    ],
)
def test_a_wrong_method_is_405_with_the_allowed_ones(arm, attached, method, path, allowed):
    path = path.format(rg=arm.group_id("rg"), s=arm.subscription, fs=attached.target.id)
    response = arm.request(method, path, {} if method != "GET" else None, status=405)
    found = {word.strip() for word in response.headers["Allow"].split(",")}
    assert allowed <= found and method not in found, found


def test_options_lists_the_methods(arm):
    response = arm.request("OPTIONS", arm.group_id("rg"), status=(200, 204))
    assert {"GET", "PUT", "DELETE"} <= {word.strip() for word in response.headers["Allow"].split(",")}


def test_unknown_methods_are_refused(arm):
    assert raw(arm, "BREW", arm.group_id("rg") + "?api-version=" + ARM_API_VERSION)[0] in (405, 501)


@pytest.mark.parametrize("size, status", [(4 * MIB, 400), (4 * MIB + 1, 413), (9 * MIB, 413)])
def test_bodies_have_four_mebibytes_at_most(arm, migration_path, size, status):
    arm.error("PUT", migration_path, status, data=b" " * (size - 1) + b"{")


def test_chunked_bodies_have_the_same_limit(arm, migration_path):
    def chunks():
        for _ in range(6):
            yield b" " * MIB

    try:
        response = arm.request("PUT", migration_path, data=chunks())
        assert response.status_code == 413
    except requests.ConnectionError:
        pass  # the server may close before it has read all
    arm.get(arm.subscription)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"1",
        b'{"a":1,}',
        b'{"a":NaN}',
        b'{"a":1} x',
        b"{'a':1}",
        b'{"a":"\xff"}',
        b'{"a":"\xc3"}',
        b"[" * 100000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"\x00",
        b'{"a":"\x01"}',
        b'{"a":"\\ud800"}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 400 + b"}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_json_object_is_400(arm, migration_path, body):
    arm.error("PUT", migration_path, 400, data=body, headers={"Content-Type": "application/json"})


def test_the_message_about_bad_json_names_the_position(arm, migration_path):
    error = arm.error("PUT", migration_path, 400, "InvalidRequestContent", data=b'{"location": "eastus",\n "x" 1}')
    assert "line 2" in error["message"], error


@pytest.mark.parametrize(
    "segment, statuses",
    [
        ("a%2Fb", (400, 404)),
        ("a%2fb", (400, 404)),
        ("a%00b", (400,)),
        ("%00", (400,)),
        ("%", (400,)),
        ("%2", (400,)),
        ("%zz", (400,)),
        ("%C0%AF", (400,)),
        ("%FF", (400,)),
        ("%ED%A0%80", (400,)),
        ("a%0Ab", (400,)),
        ("..", (400, 404)),
        ("%2e%2e", (400, 404)),
        ("%20", (400, 404)),
        ("a%25b", (400, 404)),
        ("%E2%82%AC", (400, 404)),
        ("x" * 200, (400, 404)),
        ("'; DROP TABLE migrations; --".replace(" ", "%20"), (400, 404)),
    ],
)
@pytest.mark.parametrize("place", ["/migrations/{}", "/databases/{}"])
def test_invalid_names_in_paths_are_reported(arm, attached, place, segment, statuses):
    path = attached.target.id + place.format(segment) + "?api-version=" + API_VERSION
    status, headers, body = raw(arm, "GET", path)
    assert status in statuses, body
    assert is_uuid(headers["x-ms-request-id"])
    check_error(json.loads(body), path)


@pytest.mark.parametrize("query", ["api-version=%zz", "api-version=%00", "api-version=%FF", "x=%"])
def test_malformed_escapes_in_the_query_are_reported(arm, query):
    status, _, body = raw(arm, "GET", arm.subscription + "?" + query)
    assert status == 400, body
    check_error(json.loads(body), query)


def test_an_endless_address_is_refused(arm):
    status, _, body = raw(arm, "GET", arm.subscription + "?api-version=" + ARM_API_VERSION + "&x=" + "y" * 60000)
    assert status in (400, 413, 414, 431), body


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET / HTTP/1.1\r\n:\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_bytes_that_are_no_http_do_no_harm(arm, bytes_sent):
    address = urlsplit(arm.endpoint)
    with socket.create_connection((address.hostname, address.port), patience(10)) as connection:
        connection.sendall(bytes_sent)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        try:
            answer = connection.recv(4096)
        except TimeoutError:
            answer = b""  # half a request: it may wait for the rest until the idle timeout
    assert not answer or re.match(rb"HTTP/1\.[01] [2-5]\d\d ", answer), answer
    arm.get(arm.subscription)


def test_one_connection_serves_on_after_errors(arm, migration_path):
    connection = http.client.HTTPConnection(urlsplit(arm.endpoint).netloc, timeout=patience(10))
    for method, path, body, expected in (
        ("GET", "/nothing", None, 404),
        ("PUT", migration_path + "?api-version=" + API_VERSION, b"{", 400),
        ("DELETE", "/_malachite/health", None, 405),
        ("GET", "/_malachite/health", None, 200),
    ):
        connection.request(method, path, body)
        response = connection.getresponse()
        response.read()
        assert response.status == expected
    connection.close()


@pytest.mark.parametrize("path, status", [("{rg}", 204), ("{rg}-missing", 404)])
def test_head_of_a_group_has_no_body(arm, path, status):
    response = arm.request("HEAD", path.format(rg=arm.group_id("rg")), status=status)
    assert response.content == b""


def test_head_is_get_without_the_body(arm, attached):
    head = arm.request("HEAD", attached.target.id, status=(200, 204))
    assert head.content == b"" and is_uuid(head.headers["x-ms-request-id"])


@pytest.mark.parametrize(
    "version, code",
    [
        ("", "MissingApiVersionParameter"),
        ("2022-12-01", "NoRegisteredProviderFound"),
        ("2019-01-01", "NoRegisteredProviderFound"),
        ("tomorrow", "NoRegisteredProviderFound"),
        ("2025-08-01-", "NoRegisteredProviderFound"),
        ("2025-13-01", "NoRegisteredProviderFound"),
    ],
)
def test_an_unsupported_api_version_is_reported(arm, attached, version, code):
    error = arm.error("GET", f"{attached.target.id}/migrations", 400, code, api_version=version)
    assert code == "MissingApiVersionParameter" or "2025-08-01" in error["message"]


def test_resource_manager_s_own_types_have_another_message(arm):
    error = arm.error("GET", arm.group_id("rg"), 400, "InvalidApiVersionParameter", api_version="1999-01-01")
    assert "2022-12-01," in error["message"]


def test_a_newer_api_version_is_answered_with_a_warning(arm, attached):
    response = arm.request("GET", f"{attached.target.id}/migrations", api_version="2031-02-03", status=200)
    assert "newest" in response.headers["Warning"]


def test_strict_api_version_refuses_newer_ones(own):
    one = own("--strict-api-version")
    path = one.arm.server_id("x") + "/migrations"
    one.arm.error("GET", path, 400, "NoRegisteredProviderFound", api_version="2031-02-03")


def test_the_api_version_may_be_written_in_any_case(arm):
    assert raw(arm, "GET", f"{arm.subscription}?API-Version={ARM_API_VERSION}")[0] == 200


@pytest.mark.parametrize(
    "subscription, status, code",
    [("x", 400, "InvalidSubscriptionId"), ("00000000-0000-0000-0000-00000000000", 400, "InvalidSubscriptionId")],
)
def test_wrong_subscriptions_are_reported(arm, subscription, status, code):
    for rest in ("", "/resourcegroups", "/providers", "/providers/Microsoft.DBforPostgreSQL/flexibleServers"):
        error = arm.error("GET", f"/subscriptions/{subscription}{rest}", status, code)
        assert subscription in error["message"]


def test_missing_groups_servers_and_migrations_are_distinguished(arm, attached):
    arm.error("GET", arm.server_id("x", group="no-group"), 404, "ResourceGroupNotFound")
    error = arm.error("GET", arm.server_id("no-server"), 404, "ResourceNotFound")
    assert "Microsoft.DBforPostgreSQL/flexibleServers/no-server" in error["message"]
    error = arm.error("GET", arm.server_id("no-server") + "/migrations/m", 404, "ParentResourceNotFound")
    assert "flexibleServers/migrations" in error["message"]
    arm.error("GET", attached.target.id + "/migrations/no-migration", 404, "ResourceNotFound")


def test_paths_compare_without_case(arm, attached):
    for path in (attached.target.id.upper(), attached.target.id.lower()):
        assert arm.get(path)["id"] == arm.get(attached.target.id)["id"]


def test_a_slash_at_the_end_does_not_matter(arm, attached):
    assert arm.get(attached.target.id + "/")["name"] == attached.target.name


def test_ids_of_requests_come_back(arm):
    response = arm.request(
        "GET",
        arm.subscription,
        headers={
            "x-ms-correlation-request-id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "x-ms-client-request-id": "mine",
            "x-ms-return-client-request-id": "true",
        },
    )
    assert response.headers["x-ms-correlation-request-id"] == "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    assert response.headers["x-ms-client-request-id"] == "mine"
    other = arm.request("GET", arm.subscription)
    assert other.headers["x-ms-request-id"] != response.headers["x-ms-request-id"]


@pytest.mark.parametrize("path", ["{s}", "/subscriptions/x", "{s}/nothing"])
def test_every_answer_has_the_headers_of_resource_manager(arm, path):
    headers = arm.request("GET", path.format(s=arm.subscription)).headers
    assert headers["Cache-Control"] == "no-cache" and headers["Pragma"] == "no-cache" and headers["Expires"] == "-1"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers
    assert re.fullmatch(r"[A-Z0-9]+:\d{8}T\d{6}Z:[0-9a-f-]{36}", headers["x-ms-routing-request-id"])
    assert ("x-ms-failure-cause" in headers) == (path != "{s}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_https_is_trusted_with_malachite_s_own_authority(arm, malachite, host):
    port = urlsplit(malachite.endpoints["https"]).port
    response = requests.get(
        f"https://{host}:{port}{arm.subscription}",
        verify=malachite.endpoints["ca"],
        params={"api-version": ARM_API_VERSION},
        timeout=patience(10),
    )
    assert response.status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://{host}:{port}{arm.subscription}", timeout=patience(10))


def test_the_authority_s_certificate_can_be_fetched(arm, malachite):
    response = arm.request("GET", "/_malachite/ca.pem", status=200)
    assert response.text == open(malachite.endpoints["ca"]).read()


@pytest.mark.parametrize(
    "headers, begins",
    [
        ({}, None),
        ({"Host": "malachite:8443"}, "http://malachite:8443/"),
        ({"X-Forwarded-Host": "outside.example", "X-Forwarded-Proto": "https"}, "https://outside.example/"),
    ],
)
def test_links_lead_where_the_client_came_from(arm, headers, begins):
    group = arm.put_group(unique("links"))
    response = arm.request("DELETE", arm.group_id(group), status=202, headers=headers)
    assert response.headers["Location"].startswith(begins or arm.endpoint + "/")


def test_many_connections_at_once_are_served(arm):
    address = urlsplit(arm.endpoint)
    line = "GET /_malachite/health HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    connections = [socket.create_connection((address.hostname, address.port), patience(10)) for _ in range(200)]
    try:
        for connection in connections:
            connection.sendall(line)
        for connection in connections:
            connection.settimeout(patience(10))
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    finally:
        for connection in connections:
            connection.close()


def test_plain_http_on_the_https_port_is_answered_with_advice(malachite):
    port = malachite.endpoints["https"].rsplit(":", 1)[1].rstrip("/")
    for body in (None, b"x" * 20000):
        response = requests.request(
            "PUT" if body else "GET", f"http://127.0.0.1:{port}/subscriptions", data=body, timeout=patience(10)
        )
        assert response.status_code == 400
        message = response.json()["error"]["message"]
        assert "HTTPS port" in message and malachite.endpoints["http"].rstrip("/") in message
    ca = malachite.endpoints["ca"]
    assert requests.get(f"{malachite.endpoints['https']}/_malachite/health", verify=ca, timeout=patience(10)).ok


def test_the_log_names_the_address_that_is_listened_on(own):
    assert " listen=0.0.0.0 " in own("--listen", "0.0.0.0", "--allow-remote").log_text()
