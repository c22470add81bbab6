"""The portal as HTTP sees it, and the two calls that it needed. What the pages do is tested in tests/portal."""

import gzip
import re

import pytest

from arm import unique
from test_http import raw

PLAIN, GZIP, BROTLI = None, "gzip", "br"


def page(arm, path="/", **headers):
    return raw(arm, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def assets(arm):
    """Paths of the files that the page names."""
    _, _, body = page(arm)
    found = re.findall(r'(?:href|src)="(/portal/assets/[^"]+)"', body.decode())
    if not found:
        assert b"node" in body
        pytest.skip("this program was built without its portal")
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/portal",
        "/portal/",
        "/portal/subscription/resource-providers",
        "/portal/flexible/rg/server/migrations/name?database=x",
        "/portal/single/rg/server",
        "/portal/create-server?kind=single",
        "/portal/test-bench/rules",
        "/portal/api",
        "/portal/apis",
        "/portal/flexible/rg",
        "/portal/single/rg/server/databases/x",
        "/portal/a/b/c/d/e?database=x",
    ],
)
def test_every_path_returns_the_page(arm, path):
    """Where there is none, the page says so, and so does the status."""
    missing = path in ("/portal/apis", "/portal/flexible/rg", "/portal/single/rg/server/databases/x")
    status, headers, body = page(arm, path)
    assert status == (404 if missing or path.startswith("/portal/a/") else 200)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"<!doctype html>" in body.lower()
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_has_no_place_beyond_the_portal(arm):
    assert page(arm, "/portal/a/b/c/d/e/f")[0] == 404
    assert page(arm, "/portals")[0] == 404
    assert page(arm, "/portal/assets/none.js")[0] == 404
    assert raw(arm, "POST", "/")[0] == 405


@pytest.mark.parametrize(
    "accept, encoding",
    [
        (None, PLAIN),
        ("identity", PLAIN),
        ("gzip", GZIP),
        ("gzip, deflate, br", BROTLI),
        ("br;q=0, gzip;q=0.5", GZIP),
        ("gzip;q=0", PLAIN),
        ("GZIP", GZIP),
        ("xgzip, gzipx", PLAIN),
    ],
)
def test_each_client_gets_a_coding_that_it_takes(arm, assets, accept, encoding):
    headers = {"Accept_Encoding": accept} if accept else {}
    for path in ["/", *assets]:
        _, _, plain = page(arm, path)
        status, answered, body = page(arm, path, **headers)
        assert status == 200 and answered["Content-Encoding"] == encoding and answered["Vary"] == "Accept-Encoding"
        assert encoding is BROTLI or (gzip.decompress(body) if encoding else body) == plain


def test_browsers_cache_files_and_revalidate_the_page(arm, assets):
    _, headers, _ = page(arm, assets[0])
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable" and "Pragma" not in headers
    _, headers, _ = page(arm)
    assert headers["Cache-Control"] == "no-cache"
    status, again, body = page(arm, If_None_Match=f'"other", W/{headers["ETag"]}')
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert page(arm, If_None_Match='"other"')[0] == 200
    status, _, body = raw(arm, "HEAD", "/")
    assert (status, body) == (200, b"")


def test_the_known_application(malachite, arm):
    [application] = arm.get("/_malachite/applications", api_version="")["value"]
    assert application == {
        "displayName": "Malachite",
        "appId": malachite.endpoints["clientId"],
        "tenantId": malachite.endpoints["tenantId"],
        "auth": "none",
    }


def connect(arm, status=200, **body):
    return arm.request("POST", "/_malachite/connection", body, api_version="", status=status).json()


def test_a_connection_is_tested_with_the_password_given(arm, attached):
    source = attached.source
    found = connect(arm, server=source.id, password=source.password)
    assert found["login"] == source.login and found["version"].startswith(f"{source.postgres.major}.")
    assert "postgres" in [database["name"] for database in found["databases"]]
    address = f"{source.postgres.host}:{source.postgres.port}@{source.login}"
    assert connect(arm, server=address, password=source.password)["version"] == found["version"]
    error = connect(arm, 409, server=source.id, password="not-the-password")["error"]
    assert "password authentication failed" in error["message"] and "not-the-password" not in error["message"]
    error = connect(arm, 409, server=source.id, password=source.password, login="nobody")["error"]
    assert "nobody" in error["message"]


def test_the_sizes_of_databases(arm, attached):
    server = attached.source
    name = unique("sized")
    server.postgres.create_database(name)
    found = arm.get("/_malachite/databases", api_version="", params={"server": server.id})["value"]
    [row] = [row for row in found if row["name"] == name]
    [[size]] = server.postgres.query(f"SELECT pg_database_size('{name}')")
    assert abs(row["sizeBytes"] - int(size)) < 1_000_000 and row["charset"] == "UTF8"
    assert "sizeBytes" not in str(arm.get(f"{server.id}/databases"))
    for wrong, status in [(None, 400), ("here:1@me", 400), (arm.server_id("nowhere"), 404), ("no address", 400)]:
        params = {} if wrong is None else {"server": wrong}
        arm.request("GET", "/_malachite/databases", api_version="", params=params, status=status)


@pytest.mark.parametrize(
    "body, status",
    [
        ({}, 400),
        ({"server": "x"}, 400),
        ({"server": "here:1@me"}, 400),
        ({"server": "no address", "password": "p"}, 400),
        ({"server": 1, "password": "p"}, 400),
        ({"server": "127.0.0.1:1@me", "password": "p"}, 409),
    ],
)
def test_a_connection_that_cannot_be_tested(arm, body, status):
    connect(arm, status, **body)


def test_a_missing_server(arm):
    error = connect(arm, 404, server=arm.server_id("nowhere"), password="p")["error"]
    assert error["code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    "site, status", [(None, 400), ("same-origin", 400), ("none", 400), ("cross-site", 403), ("same-site", 403)]
)
def test_a_page_of_another_site_decides_nothing(arm, site, status):
    headers = {"Content-Type": "application/json", **({"Sec-Fetch-Site": site} if site else {})}
    found, _, body = raw(arm, "POST", "/_malachite/connection", b"{}", headers)
    assert found == status, body
    assert raw(arm, "GET", "/_malachite/health", headers=headers)[0] == 200
