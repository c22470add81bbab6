"""Resource providers and their registration."""

import re

import pytest
from arm import API_VERSION, ARM_API_VERSION, wait_until

NAMESPACES = ("Microsoft.DBforPostgreSQL", "Microsoft.DataMigration")


def state(arm, namespace):
    return arm.get(f"{arm.subscription}/providers/{namespace}")["registrationState"]


def test_the_list_has_both_providers(arm):
    listed = {item["namespace"]: item for item in arm.list(f"{arm.subscription}/providers")}
    for namespace in NAMESPACES:
        assert listed[namespace]["resourceTypes"], namespace


def test_types_have_versions_newest_first(arm):
    body = arm.get(f"{arm.subscription}/providers/Microsoft.DBforPostgreSQL")
    types = {item["resourceType"]: item for item in body["resourceTypes"]}
    assert {"flexibleServers", "flexibleServers/migrations", "servers"} <= set(types)
    for item in types.values():
        dates = [version[:10] for version in item["apiVersions"]]
        assert dates == sorted(dates, reverse=True), item
    assert API_VERSION in types["flexibleServers/migrations"]["apiVersions"]
    assert "2022-12-01" not in types["flexibleServers/migrations"]["apiVersions"]
    assert "2022-12-01" in types["flexibleServers"]["apiVersions"]
    assert "East US" in types["flexibleServers"]["locations"]


def test_postgresql_is_registered_from_the_start_and_datamigration_is_not(own):
    arm = own().arm
    assert [state(arm, namespace) for namespace in NAMESPACES] == ["Registered", "NotRegistered"]


def test_registering_and_unregistering_is_polled(own):
    arm = own().arm
    path = f"{arm.subscription}/providers/{NAMESPACES[1]}"
    body = arm.request("POST", path + "/register", status=200).json()
    assert body["namespace"] == NAMESPACES[1] and body["registrationState"] in ("Registering", "Registered")
    wait_until(lambda: state(arm, NAMESPACES[1].lower()) == "Registered", 10, "Registered")
    body = arm.request("POST", path + "/unregister", status=200).json()
    assert body["registrationState"] in ("Unregistering", "Unregistered", "NotRegistered")
    wait_until(lambda: state(arm, NAMESPACES[1]) in ("Unregistered", "NotRegistered"), 10, "Unregistered")


def test_registration_survives_a_restart(own):
    one = own()
    one.arm.request("POST", f"{one.arm.subscription}/providers/{NAMESPACES[1]}/register", status=200)
    wait_until(lambda: state(one.arm, NAMESPACES[1]) == "Registered", 10, "Registered")
    one.restart()
    assert state(one.arm, NAMESPACES[1]) == "Registered"


def test_an_unknown_provider_is_reported(arm):
    arm.error("GET", f"{arm.subscription}/providers/Microsoft.Nothing", 404)
    arm.error("POST", f"{arm.subscription}/providers/Microsoft.Nothing/register", 404)


@pytest.mark.parametrize(
    "options, api_version", [(["--strict-prerequisites"], API_VERSION), ([], "2021-06-15-privatepreview")]
)
def test_migrations_may_need_datamigration_to_be_registered(own_pair, options, api_version):
    pair = own_pair(*options)
    path = f"{pair.target.id}/migrations/m"
    body = pair.body(["postgres"])
    body["properties"]["triggerCutover"] = True
    body["properties"]["secretParameters"]["aadApp"] = {
        "clientId": "00000000-0000-4000-8000-00000000c11e",
        "tenantId": pair.malachite.endpoints["tenantId"],
        "aadSecret": "malachite",
    }
    error = pair.arm.error("PUT", path, 409, "MissingSubscriptionRegistration", json=body, api_version=api_version)
    assert "Microsoft.DataMigration" in error["message"]
    register = f"{pair.arm.subscription}/providers/Microsoft.DataMigration/register"
    pair.arm.request("POST", register, status=200)
    wait_until(lambda: state(pair.arm, NAMESPACES[1]) == "Registered", 10, "Registered")
    pair.arm.request("PUT", path, body, api_version=api_version, status=201)
    pair.arm.request("PATCH", path, {"properties": {"cancel": "True"}}, status=(200, 409))


def test_the_namespace_of_the_servers_can_be_unregistered_too(own_pair):
    pair = own_pair()
    arm = pair.arm
    arm.request("POST", f"{arm.subscription}/providers/{NAMESPACES[0]}/unregister", status=200)
    wait_until(lambda: state(arm, NAMESPACES[0]) != "Registered", 10, "the end of the registration")
    arm.error(
        "PUT", f"{pair.target.id}/migrations/m", 409, "MissingSubscriptionRegistration", json=pair.body(["postgres"])
    )
    arm.request("POST", f"{arm.subscription}/providers/{NAMESPACES[0]}/register", status=200)
    wait_until(lambda: state(arm, NAMESPACES[0]) == "Registered", 10, "Registered")


