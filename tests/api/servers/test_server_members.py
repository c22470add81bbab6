"""What a client writes into a server: checked, kept, merged and answered as the service does."""

import pytest
from arm import LOCATION, unique


@pytest.fixture
def body(arm, postgres_target):
    """Of an attached server, which takes no time to create."""
    one = arm.server_body("postgres", postgres_target.password, attach=("127.0.0.1", postgres_target.port))
    return one


@pytest.fixture
def path(arm):
    path = arm.server_id(unique("members"))
    yield path
    arm.request("DELETE", path, status=(202, 204))


def patch(arm, path, body):
    arm.wait_operation(arm.request("PATCH", path, body, status=202))
    return arm.get(path)


WRITABLE = {
    "version": "15",
    "availabilityZone": "2",
    "storage": {"storageSizeGB": 256, "autoGrow": "Enabled", "tier": "P20", "type": "Premium_LRS"},
    "backup": {"backupRetentionDays": 14, "geoRedundantBackup": "Enabled"},
    "highAvailability": {"mode": "ZoneRedundant", "standbyAvailabilityZone": "1"},
    "maintenanceWindow": {"customWindow": "Enabled", "dayOfWeek": 6, "startHour": 23, "startMinute": 59},
    "network": {"publicNetworkAccess": "Disabled"},
    "authConfig": {
        "activeDirectoryAuth": "Enabled",
        "passwordAuth": "Enabled",
        "tenantId": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    },
    "dataEncryption": {"type": "AzureKeyVault", "primaryKeyURI": "https://v.vault.azure.net/keys/k/1"},
    "replicationRole": "Primary",
    "replica": {"role": "Primary", "promoteMode": "Switchover", "promoteOption": "Planned"},
}


def contains(whole, part):
    return {key: contains(whole[key], value) if isinstance(value, dict) else whole[key] for key, value in part.items()}


def test_every_writable_property_reads_back(arm, path, body):
    body["properties"].update(WRITABLE)
    body["sku"] = {"name": "Standard_E4ds_v5", "tier": "MemoryOptimized"}
    body["tags"]["env"] = "test"
    for location in ("eastus", "East US"):
        body["location"] = location
        arm.put_and_wait(path, body)
        shown = arm.get(path)
        assert shown["location"] == location
        assert contains(shown["properties"], WRITABLE) == WRITABLE
        assert (shown["sku"], shown["tags"]) == (body["sku"], body["tags"])
    [listed] = [item for item in arm.list(path.rsplit("/", 1)[0]) if item["name"] == shown["name"]]
    assert listed == shown


def test_unrequested_values_are_no_difference(arm, path, body):
    arm.put_and_wait(path, body)
    shown = arm.get(path)["properties"]
    assert shown["availabilityZone"] == "" and "identity" not in shown
    assert "standbyAvailabilityZone" not in shown["highAvailability"]


@pytest.mark.parametrize(
    "member, value, target",
    [
        ("storage", {"storageSizeGB": "128"}, "storage.storageSizeGB"),
        ("storage", {"storageSizeGB": -1}, "storage.storageSizeGB"),
        ("storage", {"StorageSizeGb": 128.5}, "storage.storageSizeGB"),
        ("storage", {"storageSizeGB": 128, "tier": "P99"}, "storage.tier"),
        ("storage", {"storageSizeGB": 512, "tier": "P10"}, "storage.tier"),
        ("storage", {"storageSizeGB": 128, "tier": "P80"}, "storage.tier"),
        ("storage", {"autoGrow": True}, "storage.autoGrow"),
        ("storage", [128], "storage"),
        ("backup", {"backupRetentionDays": 6}, "backup.backupRetentionDays"),
        ("backup", {"geoRedundantBackup": "Perhaps"}, "backup.geoRedundantBackup"),
        ("highAvailability", {"mode": "Everywhere"}, "highAvailability.mode"),
        ("maintenanceWindow", {"dayOfWeek": 7}, "maintenanceWindow.dayOfWeek"),
        ("maintenanceWindow", {"startHour": "3"}, "maintenanceWindow.startHour"),
        ("network", {"publicNetworkAccess": "Open"}, "network.publicNetworkAccess"),
        ("authConfig", {"tenantId": "me"}, "authConfig.tenantId"),
        ("dataEncryption", {"type": "Rot13"}, "dataEncryption.type"),
        ("replica", {"promoteMode": "Later"}, "replica.promoteMode"),
        ("replicationRole", "Leader", "replicationRole"),
        ("availabilityZone", 1, "availabilityZone"),
        ("availabilityZone", "4", "availabilityZone"),
        ("availabilityZone", "one", "availabilityZone"),
        ("highAvailability", {"standbyAvailabilityZone": "0"}, "highAvailability.standbyAvailabilityZone"),
        ("createMode", "Invent", "createMode"),
    ],
)
def test_a_bad_member_is_refused_and_nothing_is_stored(arm, path, body, member, value, target):
    body["properties"][member] = value
    error = arm.error("PUT", path, 400, json=body)
    assert error["code"] in ("InvalidParameterValue", "InvalidRequestContent")
    assert error["target"] == f"properties.{target}"
    arm.error("GET", path, 404)


