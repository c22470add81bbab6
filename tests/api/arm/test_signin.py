"""Sign-in without a cloud."""

import base64
import json
import time

import pytest
import requests

from arm import patience
from invariants import is_uuid

MANAGEMENT = "https://management.azure.com/"


def call(malachite, method, path, scheme="http", **options):
    options.setdefault("timeout", patience(20))
    options.setdefault("verify", malachite.endpoints["ca"])
    return requests.request(method, malachite.endpoints[scheme] + path, **options)


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(token):
    head, payload, _ = token.split(".")
    assert json.loads(decode(head))["alg"] == "RS256"
    return json.loads(decode(payload))


def oauth_error(response, status, error, number):
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [number]), body
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert is_uuid(body["trace_id"]) and is_uuid(body["correlation_id"])
    return body


# -- discovery --------------------------------------------------------------------------------------------------


def test_metadata_is_an_object_an_array_or_the_old_form(malachite):
    url = malachite.endpoints["https"]

    def metadata(version, path="/metadata/endpoints"):
        return call(malachite, "GET", path, "https", params={"api-version": version}).json()

    new = metadata("2022-09-01")
    assert new["authentication"] == {
        "loginEndpoint": f"{url}/adfs",
        "tenant": "common",
        "identityProvider": "AAD",
        "audiences": [MANAGEMENT, "https://management.core.windows.net/", url + "/"],
    }
    assert new["resourceManager"].rstrip("/") == url and new["name"] not in ("AzureCloud", "AzureStackCloud")
    assert {"storage", "keyVaultDns", "sqlServerHostname"} <= set(new["suffixes"])
    assert new["microsoftGraphResourceId"]
    assert metadata("2019-05-01") == metadata("2020-06-01") == [new]
    assert metadata("2023-11-01", "//metadata/endpoints") == new
    old = metadata("2015-01-01")
    assert old["authentication"]["audiences"][0] == MANAGEMENT
    assert {"galleryEndpoint", "graphEndpoint", "portalEndpoint"} <= set(old)


@pytest.mark.parametrize(
    "version, code", [(None, "MissingApiVersionParameter"), ("2014-04-01", "InvalidApiVersionParameter")]
)
def test_metadata_wants_a_version(malachite, version, code):
    response = call(malachite, "GET", "/metadata/endpoints", params={"api-version": version})
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    "authority, endpoints, issuer",
    [
        ("/adfs", "/adfs/oauth2", "/adfs"),
        ("/TENANT/v2.0", "/TENANT/oauth2/v2.0", "/TENANT/v2.0"),
        ("/organizations/v2.0", "/organizations/oauth2/v2.0", "/organizations/v2.0"),
        ("/adfs/TENANT/v2.0", "/adfs/TENANT/oauth2/v2.0", "/adfs/TENANT/v2.0"),
        ("", "/oauth2", ""),
    ],
)
def test_openid_configuration_leads_to_endpoints_that_answer(malachite, authority, endpoints, issuer):
    url = malachite.endpoints["https"]
    found = call(malachite, "GET", f"{authority}/.well-known/openid-configuration", "https").json()
    assert found["token_endpoint"] == f"{url}{endpoints}/token"
    assert found["authorization_endpoint"] == f"{url}{endpoints}/authorize"
    assert found["issuer"] == f"{url}{issuer}"
    keys = requests.get(found["jwks_uri"], verify=malachite.endpoints["ca"], timeout=patience(20)).json()["keys"]
    assert [(key["kty"], key["alg"]) for key in keys] == [("RSA", "RS256")]
    answer = requests.post(found["token_endpoint"], verify=malachite.endpoints["ca"], timeout=patience(20))
    oauth_error(answer, 400, "invalid_request", 900144)


def test_links_follow_the_host_of_the_request(malachite):
    found = call(
        malachite,
        "GET",
        "/common/v2.0/.well-known/openid-configuration",
        "https",
        headers={"Host": "login.microsoftonline.com"},
    ).json()
    assert found["token_endpoint"] == "https://login.microsoftonline.com/common/oauth2/v2.0/token"