def test_the_listed_operations_are_the_actions_of_the_calls(arm):
    routes = arm.request("GET", "/_malachite/routes", api_version="", status=200).json()["value"]
    actions = {route["action"] for route in routes if "action" in route}
    listed = {item["name"] for item in arm.list("/providers/Microsoft.DBforPostgreSQL/operations")}
    assert listed and listed <= actions, listed - actions
    for name in (
        "flexibleServers/databases/delete",
        "servers/virtualNetworkRules/write",
        "flexibleServers/stop/action",
    ):
        assert f"{NAMESPACES[0]}/{name}" in listed


def test_the_rate_limit_of_the_service_is_shown(arm):
    path = arm.group_id(arm.group)
    answer = arm.request("GET", path, status=200)
    assert answer.headers["x-ms-ratelimit-remaining-subscription-reads"] == "11999"
    answer = arm.request("PATCH", path, {"tags": {}}, status=200)
    assert answer.headers["x-ms-ratelimit-remaining-subscription-writes"] == "1199"
    assert answer.headers["x-ms-ratelimit-remaining-subscription-global-writes"] == "11999"
    answer = arm.request("GET", "/providers", status=200)
    assert answer.headers["x-ms-ratelimit-remaining-tenant-reads"] == "11999"
    assert "x-ms-ratelimit-remaining-subscription-reads" not in answer.headers


@pytest.mark.parametrize("region", ["canadacentral", "Canada%20Central", "Nowhere%20Land"])
def test_answers_of_the_provider_name_the_operation(arm, region):
    path = f"{arm.subscription}/providers/{NAMESPACES[0]}/locations/{region}/capabilities"
    answer = arm.session.get(f"{arm.endpoint}{path}?api-version=2024-08-01", timeout=30)
    known = "canadacentral" if "anada" in region else "eastus"
    identifier = answer.headers["x-ms-operation-identifier"]
    assert re.fullmatch(rf"tenantId=[0-9a-f-]{{36}},objectId=[0-9a-f-]*/{known}/[0-9a-f-]{{36}}", identifier)


def test_a_kept_answer_names_its_own_operation(arm):
    for one in (arm.group_id(arm.group), arm.server_id("nowhere") + "/firewallRules"):
        identifiers = [arm.request("GET", one).headers for _ in range(3)]
        assert len({headers["x-ms-request-id"] for headers in identifiers}) == 3
        for headers in identifiers:
            identifier = headers.get("x-ms-operation-identifier")
            assert identifier is None or identifier.endswith(headers["x-ms-request-id"])


def test_providers_outside_of_a_subscription(arm):
    everything = arm.list("/providers")
    assert {item["namespace"] for item in everything} >= set(NAMESPACES)
    for item in everything:
        options = {"api_version": ARM_API_VERSION}
        assert "registrationState" not in item and item["id"] == f"/providers/{item['namespace']}"
        assert arm.get(item["id"].upper(), **options) == item
        inside = arm.get(f"{arm.subscription}/providers/{item['namespace']}", **options)
        assert inside["resourceTypes"] == item["resourceTypes"]
        path = f"{arm.subscription}/providers/{item['namespace']}/resourceTypes"
        types = arm.get(path, **options)["value"]
        assert types == item["resourceTypes"] != []
    arm.error("GET", "/providers/Microsoft.Nothing", 404, "InvalidResourceNamespace")
    arm.error("GET", f"{arm.subscription}/providers/Microsoft.Nothing/resourceTypes", 404, "InvalidResourceNamespace")


def test_no_deployment_is_above_a_group(arm):
    path = f"{arm.subscription}/providers/Microsoft.Resources/deployments"
    assert arm.list(path) == []
    arm.error("GET", f"{path}/none", 404, "DeploymentNotFound")
    answer = arm.session.put(f"{arm.endpoint}{path}/none?api-version={ARM_API_VERSION}", json={}, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NotImplementedByEmulator")


def test_moving_resources_is_not_implemented(arm):
    for call in ("moveResources", "validateMoveResources"):
        url = f"{arm.endpoint}{arm.group_id(arm.group)}/{call}?api-version=2022-09-01"
        answer = arm.session.post(url, json={"resources": []}, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NotImplementedByEmulator")
