"""Capabilities, operations, generic resources, tags, version lists."""

import pytest
from arm import ARM_API_VERSION, LOCATION, PROVIDER, unique
from malachite import majors


def capabilities(arm, version, path=None):
    path = path or f"{arm.subscription}/providers/{PROVIDER}/locations/{LOCATION}/capabilities"
    [capability] = arm.get(path, api_version=version)["value"]
    return capability


def test_capabilities_as_az_2_91_reads_them(arm, malachite):
    one = capabilities(arm, "2026-01-01-preview")
    assert {"name": "OfferRestricted", "status": "Disabled"} in one["supportedFeatures"]
    assert sorted(int(version["name"]) for version in one["supportedServerVersions"]) == majors()
    assert all(version["supportedVersionsToUpgrade"] == [] for version in one["supportedServerVersions"])
    editions = {edition["name"]: edition for edition in one["supportedServerEditions"]}
    assert set(editions) == {"Burstable", "GeneralPurpose", "MemoryOptimized"}
    skus = {sku["name"]: sku for sku in editions["GeneralPurpose"]["supportedServerSkus"]}
    assert skus["Standard_D2s_v3"]["supportedZones"] and "defaultSkuName" in editions["GeneralPurpose"]
    [storage] = [
        item for item in editions["GeneralPurpose"]["supportedStorageEditions"] if item["name"] == "ManagedDisk"
    ]
    sizes = {size["storageSizeMb"]: size for size in storage["supportedStorageMb"]}
    assert sizes[131072]["supportedIopsTiers"][0]["name"] == "P10"


def test_capabilities_as_az_2_45_reads_them(arm):
    one = capabilities(arm, "2022-12-01")
    assert one["supportedHAMode"] == [] and one["geoBackupSupported"] is False
    for edition in one["supportedFlexibleServerEditions"]:
        assert sorted(int(version["name"]) for version in edition["supportedServerVersions"]) == majors()
        assert edition["supportedServerVersions"][0]["supportedVcores"][0]["name"]
        assert 131072 in [
            size["storageSizeMB"] for size in edition["supportedStorageEditions"][0]["supportedStorageMB"]
        ]


def test_capabilities_of_a_server(arm, attached):
    assert capabilities(arm, "2025-08-01", f"{attached.target.id}/capabilities") == capabilities(arm, "2025-08-01")
    arm.request("GET", f"{attached.target.id}/capabilities", api_version="2022-12-01", status=400)


def test_a_version_from_the_capabilities_can_be_created(arm):
    version = capabilities(arm, "2025-08-01")["supportedServerVersions"][-1]["name"]
    server = arm.put_server(unique("cap"), version=version)
    shown = arm.get(server.id)["properties"]
    assert shown["version"] == version and shown["minorVersion"].isdigit()
    arm.delete_and_wait(server.id)


def test_operations_of_the_provider(arm):
    items = arm.list(f"/providers/{PROVIDER}/operations")
    names = [item["name"] for item in items]
    assert len(set(names)) == len(names) and f"{PROVIDER}/flexibleServers/migrations/write" in names
    for item in items:
        assert set(item["display"]) == {"provider", "resource", "operation", "description"}


def test_dns_suffix_and_subnets(arm):
    response = arm.request("POST", f"/providers/{PROVIDER}/getPrivateDnsZoneSuffix", status=200)
    assert response.json() == "postgres.database.azure.com"
    network = f"{arm.group_id('rg')}/providers/Microsoft.Network/virtualNetworks/net"
    path = f"{arm.subscription}/providers/{PROVIDER}/locations/East US/checkVirtualNetworkSubnetUsage"
    body = {"virtualNetworkArmResourceId": network}
    assert arm.request("POST", path, body, status=200).json() == {
        "delegatedSubnetsUsage": [],
        "subscriptionId": arm.subscription.split("/")[2],
        "location": "eastus",
    }
    server = arm.put_server(unique("net"), version=15)
    subnet = {"network": {"delegatedSubnetResourceId": network + "/subnets/a"}}
    arm.wait_operation(arm.request("PATCH", server.id, {"properties": subnet}, status=202))
    usage = arm.request("POST", path, body, status=200).json()["delegatedSubnetsUsage"]
    assert usage == [{"subnetName": "a", "usage": 1}]
    arm.delete_and_wait(server.id)
    arm.error("POST", path, 400, "InvalidParameterValue", json={})