@pytest.mark.parametrize(
    "sku, target",
    [
        ({"name": "Standard_B1ms", "tier": "GeneralPurpose"}, "sku.tier"),
        ({"name": "Standard_D4ds_v5", "tier": "Burstable"}, "sku.tier"),
        ({"name": "Standard_D4ds_v5", "tier": "Fast"}, "sku.tier"),
        ({"name": "Huge"}, "sku.name"),
        ({"name": "Standard_D3ds_v5", "tier": "GeneralPurpose"}, "sku.name"),
        ({"name": "Standard_B3ms", "tier": "Burstable"}, "sku.name"),
        ({"tier": "Burstable"}, "sku.name"),
        ({"name": 5}, "sku.name"),
    ],
)
def test_size_and_tier_fit(arm, path, body, sku, target):
    body["sku"] = sku
    assert arm.error("PUT", path, 400, json=body)["target"] == target
    arm.error("GET", path, 404)


def test_a_patch_merges(arm, path, body):
    body["sku"] = {"name": "Standard_B1ms", "tier": "Burstable"}
    body["properties"]["backup"] = {"backupRetentionDays": 20, "geoRedundantBackup": "Enabled"}
    arm.put_and_wait(path, body)
    after = patch(arm, path, {"sku": {"name": "Standard_B2s"}})
    assert after["sku"] == {"name": "Standard_B2s", "tier": "Burstable"}
    assert arm.error("PATCH", path, 400, json={"sku": {"name": "Standard_D2s_v3"}})["target"] == "sku.tier"
    error = arm.error("PATCH", path, 400, json={"properties": {"highAvailability": {"mode": "SameZone"}}})
    assert error["target"] == "properties.highAvailability.mode"
    after = patch(arm, path, {"properties": {"backup": {"backupRetentionDays": None}}})
    assert after["properties"]["backup"] == {"backupRetentionDays": 7, "geoRedundantBackup": "Enabled"}
    after = patch(arm, path, {"properties": {"backup": None}})
    assert after["properties"]["backup"]["geoRedundantBackup"] == "Disabled"
    assert after["sku"] == {"name": "Standard_B2s", "tier": "Burstable"}


def test_storage_grows_and_never_shrinks(arm, path, body):
    body["properties"]["storage"] = {"storageSizeGB": 256, "tier": "P20"}
    arm.put_and_wait(path, body)
    for wish in ({"storageSizeGB": 128}, {"storageSizeGB": None}, None):
        error = arm.error("PATCH", path, 400, json={"properties": {"storage": wish}})
        assert error["target"] == "properties.storage.storageSizeGB"
    body["properties"]["storage"] = {"storageSizeGB": 64}
    assert arm.error("PUT", path, 400, json=body)["target"] == "properties.storage.storageSizeGB"
    storage = patch(arm, path, {"properties": {"storage": {"storageSizeGB": 2048}}})["properties"]["storage"]
    assert (storage["storageSizeGB"], storage["tier"]) == (2048, "P40")


def test_tags_are_those_of_the_last_put(arm, path, body):
    own = dict(body["tags"])
    body["tags"].update(env="test", team="a")
    arm.put_and_wait(path, body)
    assert patch(arm, path, {"properties": {}})["tags"] == body["tags"]
    assert patch(arm, path, {"tags": {"env": "prod", "team": None}})["tags"] == {**own, "env": "prod"}
    del body["tags"]
    arm.put_and_wait(path, body)
    assert arm.get(path)["tags"] == own
    assert patch(arm, path, {"tags": None})["tags"] == own