def test_instance_discovery_knows_the_authority(malachite):
    found = call(
        malachite,
        "GET",
        "/common/discovery/instance",
        params={
            "api-version": "1.1",
            "authorization_endpoint": "https://login.microsoftonline.com/contoso/oauth2/authorize",
        },
    )
    body = found.json()
    assert body["tenant_discovery_endpoint"].endswith("/contoso/v2.0/.well-known/openid-configuration")
    assert any("login.microsoftonline.com" in item["aliases"] for item in body["metadata"])
    bare = call(malachite, "GET", "/common/discovery/instance").json()
    assert "/common/" in bare["tenant_discovery_endpoint"]


def test_every_user_is_managed(malachite):
    body = call(malachite, "GET", "/common/userrealm/me%40example.org", params={"api-version": "1.0"}).json()
    assert (body["account_type"], body["domain_name"]) == ("Managed", "example.org")


def test_the_authorization_endpoint_is_reported_as_missing(malachite):
    assert call(malachite, "GET", "/common/oauth2/v2.0/authorize").status_code == 501


# -- tokens -----------------------------------------------------------------------------------------------------


def test_an_application_gets_a_token(malachite):
    body = malachite.sign_in().json()
    assert body["token_type"] == "Bearer" and 0 < body["expires_in"] <= 3600
    assert "refresh_token" not in body and "id_token" not in body
    claims = claims_of(body["access_token"])
    tenant = malachite.endpoints["tenantId"]
    assert claims["aud"] == "https://management.azure.com"
    assert (claims["appid"], claims["tid"], claims["appidacr"], claims["ver"]) == (
        malachite.endpoints["clientId"],
        tenant,
        "1",
        "1.0",
    )
    assert claims["iss"] == claims["idp"] == f"https://sts.windows.net/{tenant}/"
    assert is_uuid(claims["oid"]) and claims["sub"] == claims["oid"] != claims["appid"]
    assert claims["iat"] <= claims["nbf"] <= time.time() < claims["exp"]
    assert claims_of(malachite.sign_in().json()["access_token"])["oid"] == claims["oid"]


@pytest.mark.parametrize(
    "scope, audience",
    [
        ("https://management.core.windows.net//.default", "https://management.core.windows.net/"),
        ("openid https://localhost:1/.default profile", "https://localhost:1"),
        ("https://management.azure.com/user_impersonation", "https://management.azure.com"),
        (None, MANAGEMENT),
    ],
)
def test_the_scope_becomes_the_audience(malachite, scope, audience):
    assert claims_of(malachite.sign_in(scope=scope).json()["access_token"])["aud"] == audience


def test_version_1_takes_a_resource(malachite):
    form = {
        "grant_type": "client_credentials",
        "client_id": malachite.endpoints["clientId"],
        "client_secret": "malachite",
        "resource": MANAGEMENT,
    }
    body = call(malachite, "POST", "/adfs/oauth2/token", data=form).json()
    assert claims_of(body["access_token"])["aud"] == body["resource"] == MANAGEMENT
    assert int(body["expires_on"]) > time.time()


def test_errors_are_in_the_sign_in_services_format(malachite):
    sign_in = malachite.sign_in
    assert "SECRET-GIVEN" not in oauth_error(sign_in(secret="SECRET-GIVEN"), 401, "invalid_client", 7000215).values()
    oauth_error(sign_in(client_secret=None), 401, "invalid_client", 7000218)
    oauth_error(sign_in(client_id="f" * 8), 400, "unauthorized_client", 700016)
    oauth_error(sign_in(client_id=None), 400, "invalid_request", 900144)
    oauth_error(sign_in(client_secret=None, client_assertion="a.b.c"), 401, "invalid_client", 700027)
    oauth_error(sign_in(grant_type=None), 400, "invalid_request", 900144)
    oauth_error(sign_in(grant_type="magic"), 400, "unsupported_grant_type", 70003)
    oauth_error(sign_in(grant_type="password", username="me"), 400, "invalid_grant", 50126)
    oauth_error(sign_in(grant_type="refresh_token", refresh_token="x.y.z"), 400, "invalid_grant", 70008)
    assert "SECRET-GIVEN" not in malachite.log_text()


@pytest.mark.parametrize(
    "body, status",
    [(b"grant_type=%zz", 400), (b"a=1&" * 40, 400), (b"a=\xff", 400), (b"a=1\0b", 400), (b"a=" + b"x" * 70000, 413)],
)
def test_a_malformed_form_is_rejected(malachite, body, status):
    assert call(malachite, "POST", "/t/oauth2/v2.0/token", data=body).status_code == status


