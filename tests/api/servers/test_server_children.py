"""Firewall rules, virtual network rules, and what servers never have here."""

import pytest
from arm import API_VERSION, PROVIDER, unique

ALL = {"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}}


@pytest.fixture(scope="module", params=["flexible", "single"])
def server(request, attached):
    return attached.target if request.param == "flexible" else attached.source


def rule(server, name):
    return f"{server.id}/firewallRules/{name}"


def test_the_life_of_a_rule(arm, server):
    name = "AllowAll_2026-1-2_3-4-5"
    response = arm.request("PUT", rule(server, name), ALL, status=202)
    arm.wait_operation(response)
    made = arm.get(rule(server, name))
    assert made == {**ALL, "id": rule(server, name), "name": name, "type": f"{PROVIDER}/{server.kind}/firewallRules"}
    assert arm.get(response.headers["Location"]) == made
    narrow = {"properties": {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.1"}}
    arm.wait_operation(arm.request("PUT", rule(server, name.lower()), narrow, status=202))
    assert arm.get(rule(server, name))["name"] == name
    ours = [one for one in arm.list(f"{server.id}/firewallRules") if one["name"].lower() == name.lower()]
    assert ours == [arm.get(rule(server, name))]
    arm.delete_and_wait(rule(server, name))
    arm.error("GET", rule(server, name), 404, "ResourceNotFound")
    arm.request("DELETE", rule(server, name), status=204)
    assert arm.list(f"{server.id}/firewallRules") == []


@pytest.mark.parametrize(
    "start, end",
    [
        ("10.0.0.2", "10.0.0.1"),
        ("10.0.0", "10.0.0.1"),
        ("10.0.0.256", "10.0.0.256"),
        ("::1", "::1"),
        (None, "10.0.0.1"),
        ("10.0.0.1", None),
        ("010.0.0.1", "10.0.0.1"),
        ("", ""),
    ],
)
def test_a_bad_range(arm, server, start, end):
    body = {"properties": {"startIpAddress": start, "endIpAddress": end}}
    arm.error("PUT", rule(server, "bad"), 400, "InvalidParameterValue", json=body)
    arm.error("GET", rule(server, "bad"), 404, "ResourceNotFound")


def test_bad_names_and_bodies(arm, server):
    arm.error("PUT", rule(server, "a%20b"), 400, "InvalidResourceName", json=ALL)
    arm.error("PUT", rule(server, "x" * 200), 400, "InvalidResourceName", json=ALL)
    arm.error("PUT", rule(server, "x"), 400, "InvalidParameterValue", json={})
    arm.error("PUT", rule(server, "x"), 400, "InvalidRequestContent", json={"properties": {"startIpAddress": 5}})


def test_rules_need_their_server(arm):
    error = arm.error("PUT", f"{arm.server_id('missing')}/firewallRules/x", 404, "ParentResourceNotFound", json=ALL)
    assert "'flexibleServers/firewallRules'" in error["message"]


def test_rules_go_with_their_server(malachite, arm, postgres_target):
    name = unique("gone")
    server = malachite.attach(name, postgres_target)
    arm.put_and_wait(rule(server, "one"), ALL)
    arm.delete_and_wait(server.id)
    server = malachite.attach(name, postgres_target)
    assert arm.list(f"{server.id}/firewallRules") == []
    arm.delete_and_wait(server.id)


def test_virtual_network_rules_of_single_servers(arm, attached):
    subnet = f"{arm.group_id('rg')}/providers/Microsoft.Network/virtualNetworks/net/subnets/one"
    path = f"{attached.source.id}/virtualNetworkRules/rule"
    arm.put_and_wait(path, {"properties": {"virtualNetworkSubnetId": subnet, "ignoreMissingVnetServiceEndpoint": True}})
    made = arm.get(path)
    assert made["properties"] == {
        "ignoreMissingVnetServiceEndpoint": True,
        "state": "Ready",
        "virtualNetworkSubnetId": subnet,
    }
    assert arm.list(f"{attached.source.id}/virtualNetworkRules") == [made]
    arm.delete_and_wait(path)
    for bad in ({}, {"virtualNetworkSubnetId": "net"}, {"virtualNetworkSubnetId": arm.group_id("rg")}):
        arm.error("PUT", path, 400, "InvalidParameterValue", json={"properties": bad})


@pytest.mark.parametrize(
    "kind, version",
    [
        ("administrators", None),
        ("backups", None),
        ("replicas", None),
        ("logFiles", None),
        ("virtualendpoints", None),
        ("ltrBackupOperations", None),
        ("advancedThreatProtectionSettings", None),
        ("tuningOptions", None),
        ("maintenanceEvents", "2026-04-01-preview"),
    ],
)
def test_children_that_no_flexible_server_has(arm, attached, kind, version):
    path = f"{attached.target.id}/{kind}"
    assert arm.get(path, api_version=version) == {"value": []}
    if kind not in ("replicas", "logFiles"):
        arm.error("GET", f"{path}/x", 404, "ResourceNotFound", api_version=version)
    arm.error("GET", f"{arm.server_id('missing')}/{kind}", 404, "ParentResourceNotFound", api_version=version)


@pytest.mark.parametrize(
    "kind, version",
    [
        ("administrators", None),
        ("replicas", None),
        ("logFiles", None),
        ("securityAlertPolicies", None),
        ("keys", "2020-01-01"),
    ],
)
def test_children_that_no_single_server_has(arm, attached, kind, version):
    assert arm.get(f"{attached.source.id}/{kind}", api_version=version) == {"value": []}


def test_other_single_server_calls(arm, attached):
    tiers = arm.get(f"{attached.source.id}/performanceTiers")["value"]
    assert [tier["id"] for tier in tiers] == ["Basic", "GeneralPurpose", "MemoryOptimized"]
    assert (
        tiers
        == arm.get(
            f"{arm.subscription}/providers/{PROVIDER}/locations/westus/performanceTiers", api_version="2017-12-01"
        )["value"]
    )
    arm.error("GET", f"{attached.source.id}/recoverableServers", 404, "ResourceNotFound")


@pytest.mark.parametrize(
    "method, path",
    [
        ("PUT", "administrators/x"),
        ("PUT", "backups/x"),
        ("POST", "ltrPreBackup"),
        ("POST", "startLtrBackup"),
        ("PUT", "virtualendpoints/x"),
        ("PATCH", "virtualendpoints/x"),
        ("PUT", "advancedThreatProtectionSettings/x"),
    ],
)
def test_unimplemented_operations_are_501(arm, attached, method, path):
    url = f"{arm.endpoint}{attached.target.id}/{path}?api-version={API_VERSION}"
    response = arm.session.request(method, url, json={}, timeout=10)
    assert response.status_code == 501
    assert response.json()["error"]["code"] == "NotImplementedByEmulator"
