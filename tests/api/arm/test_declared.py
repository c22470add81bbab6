"""Tools that declare resources: create, read, plan, update, replace, destroy. A plan after an apply is empty."""

import copy

import pytest
from arm import LOCATION, PROVIDER, SINGLE_API_VERSION, new_secret, unique, wait_until
from declared import Declared

AZURERM = "2024-08-01"
AZURERM_OLD = "2022-12-01"  # databases, rules and configurations of earlier releases
AZAPI = "2025-08-01"
GROUPS = "2020-06-01"
NETWORK = "2024-05-01"


@pytest.fixture
def group(arm):
    """A resource group, as both tools make it; destroyed with everything in it."""
    made = Declared(arm, arm.group_id(unique("tf")), {"location": LOCATION, "tags": {"owner": "me"}}, GROUPS)
    made.create()
    yield made
    if made.read() is not None:
        made.destroy()


def server_path(group, name, kind="flexibleServers"):
    return f"{group.path}/providers/{PROVIDER}/{kind}/{name}"


def flexible_body(postgres=None, **properties):
    """As azurerm sends it, every member that it has a default for included."""
    body = {
        "location": LOCATION,
        "sku": {"name": "Standard_D2s_v3", "tier": "GeneralPurpose"},
        "properties": {
            "administratorLogin": "pgadmin",
            "administratorLoginPassword": new_secret(),
            "version": "15",
            "createMode": "Create",
            "network": {"publicNetworkAccess": "Enabled"},
            "storage": {"autoGrow": "Disabled", "storageSizeGB": 32, "tier": "P4"},
            "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
            "authConfig": {"activeDirectoryAuth": "Disabled", "passwordAuth": "Enabled"},
            "highAvailability": {"mode": "Disabled"},
            "availabilityZone": "2",
            **properties,
        },
        "tags": {"environment": "test"},
    }
    if postgres:
        attach(body, postgres)
    del body["properties"]["createMode"]  # write-only: no plan looks at it
    return body


def attach(body, postgres):
    """In front of a PostgreSQL that is there already: quicker than a new one."""
    body["tags"] |= {"malachite.host": postgres.host, "malachite.port": str(postgres.port)}
    body["properties"] |= {"administratorLogin": postgres.superuser, "administratorLoginPassword": postgres.password}


def single_body(postgres, **properties):
    body = {
        "location": LOCATION,
        "sku": {"name": "GP_Gen5_2", "tier": "GeneralPurpose", "capacity": 2, "family": "Gen5"},
        "properties": {
            "version": "11",
            "sslEnforcement": "Enabled",
            "minimalTlsVersion": "TLS1_2",
            "publicNetworkAccess": "Enabled",
            "infrastructureEncryption": "Disabled",
            "storageProfile": {
                "storageMB": 51200,
                "backupRetentionDays": 7,
                "geoRedundantBackup": "Disabled",
                "storageAutogrow": "Enabled",
            },
            **properties,
        },
        "tags": {},
    }
    attach(body, postgres)
    del body["properties"]["version"]  # that of the attached server
    return body


def test_a_resource_group(arm, group):
    assert group.plan() == []
    group.apply(body={"location": "East US", "tags": {"owner": "you"}})
    assert group.plan() == []
    group.apply(body={"location": LOCATION, "tags": {}})
    assert group.read().get("tags", {}) == {}, "a tag that the configuration dropped is still there"
    # azurerm refuses to delete a group that holds anything.
    assert arm.list(f"{group.path}/resources") == []
    group.destroy()


