"""Every list of the route table, asked with $top and $skipToken."""

import re

import pytest

from arm import ARM_API_VERSION, LOCATION, NETWORK_API_VERSION, default_api_version

PLACES = {
    "location": LOCATION,
    "locationName": LOCATION,
    "resourceProviderNamespace": "Microsoft.DBforPostgreSQL",
    "deploymentName": "listed",
    "virtualNetworkName": "listed",
    "privateZoneName": "listed.private.postgres.database.azure.com",
}


@pytest.fixture(scope="module")
def lists(malachite, attached):
    """The paths of all lists, below resources that exist: [(path, query of the route, api-version)]."""
    arm = malachite.arm
    network = arm.group_id(arm.group) + "/providers/Microsoft.Network"
    body = {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    arm.request("PUT", f"{network}/virtualNetworks/listed", body, status=(200, 201), api_version=NETWORK_API_VERSION)
    arm.request(
        "PUT",
        f"{network}/privateDnsZones/{PLACES['privateZoneName']}",
        {"location": "global"},
        status=(200, 201, 202),
        api_version="2020-06-01",
    )
    template = {"$schema": "https://x.example/t.json#", "contentVersion": "1.0.0.0", "resources": []}
    arm.request(
        "PUT",
        f"{arm.group_id(arm.group)}/providers/Microsoft.Resources/deployments/listed",
        {"properties": {"mode": "Incremental", "template": template}},
        status=(200, 201),
        api_version=ARM_API_VERSION,
    )
    words = {**PLACES, "subscriptionId": malachite.endpoints["subscriptionId"], "resourceGroupName": arm.group}
    found = []
    for route in arm.get("/_malachite/routes", api_version="")["value"]:
        if route["list"] and route["implemented"] and route["method"] == "GET":
            server = attached.source if "/servers/{" in route["pattern"] else attached.target
            here = {**words, "serverName": server.name}
            path = re.sub(r"\{(\w+)\}", lambda match: here[match.group(1)], route["pattern"])  # noqa: B023
            if path == "/_malachite/databases":  # of the server that its query names
                path += f"?server={server.id}"
            found.append((path, route.get("query") or ""))
    assert len(found) > 50
    return [(path, query, version_of(arm, path)) for path, query in found]


def version_of(arm, path):
    """The usual one, or one that the error names."""
    version = "" if path.startswith("/_malachite") else default_api_version(path)
    response = arm.request("GET", path, api_version=version)
    if response.status_code == 400:
        version = re.search(r"api-versions? .*?'([\d-]+[^,']*)", response.text.split("supported", 1)[1]).group(1)
    arm.request("GET", path, api_version=version, status=200)
    return version


def test_an_invalid_page_token_is_refused_by_every_list(arm, lists):
    for path, _, version in lists:
        for token in ("AAAA", "", "p1--1", "p1-1x"):
            error = arm.error("GET", path, 400, api_version=version, params={"$skipToken": token})
            assert error["target"] == "$skipToken" and "$skipToken" in error["message"], (path, error)


def test_the_table_says_which_lists_have_pages_and_those_do(arm, lists):
    assert all("$skipToken" in query for path, query, _ in lists if not path.startswith("/_malachite"))
    for path, query, version in lists:
        if "$skipToken" not in query:
            continue
        everything = arm.get(path, api_version=version)["value"]
        first = arm.get(path, api_version=version, params={"$top": 1})
        assert first["value"] == everything[:1] and ("nextLink" in first) == (len(everything) > 1), path
        arm.error("GET", path, 400, api_version=version, params={"$top": "x"})
