"""Who may use the port: hosts, pages of other sites, kinds of bodies, proxies, other machines."""

import json
import socket
from urllib.parse import urlsplit

import pytest
import requests

from arm import ARM_API_VERSION, patience, unique
from invariants import check_error
from malachite import Malachite, run_command

JSON = {"Content-Type": "application/json"}


def call(malachite, method, path, scheme="http", **options):
    options.setdefault("timeout", patience(20))
    options.setdefault("verify", malachite.endpoints["ca"])
    return requests.request(method, malachite.endpoints[scheme] + path, **options)


def put_group(malachite, headers=None, body='{"location": "eastus"}', name=None):
    path = malachite.arm.group_id(name or unique("g")) + "?api-version=" + ARM_API_VERSION
    return call(malachite, "PUT", path, data=body, headers=headers or {})


def refused(response, status, code):
    check_error(response.json(), response.url)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code), response.text
    return response.json()["error"]["message"]


@pytest.fixture(scope="module")
def open_house():
    with Malachite(
        "--allow-host", "one.example", "--allow-host", "two.example,three.example", "--tls-names", "four.example"
    ) as running:
        yield running


# -- hosts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "localhost@evil.example",
     "93.184.216.34", "0.0.0.0", "[2001:db8::1]", "localhost:80:80", "a b", "one.example", "evil.example:8080"],
)  # fmt: skip
def test_a_request_for_another_host_is_refused(malachite, host):
    for method, path in (
        ("GET", "/_malachite/health"),
        ("GET", "/"),
        ("GET", "/subscriptions?api-version=2022-12-01"),
        ("POST", "/common/oauth2/v2.0/token"),
    ):
        message = refused(call(malachite, method, path, headers={"Host": host}), 421, "RequestForOtherHost")
        assert "--allow-host" in message and host in message


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "localhost.", "a.localhost:8080", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:8080",
     "management.azure.com", "login.microsoftonline.com:443", "malachite:8080", "host.docker.internal"],
)  # fmt: skip
def test_loopback_and_the_names_of_the_certificate_are_served(malachite, host):
    assert call(malachite, "GET", "/_malachite/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["one.example", "Two.Example:99", "three.example.", "four.example"])
def test_further_hosts_can_be_allowed(open_house, host):
    assert call(open_house, "GET", "/_malachite/health", headers={"Host": host}).status_code == 200
    headers = {"Host": "sub." + host}
    refused(call(open_house, "GET", "/_malachite/health", headers=headers), 421, "RequestForOtherHost")


def test_the_whole_url_in_the_request_line_counts_too(malachite):
    address = urlsplit(malachite.endpoints["http"])
    for host, status in (("evil.example", b"421"), ("localhost", b"200")):
        with socket.create_connection((address.hostname, address.port), patience(10)) as connection:
            connection.sendall(f"GET http://{host}/_malachite/health HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert connection.recv(4096).split()[1] == status


# -- browsers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"}, {"Origin": "file://"},
     {"Origin": "http://127.0.0.1"}, {"Origin": "http://SAME.evil.example"}, {"Origin": "http://SAME@evil.example"},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site, none"}],
)  # fmt: skip
def test_pages_of_other_sites_change_nothing(malachite, headers):
    here = urlsplit(malachite.endpoints["http"]).netloc
    headers = {name: value.replace("SAME", here) for name, value in headers.items()}
    name = unique("g")
    refused(put_group(malachite, {**JSON, **headers}, name=name), 403, "RequestFromOtherSite")
    malachite.arm.error("GET", malachite.arm.group_id(name), 404)
    for method, path in (("DELETE", "/_malachite/requests"), ("POST", "/common/oauth2/v2.0/token")):
        refused(call(malachite, method, path, headers=headers), 403, "RequestFromOtherSite")
    assert call(malachite, "GET", "/_malachite/health", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://SAME"}, {"Origin": "http://SAME", "Sec-Fetch-Site": "same-origin"},
     {"Sec-Fetch-Site": "none"}, {"Origin": "http://a.localhost:7", "Host": "a.localhost:7"},
     {"Origin": "http://localhost", "Host": "localhost:80"}, {"Origin": "http://localhost:80", "Host": "localhost"},
     {"Origin": "https://out.example", "X-Forwarded-Host": "out.example", "X-Forwarded-Proto": "https"},
     {"Origin": "https://out.example:8443", "Forwarded": "host=\"out.example:8443\";proto=https"}],
)  # fmt: skip
def test_our_own_pages_may_change_things(malachite, headers):
    here = urlsplit(malachite.endpoints["http"]).netloc
    headers = {name: value.replace("SAME", here) for name, value in headers.items()}
    assert put_group(malachite, {**JSON, **headers}).status_code == 201


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "text/plain", "text/plain; x=application/json", "multipart/form-data",
     "application/xml", "application/jsonp", "json", "application/x-www-form-urlencoded; application/json"],
)  # fmt: skip
def test_bodies_that_a_form_can_send_are_refused(malachite, kind):
    message = refused(put_group(malachite, {"Content-Type": kind}), 415, "UnsupportedMediaType")
    assert f"'{kind}'" in message and "Content-Type: application/json" in message
    path = "/_malachite/connection"
    refused(call(malachite, "POST", path, data="{}", headers={"Content-Type": kind}), 415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json", "text/json"]
)
def test_json_has_several_names(malachite, kind):
    assert put_group(malachite, {"Content-Type": kind}).status_code == 201