def test_a_user_signs_in_and_renews(malachite):
    body = malachite.sign_in(
        grant_type="password",
        client_id="04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        client_secret=None,
        username="me@example.org",
        password="x",
        scope=f"{MANAGEMENT}/.default offline_access openid profile",
    ).json()
    claims, identity = claims_of(body["access_token"]), claims_of(body["id_token"])
    assert claims["upn"] == identity["preferred_username"] == "me@example.org"
    assert claims["oid"] == identity["oid"] and identity["aud"] == claims["appid"]
    assert json.loads(decode(body["client_info"])) == {"uid": claims["oid"], "utid": claims["tid"]}
    renewed = malachite.sign_in(
        grant_type="refresh_token", client_id=claims["appid"], client_secret=None, refresh_token=body["refresh_token"]
    ).json()
    assert claims_of(renewed["access_token"])["oid"] == claims["oid"]
    # A refresh token works for its own client only, and an access token is not one.
    oauth_error(
        malachite.sign_in(grant_type="refresh_token", client_id="other", refresh_token=body["refresh_token"]),
        400,
        "invalid_grant",
        70008,
    )
    oauth_error(
        malachite.sign_in(grant_type="refresh_token", client_id=claims["appid"], refresh_token=body["access_token"]),
        400,
        "invalid_grant",
        70008,
    )


def test_a_device_signs_in(malachite):
    begun = call(malachite, "POST", "/organizations/oauth2/v2.0/devicecode", data={"client_id": "az"}).json()
    assert {"user_code", "verification_uri", "expires_in", "interval", "message"} <= set(begun)
    assert requests.get(begun["verification_uri"], timeout=patience(20)).status_code == 200
    body = malachite.sign_in(
        grant_type="urn:ietf:params:oauth:grant-type:device_code",
        client_id="az",
        client_secret=None,
        device_code=begun["device_code"],
    ).json()
    assert {"access_token", "refresh_token", "id_token"} <= set(body)


@pytest.mark.parametrize(
    "query, headers",
    [
        ({"api-version": "2018-02-01"}, {"Metadata": "true"}),
        ({"api-version": "2018-02-01"}, {"metadata": "True"}),
        ({"api-version": "2019-08-01"}, {"X-IDENTITY-HEADER": "x"}),
        ({"api-version": "2017-09-01", "clientid": "11111111-1111-4111-8111-111111111111"}, {"Secret": "x"}),
    ],
)
def test_a_managed_identity_gets_a_token(malachite, query, headers):
    path = "/metadata/identity/oauth2/token"
    body = call(malachite, "GET", path + "/", params={"resource": MANAGEMENT, **query}, headers=headers).json()
    claims = claims_of(body["access_token"])
    assert (claims["aud"], claims["tid"]) == (MANAGEMENT, malachite.endpoints["tenantId"])
    assert claims["appid"] == query.get("clientid", malachite.endpoints["clientId"])
    assert int(body["expires_on"]) == claims["exp"]
    missing = call(malachite, "GET", path, params=query, headers=headers)
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("headers", [{}, {"Metadata": "false"}, {"Metadata": ""}, {"X-Metadata": "true"}])
def test_a_managed_identity_needs_the_metadata_header(malachite, headers):
    response = call(
        malachite,
        "GET",
        "/metadata/identity/oauth2/token",
        params={"resource": MANAGEMENT, "api-version": "2018-02-01"},
        headers=headers,
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert "Metadata: true" in response.json()["error_description"] and "access_token" not in response.text


# -- certificates and the command line --------------------------------------------------------------------------


def test_the_certificate_takes_further_names(own):
    malachite = own("--tls-names", "azure.test,10.9.8.7")
    import ssl  # pylint: disable=import-outside-toplevel
    import socket  # pylint: disable=import-outside-toplevel

    host, port = malachite.endpoints["https"].rsplit("/", 1)[1].split(":")
    context = ssl.create_default_context(cafile=malachite.endpoints["ca"])
    for name in ("azure.test", "10.9.8.7", "management.azure.com", "login.microsoftonline.com", "localhost"):
        with socket.create_connection((host, int(port)), timeout=patience(10)) as plain:
            with context.wrap_socket(plain, server_hostname=name):
                pass
