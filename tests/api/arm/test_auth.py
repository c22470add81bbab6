"""How --auth treats tokens."""

import base64

import pytest

from arm import ARM_API_VERSION
from malachite import Malachite
from test_signin import MANAGEMENT, call


def refused(malachite, code, authorization, path="/subscriptions?api-version=" + ARM_API_VERSION):
    headers = {} if authorization is None else {"Authorization": authorization}
    response = call(malachite, "GET", path, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (401, code), response.text
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer authorization_uri="http') and 'error="invalid_token"' in challenge
    assert response.headers["x-ms-failure-cause"] == "gateway"
    return response.json()["error"]["message"]


def accepted(malachite, token):
    response = call(
        malachite,
        "GET",
        "/subscriptions",
        params={"api-version": ARM_API_VERSION},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.status_code == 200, response.text


def test_nobody_needs_a_token_by_default(malachite):
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "nonsense"}):
        response = call(malachite, "GET", "/subscriptions", params={"api-version": ARM_API_VERSION}, headers=headers)
        assert response.status_code == 200


def test_any_wants_a_well_formed_token(own):
    malachite = own("--auth", "any")
    assert "missing" in refused(malachite, "AuthenticationFailed", None)
    for header in ("Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Bearer a b", "Bearer é", "token"):
        refused(malachite, "AuthenticationFailedInvalidHeader", header.encode())
    accepted(malachite, "opaque")
    accepted(malachite, malachite.sign_in().json()["access_token"])


@pytest.fixture(scope="module")
def strict():
    with Malachite("--auth", "strict") as running:
        yield running


def test_strict_requires_a_malachite_token(strict, malachite):
    good = strict.sign_in().json()["access_token"]
    accepted(strict, good)
    refused(strict, "AuthenticationFailed", None)
    refused(strict, "InvalidAuthenticationToken", "Bearer opaque")
    refused(strict, "InvalidAuthenticationToken", f"Bearer {good[:-4]}AAAA")
    foreign = malachite.sign_in().json()["access_token"]
    refused(strict, "InvalidAuthenticationToken", f"Bearer {foreign}")
    head, payload, _ = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    refused(strict, "InvalidAuthenticationToken", f"Bearer {none}.{payload}.")
    user = strict.sign_in(grant_type="password", client_id=MANAGEMENT, username="me", password="x").json()
    accepted(strict, user["access_token"])
    for other in ("refresh_token", "id_token"):
        refused(strict, "InvalidAuthenticationToken", f"Bearer {user[other]}")


def test_strict_wants_the_right_audience(strict):
    for scope in (
        "https://management.azure.com/.default",
        "https://management.core.windows.net//.default",
        strict.endpoints["http"] + "/.default",
    ):
        accepted(strict, strict.sign_in(scope=scope).json()["access_token"])
    wrong = strict.sign_in(scope="https://vault.azure.net/.default").json()["access_token"]
    message = refused(strict, "InvalidAuthenticationTokenAudience", f"Bearer {wrong}")
    assert "'https://vault.azure.net'" in message and "'https://management.azure.com/'" in message


def test_strict_wants_the_right_tenant(strict):
    token = strict.sign_in(tenant="99999999-9999-4999-8999-999999999999").json()["access_token"]
    message = refused(strict, "InvalidAuthenticationTokenTenant", f"Bearer {token}")
    assert strict.endpoints["tenantId"] in message


def test_the_check_stands_between_version_and_subscription(strict):
    response = call(strict, "GET", "/subscriptions/bad")
    assert response.json()["error"]["code"] == "MissingApiVersionParameter"
    refused(strict, "AuthenticationFailed", None, "/subscriptions/bad?api-version=2022-12-01")
    refused(strict, "AuthenticationFailed", None, "/subscriptions/bad/nothing/there?api-version=2022-12-01")