def test_a_body_without_a_type_is_json_unless_a_browser_sends_it(malachite):
    assert put_group(malachite).status_code == 201
    here = malachite.endpoints["http"].rstrip("/")
    for headers in ({"Origin": here}, {"Sec-Fetch-Site": "same-origin"}):
        assert "'<null>'" in refused(put_group(malachite, headers), 415, "UnsupportedMediaType")


def test_a_call_without_a_body_needs_no_type(malachite):
    path = malachite.arm.subscription + "/providers/Microsoft.DataMigration/register?api-version=" + ARM_API_VERSION
    for headers in ({}, {"Content-Type": "text/plain"}):
        assert call(malachite, "POST", path, headers=headers).status_code == 200


# -- proxies ------------------------------------------------------------------------------------------------------


LINKS = [
    ({"X-Forwarded-Host": "out.example", "X-Forwarded-Proto": "https"}, "https://out.example"),
    ({"X-Forwarded-Host": "out.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "8443"},
     "https://out.example:8443"),
    ({"X-Forwarded-Host": "out.example:99", "X-Forwarded-Port": "8443"}, "http://out.example:99"),
    ({"Host": "localhost", "X-Forwarded-Port": "8081"}, "http://localhost:8081"),
    ({"Host": "localhost:5", "X-Forwarded-Port": "8081"}, "http://localhost:8081"),
    ({"Host": "localhost:5", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"}, "https://localhost"),
    ({"Host": "localhost", "X-Forwarded-Port": "80"}, "http://localhost"),
    ({"X-Forwarded-Host": "[2001:db8::1]", "X-Forwarded-Port": "81"}, "http://[2001:db8::1]:81"),
    ({"X-Forwarded-Host": "a.example, b.example", "X-Forwarded-Port": "81, 82"}, "http://a.example:81"),
    ({"Host": "localhost:5", "X-Forwarded-Port": "x"}, "http://localhost:5"),
    ({"Host": "localhost:5", "X-Forwarded-Host": "a b/c"}, "http://localhost:5"),
    ({"Forwarded": "for=192.0.2.60;proto=https;by=203.0.113.43;host=out.example:8443"}, "https://out.example:8443"),
    ({"Forwarded": "Host=\"out.example:81\", host=other.example"}, "http://out.example:81"),
    ({"Forwarded": "for=\"[2001:db8::1]:4711\";proto=https", "Host": "localhost:5"}, "https://localhost:5"),
]  # fmt: skip


@pytest.mark.parametrize("headers, base", LINKS)
def test_links_behind_a_proxy_lead_back_through_it(malachite, headers, base):
    group = malachite.arm.put_group(unique("links"))
    path = malachite.arm.group_id(group) + "?api-version=" + ARM_API_VERSION
    assert call(malachite, "DELETE", path, headers=headers).headers["Location"].startswith(base + "/")
    discovery = call(malachite, "GET", "/common/v2.0/.well-known/openid-configuration", headers=headers).json()
    assert discovery["issuer"].startswith(base + "/") and discovery["token_endpoint"].startswith(base + "/")


def outside_address():
    """An address of this machine that is not loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return None


def test_only_trusted_proxies_are_believed(own):
    address = outside_address()
    if address is None or address.startswith("127."):
        pytest.skip("this machine has only loopback addresses")
    headers = {"X-Forwarded-Host": "out.example", "Forwarded": "host=out.example", "X-Forwarded-Port": "7"}
    for words, trusted in (([], False), (["--trusted-proxy", "192.0.2.1", "--trusted-proxy", address], True),
                           (["--trusted-proxy", address.rsplit(".", 1)[0] + ".0/24"], True)):  # fmt: skip
        one = own("--listen", f"127.0.0.1,{address}", "--allow-remote", *words)
        port = urlsplit(one.endpoints["http"]).port
        found = requests.get(
            f"http://{address}:{port}/common/v2.0/.well-known/openid-configuration",
            headers=headers,
            timeout=patience(20),
        ).json()
        assert found["issuer"].startswith("http://out.example:7/" if trusted else f"http://{address}:{port}/")
        one.stop()


# -- addresses ----------------------------------------------------------------------------------------------------


def test_it_listens_on_both_loopback_addresses(malachite):
    for scheme in ("http", "https"):
        port = urlsplit(malachite.endpoints[scheme]).port
        for host in ("127.0.0.1", "[::1]", "localhost"):
            url = f"{scheme}://{host}:{port}/_malachite/health"
            assert requests.get(url, verify=malachite.endpoints["ca"], timeout=patience(20)).ok, url


@pytest.mark.parametrize("listen", ["0.0.0.0", "::"])
def test_other_machines_are_let_in_only_knowingly(own, tmp_path, listen):
    done = run_command(
        "serve", "--listen", listen, "--http-port", "0", "--https-port", "0", "--data-dir", tmp_path / "d"
    )
    assert done.returncode == 78 and "--allow-remote" in done.stderr and "--auth strict" in done.stderr
    one = own("--listen", listen, "--allow-remote")
    assert " warning " in one.log_text() and "other machines" in one.log_text()
    assert requests.get(one.endpoints["http"] + "/_malachite/health", timeout=patience(20)).ok
    one.stop()


def test_strict_sign_in_needs_no_confirmation(own):
    one = own("--listen", "0.0.0.0", "--auth", "strict")
    assert "other machines" not in one.log_text()


@pytest.mark.parametrize("words", [["--trusted-proxy", "x"], ["--trusted-proxy", "10.0.0.0/33"], ["--listen", ","]])
def test_addresses_that_are_none_refuse_to_start(words, tmp_path):
    done = run_command("serve", *words, "--http-port", "0", "--https-port", "0", "--data-dir", tmp_path / "d")
    assert done.returncode in (69, 78) and words[0] in done.stderr


def test_several_flags_add_to_a_list_and_win_over_the_environment(own):
    one = own("--allow-host", "a.example", "--allow-host", "b.example", MALACHITE_ALLOW_HOST="c.example")
    statuses = [
        call(one, "GET", "/_malachite/health", headers={"Host": name + ".example"}).status_code for name in "abc"
    ]
    assert statuses == [200, 200, 421]
    assert json.loads(call(one, "GET", "/_malachite/health").text)["status"] == "ok"
