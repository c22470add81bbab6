"""Virtual networks, subnets, private endpoints, and what they mean for servers and migrations."""

import pytest
from arm import LOCATION, PROVIDER, unique

NETWORK = "Microsoft.Network"
ENDPOINTS = "2018-06-01"  # private endpoint connections of single servers


@pytest.fixture
def group(arm):
    """A resource group of its own: whether a group has virtual networks makes a difference."""
    name = arm.put_group(unique("net"))
    yield name
    response = arm.request("DELETE", arm.group_id(name))
    assert response.status_code in (202, 404)


def network_id(arm, group, name):
    return f"{arm.group_id(group)}/providers/{NETWORK}/virtualNetworks/{name}"


def endpoint_id(arm, group, name):
    return f"{arm.group_id(group)}/providers/{NETWORK}/privateEndpoints/{name}"


def subnet(prefix, name=None, **more):
    return {**({"name": name} if name else {}), "properties": {"addressPrefix": prefix, **more}}


def network(*subnets, space=("10.0.0.0/16",), **more):
    properties = {"addressSpace": {"addressPrefixes": list(space)}, **more}
    if subnets:
        properties["subnets"] = list(subnets)
    return {"location": LOCATION, "properties": properties}


def put_network(arm, group, name, *subnets, **more):
    path = network_id(arm, group, name)
    arm.request("PUT", path, network(*subnets, **more), status=(200, 201))
    return path


def test_the_life_of_a_virtual_network_with_its_subnets(arm, group):
    path = network_id(arm, group, "vnet1")
    body = network(subnet("10.0.1.0/24", "first", serviceEndpoints=[{"service": "Microsoft.Sql"}]), dhcpOptions={})
    body["tags"] = {"purpose": "test"}
    made = arm.request("PUT", path, body, status=201).json()
    assert (made["id"], made["name"], made["type"]) == (path, "vnet1", f"{NETWORK}/virtualNetworks")
    assert (made["location"], made["tags"]) == (LOCATION, {"purpose": "test"})
    assert made["properties"]["addressSpace"] == body["properties"]["addressSpace"]
    assert made["properties"]["dhcpOptions"] == {}
    first = made["properties"]["subnets"][0]
    assert (first["id"], first["name"]) == (f"{path}/subnets/first", "first")
    assert first["properties"]["serviceEndpoints"] == [{"service": "Microsoft.Sql"}]
    assert arm.get(path) == made
    # What was answered can be sent back.
    assert arm.request("PUT", path, made, status=200).json() == made

    second = arm.request("PUT", f"{path}/subnets/second", subnet("10.0.2.0/24"), status=201).json()
    assert second["properties"]["addressPrefix"] == "10.0.2.0/24"
    assert arm.get(f"{path}/subnets/SECOND") == second
    wider = subnet("10.0.2.0/23")
    assert arm.request("PUT", f"{path}/subnets/Second", wider, status=200).json()["name"] == "second"
    assert [one["name"] for one in arm.list(f"{path}/subnets")] == ["first", "second"]
    # A PUT of the network without subnets leaves them.
    assert len(arm.request("PUT", path, network(), status=200).json()["properties"]["subnets"]) == 2
    assert arm.request("PATCH", path, {"tags": {"a": "b"}}, status=200).json()["tags"] == {"a": "b"}

    everywhere = arm.list(f"{arm.subscription}/providers/{NETWORK}/virtualNetworks")
    assert [one["id"] for one in everywhere if group in one["id"]] == [path]
    assert arm.list(f"{arm.group_id(group)}/providers/{NETWORK}/virtualNetworks") == [arm.get(path)]
    assert path in [one["id"] for one in arm.list(f"{arm.group_id(group)}/resources")]

    arm.request("DELETE", f"{path}/subnets/first", status=200)
    arm.request("DELETE", f"{path}/subnets/first", status=204)
    arm.error("GET", f"{path}/subnets/first", 404, "NotFound")
    arm.request("DELETE", path, status=200)
    arm.request("DELETE", path, status=204)
    arm.error("GET", path, 404, "ResourceNotFound")
    arm.error("GET", f"{path}/subnets", 404, "ParentResourceNotFound")