def test_an_identity_is_kept_and_gets_its_ids(arm, path, body):
    one, two = (f"{arm.group_id('rg')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{x}" for x in "ab")
    body["identity"] = {"type": "SystemAssigned"}
    arm.put_and_wait(path, body)
    first = arm.get(path)["identity"]
    assert first["type"] == "SystemAssigned" and len(first["principalId"]) == len(first["tenantId"]) == 36
    body["identity"] = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {one: {}}}
    arm.put_and_wait(path, body)
    both = arm.get(path)["identity"]
    assert both["principalId"] == first["principalId"] and both["type"] == body["identity"]["type"]
    assert set(both["userAssignedIdentities"][one]) == {"principalId", "clientId"}
    patched = patch(arm, path, {"identity": {"type": "UserAssigned", "userAssignedIdentities": {two: {}}}})["identity"]
    assert set(patched) == {"type", "userAssignedIdentities"} and set(patched["userAssignedIdentities"]) == {one, two}
    assert patched["userAssignedIdentities"][one] == both["userAssignedIdentities"][one]
    gone = patch(arm, path, {"identity": {"userAssignedIdentities": {one: None}}})["identity"]
    assert set(gone["userAssignedIdentities"]) == {two}
    assert patch(arm, path, {"identity": {"type": "None"}})["identity"] == {"type": "None"}
    assert arm.error("PATCH", path, 400, json={"identity": {"type": "Robot"}})["target"] == "identity.type"


@pytest.mark.parametrize(
    "password", ["", "Aa1!567", "alllowercase", "lower-case-only", "12345678a", "Pgadmin-1x", "A1b-" * 33]
)
def test_a_password_follows_the_rules_of_the_service(arm, path, password):
    body = {
        "location": LOCATION,
        "properties": {"administratorLogin": "pgadmin", "administratorLoginPassword": password},
    }
    error = arm.error("PUT", path, 400, "InvalidParameterValue", json=body)
    assert error["target"] == "properties.administratorLoginPassword"
    arm.error("GET", path, 404)


def test_single_servers_have_rules_of_their_own(arm, postgres_target):
    path = arm.server_id(unique("members"), "servers")
    body = arm.server_body("postgres", postgres_target.password, attach=("127.0.0.1", postgres_target.port))
    body["sku"] = {"name": "GP_Gen5_2", "tier": "Basic"}
    assert arm.error("PUT", path, 400, json=body)["target"] == "sku.tier"
    body["sku"] = {"name": "GP_Gen5_2", "tier": "GeneralPurpose", "capacity": "2"}
    assert arm.error("PUT", path, 400, json=body)["target"] == "sku.capacity"
    body["sku"]["capacity"] = 2
    body["properties"].update(
        version="15.0",
        storageProfile={"storageMB": 51200, "backupRetentionDays": 10, "storageAutogrow": "Enabled"},
        minimalTlsVersion="TLS1_2",
    )
    arm.put_and_wait(path, body)
    shown = arm.get(path)["properties"]
    asked = {key: body["properties"][key] for key in ("version", "storageProfile", "minimalTlsVersion")}
    assert contains(shown, asked) == asked
    error = arm.error("PATCH", path, 400, json={"properties": {"storageProfile": {"storageMB": 5120}}})
    assert error["target"] == "properties.storageProfile.storageMB"
    arm.delete_and_wait(path)


ZONE = "properties.network.privateDnsZoneArmResourceId"


@pytest.mark.parametrize(
    "kind, name, value",
    [
        ("flexibleServers", ZONE, "Bogus"),
        ("flexibleServers", ZONE, "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/dnsZones/z"),
        ("flexibleServers", "properties.sourceServerResourceId", -1),
        ("flexibleServers", "properties.pointInTimeUTC", 1.5),
        ("servers", "properties.sourceServerId", []),
        ("servers", "properties.restorePointInTime", True),
        ("flexibleServers", "location", "128"),
    ],
)
def test_what_is_kept_or_unused_is_checked_too(arm, body, kind, name, value):
    path = arm.server_id(unique("members"), kind)
    part = body
    for parent in name.split(".")[:-1]:
        part = part.setdefault(parent, {})
    part[name.split(".")[-1]] = value
    assert arm.error("PUT", path, 400, json=body)["target"] == name
    arm.error("GET", path, 404)