# -- generic resources ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tagged(malachite, attached):
    """A group of its own with one tagged server."""
    arm = malachite.arm
    group = arm.put_group(unique("tagged"))
    name = unique("srv")
    path = arm.server_id(name, group=group)
    postgres = attached.target.postgres
    body = arm.server_body(postgres.superuser, postgres.password, attach=(postgres.host, postgres.port))
    body["tags"].update(env="test", team="blue")
    arm.put_and_wait(path, body)
    return group, name, path


def names(arm, path, **query):
    return [item["name"] for item in arm.list(path, params=query)]


def test_resources_of_a_group(arm, tagged):
    group, name, path = tagged
    [item] = arm.list(f"{arm.group_id(group)}/resources")
    assert set(item) == {"id", "name", "type", "location", "tags", "sku"}
    assert (item["id"], item["name"], item["type"]) == (path, name, f"{PROVIDER}/flexibleServers")
    [item] = arm.list(
        f"{arm.group_id(group)}/resources", params={"$expand": "createdTime,changedTime,provisioningState"}
    )
    assert item["provisioningState"] == "Succeeded" and item["createdTime"].endswith("Z")
    arm.error("GET", f"{arm.group_id('missing')}/resources", 404, "ResourceGroupNotFound")


@pytest.mark.parametrize(
    "template, found",
    [
        ("resourceType eq 'microsoft.dbforpostgresql/FLEXIBLESERVERS'", True),
        ("resourceType eq 'Other/x'", False),
        ("name eq '{name}'", True),
        ("name ne '{name}'", False),
        ("location eq 'East US'", True),
        ("tagName eq 'env' and tagValue eq 'test'", True),
        ("tagName eq 'env' and tagValue eq 'blue'", False),
        ("tagName eq 'none'", False),
        ("substringof('rv', name)", True),
        ("startswith(tagName, 'te')", True),
        ("name eq 'x' or (resourceGroup eq '{group}' and name eq '{name}')", True),
        ("name eq 'it''s'", False),
    ],
)
def test_filters(arm, tagged, template, found):
    group, name, _ = tagged
    query = {"$filter": template.format(name=name, group=group)}
    assert names(arm, f"{arm.group_id(group)}/resources", **query) == ([name] if found else [])
    assert (name in names(arm, f"{arm.subscription}/resources", **query)) == found


@pytest.mark.parametrize(
    "query",
    [
        "name eq",
        "name eq 'x",
        "nme eq 'x'",
        "name like 'x'",
        "name eq 'x' and",
        "'x'",
        "(" * 40 + "name eq 'x'" + ")" * 40,
        "name eq 'x' name eq 'y'",
    ],
)
def test_filters_that_are_none(arm, query):
    arm.error("GET", f"{arm.subscription}/resources", 400, "BadRequest", params={"$filter": query})


def test_top(arm, attached):
    everything = names(arm, f"{arm.subscription}/resources")
    assert len(everything) > 1
    first = arm.get(f"{arm.subscription}/resources", params={"$top": 1})["value"]
    assert [item["name"] for item in first] == everything[:1]
    arm.error("GET", f"{arm.subscription}/resources", 400, "InvalidParameterValue", params={"$top": "many"})


def test_migrations_are_resources_too(arm, attached):
    body = arm.migration_body(attached.source, attached.target, ["no_such_database"])
    migration = arm.put_migration(attached.source, attached.target, None, body=body)
    migration.wait()
    query = {"$filter": f"resourceType eq '{PROVIDER}/flexibleServers/migrations'"}
    assert f"{attached.target.name}/{migration.name}" in names(arm, f"{arm.subscription}/resources", **query)
    arm.request("HEAD", migration.path, status=204)
    check_tags(arm, migration.path, lambda: arm.get(migration.path).get("tags"))