def test_networks_are_deleted_with_their_group(arm):
    name = arm.put_group(unique("net"))
    path = put_network(arm, name, "vnet1")
    location = arm.request("DELETE", arm.group_id(name), status=202).headers["Location"]
    while arm.request("GET", location, status=(200, 202)).status_code == 202:
        pass
    arm.put_group(name)
    arm.error("GET", path, 404, "ResourceNotFound")
    arm.request("DELETE", arm.group_id(name), status=202)


@pytest.mark.parametrize(
    "body, code, target",
    [
        ({"properties": {}}, "LocationRequired", None),
        ({"location": LOCATION}, "InvalidParameterValue", "properties"),
        ({"location": LOCATION, "properties": {}}, "InvalidParameterValue", "properties.addressSpace.addressPrefixes"),
        (network(space=[]), "InvalidParameterValue", "properties.addressSpace.addressPrefixes"),
        (network(space=["10.0.0.0"]), "InvalidAddressPrefixFormat", "properties.addressSpace.addressPrefixes[0]"),
        (
            network(space=["10.0.0.0/8", "10.0.0.0/33"]),
            "InvalidAddressPrefixFormat",
            "properties.addressSpace.addressPrefixes[1]",
        ),
        (network(space=["10.0.0.1/16"]), "InvalidAddressPrefixFormat", "properties.addressSpace.addressPrefixes[0]"),
        (network(space=[5]), "InvalidRequestContent", "properties.addressSpace.addressPrefixes[0]"),
        (network(subnet("10.0.1.0/24")), "InvalidParameterValue", "properties.subnets[0].name"),
        (network({"name": "a"}), "InvalidParameterValue", "properties.subnets[0].properties.addressPrefix"),
        (network(subnet("10.1.0.0/24", "a")), "NetcfgInvalidSubnet", "properties.subnets[0]"),
        (
            network(subnet("10.0.0.0/24", "a"), subnet("10.0.0.128/25", "b")),
            "NetcfgSubnetRangesOverlap",
            "properties.subnets[1]",
        ),
        (
            network(subnet("10.0.0.0/24", "a"), subnet("10.0.1.0/24", "A")),
            "InvalidParameterValue",
            "properties.subnets[1]",
        ),
        (network(subnet("10.0.0.0/24", "a b")), "InvalidResourceName", "properties.subnets[0].name"),
        (network(5), "InvalidRequestContent", "properties.subnets[0]"),
    ],
)
def test_a_bad_network_is_refused_with_the_path_and_nothing_is_kept(arm, group, body, code, target):
    path = network_id(arm, group, "bad")
    error = arm.error("PUT", path, 400, code, json=body)
    assert error.get("target") == target
    arm.error("GET", path, 404)


def test_a_bad_subnet_changes_nothing(arm, group):
    path = put_network(arm, group, "vnet1", subnet("10.0.1.0/24", "first"))
    before = arm.get(path)
    for bad, code in (
        (subnet("10.9.0.0/24"), "NetcfgInvalidSubnet"),
        (subnet("10.0.1.0/25"), "NetcfgSubnetRangesOverlap"),
        (subnet("x"), "InvalidAddressPrefixFormat"),
        ({}, "InvalidParameterValue"),
    ):
        arm.error("PUT", f"{path}/subnets/second", 400, code, json=bad)
    assert arm.get(path) == before