def test_a_provisioned_server_with_everything_below_it(arm, group):
    server = Declared(arm, server_path(group, unique("pg")), flexible_body(), AZURERM)
    server.create()
    assert server.plan() == []
    database = Declared(
        arm, f"{server.path}/databases/app", {"properties": {"charset": "UTF8", "collation": "en_US.utf8"}}, AZURERM_OLD
    )
    database.create()
    assert database.plan() == []
    database.apply()
    assert database.plan() == [], "the second apply replaces the database"
    # azurerm updates a server by PATCH and leaves out what stays.
    patch = {"sku": {"name": "Standard_D4s_v3", "tier": "GeneralPurpose"}, "tags": {"environment": "live"}}
    server.apply("PATCH", patch)
    server.body |= patch
    assert server.plan() == []
    server.apply("PATCH", {"properties": {"storage": {"storageSizeGB": 64, "tier": "P6"}}})
    server.body["properties"]["storage"] |= {"storageSizeGB": 64, "tier": "P6"}
    assert server.plan() == []
    # A property that cannot change: destroyed and created again under the same name.
    server.destroy()
    assert database.read() is None
    server.body["properties"] |= {"administratorLogin": "boss", "availabilityZone": "3"}
    server.create()
    assert server.plan() == []
    assert database.read() is None, "a database survived its server"
    group.destroy()
    assert server.read() is None


@pytest.mark.parametrize("version", [AZURERM_OLD, AZURERM, AZAPI, "2026-01-01-preview"])
def test_a_flexible_server_in_several_versions(arm, group, postgres_target, version):
    body = flexible_body(postgres_target, maintenanceWindow={"customWindow": "Enabled", "dayOfWeek": 2, "startHour": 3})
    del body["properties"]["version"]
    if version == AZURERM_OLD:
        for later in ("autoGrow", "tier"):
            del body["properties"]["storage"][later]
    body["location"] = "East US"  # azapi sends what the user wrote
    server = Declared(arm, server_path(group, unique("pg")), body, version)
    server.create()
    assert server.plan() == []
    again = copy.deepcopy(body)
    again["tags"].pop("environment")
    again["properties"]["backup"]["backupRetentionDays"] = 14
    server.apply(body=again)
    assert server.plan() == []
    assert "environment" not in server.read()["tags"]
    server.destroy()


def test_a_single_server(arm, group, postgres_source):
    server = Declared(
        arm, server_path(group, unique("old"), "servers"), single_body(postgres_source), SINGLE_API_VERSION
    )
    server.create()
    assert server.plan() == []
    patch = {"properties": {"storageProfile": {"storageMB": 102400}, "publicNetworkAccess": "Disabled"}}
    server.apply("PATCH", patch)
    server.body["properties"]["storageProfile"]["storageMB"] = 102400
    server.body["properties"]["publicNetworkAccess"] = "Disabled"
    assert server.plan() == []
    server.destroy()


@pytest.fixture
def server(arm, group, postgres_target):
    body = flexible_body(postgres_target)
    del body["properties"]["version"]
    made = Declared(arm, server_path(group, unique("pg")), body, AZURERM)
    made.create()
    return made


@pytest.mark.parametrize("version", [AZURERM_OLD, AZAPI])
@pytest.mark.parametrize("collation", ["en_US.utf8", "C", "POSIX", "C.UTF-8"])
def test_a_database(arm, server, database, version, collation):
    body = {"properties": {"charset": "UTF8", "collation": collation}}
    made = Declared(arm, f"{server.path}/databases/{database()}", body, version)
    made.create()
    assert made.plan() == []
    made.apply()
    assert made.plan() == []
    made.destroy()
    made.request("DELETE", status=204)


@pytest.mark.parametrize(
    "name, value",
    [
        ("log_connections", "on"),
        ("log_connections", "ON"),
        ("log_file_mode", "0600"),
        ("work_mem", "8192"),
        ("log_min_duration_statement", "2500"),
        ("search_path", '"$user", public'),
        ("azure.extensions", "PG_TRGM,BTREE_GIN"),
        ("require_secure_transport", "off"),
    ],
)
def test_a_configuration(arm, server, name, value):
    """A parameter is always there: tools read it, change it, and set it back to its default."""
    body = {"properties": {"value": value, "source": "user-override"}}
    parameter = Declared(arm, f"{server.path}/configurations/{name}", body, AZURERM_OLD)
    before = parameter.read()["properties"]
    try:
        parameter.apply("PATCH")
        assert parameter.plan() == []
        parameter.apply()
        assert parameter.plan() == []
    finally:
        default = {"properties": {"value": before["defaultValue"], "source": "system-default"}}
        parameter.apply("PATCH", default)
    assert parameter.read()["properties"]["value"] == before["defaultValue"]