# -- tags -------------------------------------------------------------------------------------------------------


def check_tags(arm, scope, seen):
    """All that can be done with the tags of a scope; `seen` gives those that the resource shows."""
    path = f"{scope}/providers/Microsoft.Resources/tags/default"
    options = {"api_version": ARM_API_VERSION}

    def put(method, tags, **more):
        body = {"properties": {"tags": tags}, **more}
        answer = arm.request(method, path, body, status=200, **options).json()
        assert answer == arm.get(path, **options)
        assert (answer["id"], answer["name"], answer["type"]) == (path, "default", "Microsoft.Resources/tags")
        assert (seen() or {}) == answer["properties"]["tags"]
        return answer["properties"]["tags"]

    assert put("PUT", {"a": "1", "b": "2"}) == {"a": "1", "b": "2"}
    assert put("PATCH", {"B": "3", "c": "4"}, operation="Merge") == {"a": "1", "B": "3", "c": "4"}
    assert put("PATCH", {"a": ""}, operation="Delete") == {"B": "3", "c": "4"}
    assert put("PATCH", {"z": "9"}, operation="Replace") == {"z": "9"}
    for bad in ({}, {"properties": {"tags": {"x": 1}}}, {"properties": {"tags": []}}):
        arm.request("PUT", path, bad, status=400, **options)
    arm.error(
        "PATCH", path, 400, "InvalidParameterValue", json={"operation": "Turn", "properties": {"tags": {}}}, **options
    )
    arm.request("DELETE", path, status=200, **options)
    assert arm.get(path, **options)["properties"]["tags"] == {}


def test_tags_of_groups_and_servers(arm, attached):
    group = arm.put_group(unique("tg"))
    scopes = [arm.group_id(group), attached.target.id, attached.source.id]
    for scope in scopes:
        version = ARM_API_VERSION if scope == scopes[0] else None
        check_tags(arm, scope, lambda scope=scope, version=version: arm.get(scope, api_version=version).get("tags"))


def test_tags_of_missing_resources(arm, attached):
    tail = "/providers/Microsoft.Resources/tags/default"
    for scope, code in (
        (arm.group_id("missing"), "ResourceGroupNotFound"),
        (arm.server_id("missing"), "ResourceNotFound"),
        (f"{attached.target.id}/migrations/missing", "ResourceNotFound"),
    ):
        arm.error("GET", scope + tail, 404, code, api_version=ARM_API_VERSION)


# -- versions ---------------------------------------------------------------------------------------------------


def test_every_type_lists_its_versions_newest_first(arm):
    for provider in arm.list(f"{arm.subscription}/providers"):
        for kind in provider["resourceTypes"]:
            versions = kind["apiVersions"]
            assert [version[:10] for version in versions] == sorted(
                (version[:10] for version in versions), reverse=True
            )
            assert kind.get("defaultApiVersion", versions[0]) in versions


def test_an_unknown_type_names_the_versions(arm):
    path = f"{arm.group_id('rg')}/providers/{PROVIDER}/elasticServers/x"
    error = arm.error("GET", path, 404, "InvalidResourceType")
    assert error["message"].startswith(
        f"The resource type 'elasticServers' could not be found in the namespace '{PROVIDER}' for api version "
        "'2025-08-01'. The supported api-versions are '2026-07-01-preview, "
    )


def test_a_version_of_another_type(arm, attached):
    for path, version in (
        (f"{attached.target.id}/databases", "2020-02-14-preview"),
        (attached.source.id, "2020-01-01"),
        (attached.target.id, "2022-05-01-preview"),
        (f"{attached.target.id}/migrations", "2022-12-01"),
    ):
        error = arm.error("GET", path, 400, "NoRegisteredProviderFound", api_version=version)
        assert f"API version '{version}'" in error["message"]