def test_an_unknown_subnet_is_refused_where_the_group_has_networks(arm, malachite, attached, database, group):
    """Servers, rules, endpoints and migrations; in a group without any network every id passes."""
    made_up = f"{network_id(arm, group, 'vnet1')}/subnets/first"
    body = arm.migration_body(attached.source, attached.target, [database()], startDataMigration="False")
    body["properties"]["migrationResourceGroup"] = {"resourceId": arm.group_id(group), "subnetResourceId": made_up}

    def put_migration(subnet_id, status):
        body["properties"]["migrationResourceGroup"]["subnetResourceId"] = subnet_id
        body["properties"]["dbsToMigrate"] = [database()]
        path = f"{attached.target.id}/migrations/{unique('m')}"
        answer = arm.request("PUT", path, body, status=status).json()
        if status == 201:
            arm.request("PATCH", path, {"properties": {"cancel": "True"}}, status=200)
        return answer

    put_migration(made_up, 201)
    put_network(arm, group, "vnet1", subnet("10.0.1.0/24", "first"))
    put_migration(made_up.replace("vnet1/subnets/first", "VNET1/subnets/FIRST"), 201)
    for unknown, word in (("vnet1/subnets/other", "first"), ("vnet2/subnets/first", "vnet1")):
        wrong = made_up.replace("vnet1/subnets/first", unknown)
        error = put_migration(wrong, 400)["error"]
        assert error["code"] == "InvalidParameterValue"
        assert error["target"] == "properties.migrationResourceGroup.subnetResourceId"
        assert word in error["message"], "the message does not say what there is"

        server = arm.server_body("pgadmin", "Secret-12345", network={"delegatedSubnetResourceId": wrong})
        path = arm.server_id(unique("s"))
        error = arm.error("PUT", path, 400, "InvalidParameterValue", json=server)
        assert error["target"] == "properties.network.delegatedSubnetResourceId"
        arm.error("GET", path, 404, "ResourceNotFound")
        error = arm.error("PATCH", attached.target.id, 400, json={"properties": server["properties"]})
        assert error["target"] == "properties.network.delegatedSubnetResourceId"

        rule = {"properties": {"virtualNetworkSubnetId": wrong}}
        error = arm.error("PUT", f"{attached.source.id}/virtualNetworkRules/r", 400, json=rule)
        assert error["target"] == "properties.virtualNetworkSubnetId"

        endpoint = {"location": LOCATION, "properties": {"subnet": {"id": wrong}}}
        error = arm.error("PUT", endpoint_id(arm, group, "pe"), 400, json=endpoint)
        assert error["target"] == "properties.subnet.id"
    for no_subnet in (network_id(arm, group, "vnet1"), arm.group_id(group), "vnet1/first"):
        error = put_migration(no_subnet, 400)["error"]
        assert error["target"] == "properties.migrationResourceGroup.subnetResourceId"


@pytest.fixture(params=["servers", "flexibleServers"])
def private(request, malachite, postgres_source):
    """A server without public access, and how to ask for its connections."""
    server = malachite.attach(unique("priv"), postgres_source, kind=request.param)
    server.version = ENDPOINTS if request.param == "servers" else None
    yield server
    malachite.arm.delete_and_wait(server.id)


def test_a_private_server_and_its_connections(arm, private, group):
    closed = {"publicNetworkAccess": "Disabled"}
    change = closed if private.kind == "servers" else {"network": closed}
    arm.wait_operation(arm.request("PATCH", private.id, {"properties": change}, status=202))
    shown = arm.get(private.id)["properties"]
    assert shown.get("publicNetworkAccess", shown.get("network", {}).get("publicNetworkAccess")) == "Disabled"
    assert shown["privateEndpointConnections"] == []

    def call(method, path="", json=None, status=200):
        return arm.request(
            method, f"{private.id}/privateEndpointConnections{path}", json, api_version=private.version, status=status
        )

    endpoint = {"id": endpoint_id(arm, group, "elsewhere")}
    arm.wait_operation(call("PUT", "/conn", {"properties": {"privateEndpoint": endpoint}}, status=202))
    made = call("GET", "/conn").json()
    assert made["id"] == f"{private.id}/privateEndpointConnections/conn"
    assert made["type"] == f"{PROVIDER}/{private.kind}/privateEndpointConnections"
    assert made["properties"]["privateEndpoint"] == endpoint
    state = made["properties"]["privateLinkServiceConnectionState"]
    assert state == {"status": "Approved", "description": "Auto-approved", "actionsRequired": "None"}
    assert call("GET").json() == {"value": [made]}
    assert arm.get(private.id)["properties"]["privateEndpointConnections"] == [made]
    listed = [one for one in arm.list(arm.server_id("", private.kind).rstrip("/")) if one["id"] == private.id]
    assert listed[0]["properties"]["privateEndpointConnections"] == [made]

    # Whoever approves or rejects sends the state alone.
    state = {"status": "rejected", "description": "Not you"}
    call("PUT", "/conn", {"properties": {"privateLinkServiceConnectionState": state}}, status=202)
    now = call("GET", "/conn").json()["properties"]
    assert now["privateEndpoint"] == endpoint
    assert now["privateLinkServiceConnectionState"] == {**state, "status": "Rejected", "actionsRequired": "None"}

    for bad, target in (
        ({}, "properties.privateEndpoint.id"),
        ({"privateEndpoint": {"id": "x"}}, "properties.privateEndpoint.id"),
        ({"privateEndpoint": {"id": private.id}}, "properties.privateEndpoint.id"),
        ({"privateEndpoint": 5}, "properties.privateEndpoint"),
        (
            {"privateLinkServiceConnectionState": {"status": "Maybe"}},
            "properties.privateLinkServiceConnectionState.status",
        ),
    ):
        answer = call("PUT", "/other", {"properties": bad}, status=400).json()
        assert answer["error"]["target"] == target
    call("GET", "/other", status=404)
    arm.wait_operation(call("DELETE", "/conn", status=202))
    call("DELETE", "/conn", status=204)
    assert call("GET").json() == {"value": []}