@pytest.mark.parametrize(
    "path",
    [
        "/_malachite/health",
        "/_malachite/ready",
        "/_malachite/ca.pem",
        "/_malachite/openapi",
        "/metrics",
        "/metadata/endpoints?api-version=2022-09-01",
        "/common/discovery/keys",
        "/adfs/.well-known/openid-configuration",
    ],
)
def test_health_trust_description_and_sign_in_need_no_token(strict, path):
    assert call(strict, "GET", path).status_code == 200


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/_malachite/migrations"),
        ("GET", "/_malachite/migrations/x"),
        ("GET", "/_malachite/migrations/x/evidence"),
        ("GET", "/_malachite/requests"),
        ("HEAD", "/_malachite/requests"),
        ("DELETE", "/_malachite/requests"),
        ("GET", "/_MALACHITE//requests/"),
        ("GET", "/%5Fmalachite/requests"),
        ("GET", "/_malachite/applications"),
        ("GET", "/_malachite/routes"),
        ("POST", "/_malachite/connection"),
    ],
)
def test_strict_covers_malachite_s_own_calls(strict, malachite, method, path):
    assert call(strict, method, path).status_code == 401
    assert call(strict, method, path, headers={"Authorization": "Bearer x"}).status_code == 401
    token = strict.sign_in().json()["access_token"]
    assert call(strict, method, path, headers={"Authorization": f"Bearer {token}"}).status_code != 401
    assert call(malachite, method, path).status_code != 401


def test_the_portals_calls_before_sign_in_need_no_token(strict):
    found = call(strict, "GET", "/_malachite/health").json()["signIn"]
    assert found == {"auth": "strict", "appId": strict.endpoints["clientId"], "tenantId": strict.endpoints["tenantId"]}


def test_strict_refuses_a_wrong_client_secret_of_a_migration(strict, postgres_target):
    """The first page of the wizard asks for it. Nobody else is asked for one, so only our own application counts."""
    target = strict.attach("wizard", postgres_target)
    strict.arm.request("POST", strict.arm.subscription + "/providers/Microsoft.DataMigration/register", status=200)
    for client, secret, wrong in (
        (strict.endpoints["clientId"], "nonsense", True),
        (strict.endpoints["clientId"].upper(), "Malachite", True),
        (strict.endpoints["clientId"], "malachite", False),
        ("11111111-1111-4111-8111-111111111111", "nonsense", False),
    ):
        body = strict.arm.migration_body(target, target, ["x"])
        body["location"] = "eastus"
        body["properties"]["secretParameters"]["aadApp"] = {
            "clientId": client,
            "tenantId": strict.endpoints["tenantId"],
            "aadSecret": secret,
        }
        path = f"{target.id}/migrations/wizard"
        response = strict.arm.request("PUT", path, body, api_version="2021-06-15-privatepreview")
        refusal = response.json().get("error", {}).get("target") == "properties.secretParameters.aadApp.aadSecret"
        assert refusal == wrong, response.text
        assert "nonsense" not in response.text


def test_strict_refuses_a_wrong_client_secret_in_a_patch_of_a_migration(strict, postgres_source, postgres_target):
    source, target = strict.attach("patched-src", postgres_source), strict.attach("patched", postgres_target)
    strict.arm.request("POST", strict.arm.subscription + "/providers/Microsoft.DataMigration/register", status=200)
    body = strict.arm.migration_body(source, target, [])
    del body["properties"]["dbsToMigrate"]  # it waits for them
    body["location"] = "eastus"
    application = {"clientId": strict.endpoints["clientId"], "tenantId": strict.endpoints["tenantId"]}
    body["properties"]["secretParameters"]["aadApp"] = {**application, "aadSecret": "malachite"}
    path, version = f"{target.id}/migrations/patched", "2021-06-15-privatepreview"
    strict.arm.request("PUT", path, body, api_version=version, status=201)
    for secret, status in (("nonsense", 400), ("malachite", 200)):
        given = {"properties": {"secretParameters": {"aadApp": {"aadSecret": secret}}}}
        response = strict.arm.request("PATCH", path, given, api_version=version, status=status)
        assert "nonsense" not in response.text
        if status == 400:
            assert response.json()["error"]["target"] == "properties.secretParameters.aadApp.aadSecret"
    strict.arm.request("DELETE", path, api_version=version)


def test_tokens_outlive_a_restart(own):
    malachite = own("--auth", "strict")
    token = malachite.sign_in().json()["access_token"]
    malachite.restart()
    accepted(malachite, token)