def test_firewall_rules(arm, server):
    body = {"properties": {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.9"}}
    rule = Declared(arm, f"{server.path}/firewallRules/Office_1", body, AZURERM_OLD)
    rule.create()
    assert rule.plan() == []
    rule.apply(body={"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}})
    assert rule.plan() == []
    rule.destroy()


def test_networks_and_a_server_in_one(arm, group, postgres_target):
    prefix = f"{group.path}/providers/Microsoft.Network"
    network = {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}, "tags": {}}
    network = Declared(arm, f"{prefix}/virtualNetworks/vnet", network, NETWORK)
    network.create()
    delegation = {
        "name": "fs",
        "properties": {
            "serviceName": f"{PROVIDER}/flexibleServers",
            "actions": ["Microsoft.Network/virtualNetworks/subnets/join/action"],
        },
    }
    subnet = {
        "properties": {
            "addressPrefix": "10.0.2.0/24",
            "delegations": [delegation],
            "serviceEndpoints": [{"service": "Microsoft.Storage"}],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
            "defaultOutboundAccess": True,
        }
    }
    subnet = Declared(arm, f"{network.path}/subnets/sn", subnet, NETWORK)
    subnet.create()
    assert network.plan() == [] and subnet.plan() == []
    network.apply()
    assert subnet.plan() == [], "the second apply of the network dropped its subnet"

    private = {"delegatedSubnetResourceId": subnet.path, "publicNetworkAccess": "Disabled"}
    body = flexible_body(postgres_target, network=private)
    del body["properties"]["version"]
    server = Declared(arm, server_path(group, unique("pg")), body, AZURERM)
    server.create()
    assert server.plan() == []
    # Destroyed in the reverse order; a subnet in use says so.
    assert subnet.request("DELETE", status=400).json()["error"]["code"] == "InUseSubnetCannotBeDeleted"
    for one in (server, subnet, network):
        one.destroy()
    assert arm.list(f"{group.path}/resources") == []


@pytest.mark.parametrize("version", ["2023-06-01-preview", AZURERM, AZAPI])
def test_a_migration(arm, attached, database, version):
    """azapi only, because azurerm has no migrations. A migration that has ended is replaced under the same name."""
    names = [database()]
    attached.source.postgres.create_database(names[0])
    body = {
        "location": LOCATION,
        "tags": {"wave": "1"},
        "properties": {
            "migrationMode": "Offline",
            "migrationOption": "ValidateAndMigrate",
            "sourceType": "PostgreSQLSingleServer",
            "sslMode": "Prefer",
            "sourceDbServerResourceId": attached.source.id,
            "dbsToMigrate": names,
            "overwriteDbsInTarget": "True",
            "setupLogicalReplicationOnSourceDbIfNeeded": "True",
            "secretParameters": {
                "adminCredentials": {
                    "sourceServerPassword": attached.source.password,
                    "targetServerPassword": attached.target.password,
                }
            },
        },
    }
    migration = Declared(arm, f"{attached.target.id}/migrations/{unique('m')}", body, version)
    migration.create()
    assert migration.plan() == []
    migration.apply()
    assert migration.plan() == [], "the same migration again"
    ended = ("Succeeded", "Failed", "Canceled", "ValidationFailed")

    def state():
        return migration.read()["properties"]["currentStatus"]["state"]

    wait_until(lambda: state() in ended, 60, "the end of the migration")
    assert state() == "Succeeded"
    assert migration.plan() == []
    migration.destroy()
    migration.body["properties"]["migrationOption"] = "Validate"
    migration.create()
    assert migration.plan() == []
    wait_until(lambda: state() in ended, 60, "the end of the validation")
    migration.destroy()