def test_a_private_endpoint_makes_the_connection_and_takes_it_away(arm, private, group):
    put_network(arm, group, "vnet1", subnet("10.0.1.0/24", "first"), subnet("10.0.2.0/24", "second"))
    subnet_id = f"{network_id(arm, group, 'vnet1')}/subnets/first"
    path = endpoint_id(arm, group, "pe")
    connection = {
        "name": "to-server",
        "properties": {"privateLinkServiceId": private.id, "groupIds": ["postgresqlServer"]},
    }
    body = {
        "location": LOCATION,
        "properties": {"subnet": {"id": subnet_id}, "privateLinkServiceConnections": [connection]},
    }
    made = arm.request("PUT", path, body, status=201).json()
    assert made["properties"]["subnet"] == {"id": subnet_id}
    shown = made["properties"]["privateLinkServiceConnections"][0]
    assert shown["properties"]["privateLinkServiceId"] == private.id
    assert shown["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert arm.get(path) == made
    assert arm.request("PUT", path, made, status=200).json()["properties"]["subnet"] == {"id": subnet_id}

    (on_server,) = arm.get(private.id)["properties"]["privateEndpointConnections"]
    assert on_server["properties"]["privateEndpoint"] == {"id": path}
    assert on_server["name"].startswith("pe.")
    # Its subnet cannot go now; the other one can.
    arm.error("DELETE", subnet_id, 400, "InUseSubnetCannotBeDeleted")
    arm.error("DELETE", network_id(arm, group, "vnet1"), 400, "InUseSubnetCannotBeDeleted")
    arm.request("DELETE", subnet_id.replace("first", "second"), status=200)

    for bad, target in (
        ({}, "properties.subnet.id"),
        ({"subnet": {"id": subnet_id}}, "properties.privateLinkServiceConnections"),
    ):
        error = arm.error("PUT", f"{path}2", 400, json={"location": LOCATION, "properties": bad})
        assert error["target"] == target
    nobody = {"name": "x", "properties": {"privateLinkServiceId": arm.server_id("missing")}}
    body["properties"]["privateLinkServiceConnections"] = [nobody]
    error = arm.error("PUT", f"{path}2", 404, "ResourceNotFound", json=body)
    assert error["target"] == "properties.privateLinkServiceConnections[0].properties.privateLinkServiceId"
    arm.error("GET", f"{path}2", 404, "ResourceNotFound")

    arm.request("DELETE", path, status=200)
    arm.request("DELETE", path, status=204)
    assert arm.get(private.id)["properties"]["privateEndpointConnections"] == []
    arm.request("DELETE", network_id(arm, group, "vnet1"), status=200)


def test_private_link_resources(arm, private):
    (one,) = arm.list(f"{private.id}/privateLinkResources", api_version=private.version)
    assert one["type"] == f"{PROVIDER}/{private.kind}/privateLinkResources"
    assert one["properties"]["groupId"] == "postgresqlServer"
    assert arm.get(one["id"], api_version=private.version) == one
    arm.error("GET", one["id"] + "2", 404, "ResourceNotFound", api_version=private.version)


def test_private_dns_zones_with_their_links(arm, group):
    """As azurerm declares them in front of a private server: with the zone it reads the start of authority."""
    dns = "2024-06-01"
    network = put_network(arm, group, "vnet1")
    zone = f"{arm.group_id(group)}/providers/{NETWORK}/privateDnsZones/shop.private.postgres.database.azure.com"
    link = f"{zone}/virtualNetworkLinks/shop-link"
    linked = {"location": "global", "properties": {"virtualNetwork": {"id": network}, "registrationEnabled": False}}
    arm.error("GET", zone, 404, "ResourceNotFound", api_version=dns)
    arm.error("PUT", link, 404, "ResourceNotFound", api_version=dns, json=linked)
    wrong = arm.error("PUT", zone, 400, "InvalidParameterValue", api_version=dns, json={"location": LOCATION})
    assert wrong["target"] == "location"
    made = arm.request("PUT", zone, {"location": "global", "tags": {"a": "b"}}, api_version=dns, status=201).json()
    assert (made["id"], made["type"], made["tags"]) == (zone, f"{NETWORK}/privateDnsZones", {"a": "b"})
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert arm.request("PUT", zone, made, api_version=dns, status=200).json() == made
    start = arm.get(f"{zone}/SOA/@", api_version=dns)["properties"]
    assert start["fqdn"] == f"{made['name']}." and start["soaRecord"]["host"]

    for name, value in [
        ("virtualNetwork", {"id": zone}),
        ("virtualNetwork", -1),
        ("registrationEnabled", "true"),
        ("resolutionPolicy", "Never"),
    ]:
        body = {"location": "global", "properties": {**linked["properties"], name: value}}
        error = arm.error("PUT", link, 400, api_version=dns, json=body)
        assert error["target"].startswith(f"properties.{name}")
    shown = arm.request("PUT", link, linked, api_version=dns, status=201).json()
    assert (shown["id"], shown["name"]) == (link, "shop-link")
    assert shown["properties"]["virtualNetwork"] == {"id": network}
    assert arm.get(link.replace("shop-link", "SHOP-link"), api_version=dns) == shown
    # A zone whose name begins alike has links of its own.
    other = f"{zone}.example"
    arm.request("PUT", other, {"location": "global"}, api_version=dns, status=201)
    assert arm.list(f"{other}/virtualNetworkLinks", api_version=dns) == []
    assert arm.list(f"{zone}/virtualNetworkLinks", api_version=dns) == [shown]
    zones = arm.list(f"{arm.group_id(group)}/providers/{NETWORK}/privateDnsZones", api_version=dns)
    assert [item["id"] for item in zones] == [zone, other]
    assert zones[0]["properties"]["numberOfVirtualNetworkLinks"] == 1
    assert zone in [item["id"] for item in arm.list(f"{arm.group_id(group)}/resources")]

    arm.error("DELETE", zone, 409, "Conflict", api_version=dns)
    for path in (link, zone, other):
        arm.request("DELETE", path, api_version=dns, status=200)
        arm.request("DELETE", path, api_version=dns, status=204)
    arm.error("GET", zone, 404, "ResourceNotFound", api_version=dns)


@pytest.mark.parametrize("value", [-1, 1.5, "x", True, {"a": 1}, [1]])
def test_members_of_networks_have_their_types(arm, group, value):
    path = network_id(arm, group, "vnet1")
    for name in ("dhcpOptions", "virtualNetworkPeerings", "enableDdosProtection"):
        if (name, value) in (("dhcpOptions", {"a": 1}), ("enableDdosProtection", True)):
            continue
        error = arm.error("PUT", path, 400, json=network(**{name: value}))
        assert error["target"] == f"properties.{name}", error
    arm.error("GET", path, 404)
    put_network(arm, group, "vnet1")
    for name in ("delegations", "serviceEndpoints", "serviceEndpointPolicies", "defaultOutboundAccess"):
        if (name, value) == ("defaultOutboundAccess", True):
            continue
        error = arm.error("PUT", f"{path}/subnets/one", 400, json=subnet("10.0.1.0/24", **{name: value}))
        assert error["target"].endswith(f"properties.{name}"), error
    arm.error("GET", f"{path}/subnets/one", 404)
