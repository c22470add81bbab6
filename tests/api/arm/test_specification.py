"""Against the published specifications of Microsoft.DBforPostgreSQL: every path is routed in every version that has it,
and every property of the models is described. What Malachite leaves out stands here, with its reason.

The test data come from tests/data/specification/extract.py.
"""

import json
import pathlib
import re

import pytest
from arm import PROVIDER

DATA = pathlib.Path(__file__).resolve().parents[2] / "data/specification"
PATHS = json.loads((DATA / "paths.json").read_text())
PROPERTIES = json.loads((DATA / "properties.json").read_text())
DATE = len("2025-08-01")

NO_DIRECTORY = "no Microsoft Entra directory stands behind Malachite"
NO_BACKUPS = "Malachite takes no backups"
NO_REPLICAS = "Malachite has no read replicas"
NO_ADVICE = "index tuning and threat protection need the service's own telemetry"
NO_MAINTENANCE = "nobody maintains the machine but its user"
NO_KEYS = "no key vault stands behind Malachite"

# Operations that the service documents and Malachite answers with 501.
NOT_IMPLEMENTED = {
    "AdministratorsMicrosoftEntra_CreateOrUpdate": NO_DIRECTORY,
    "SingleServerAdministrators_CreateOrUpdate": NO_DIRECTORY,
    "BackupsAutomaticAndOnDemand_Create": NO_BACKUPS,
    "BackupsLongTermRetention_CheckPrerequisites": NO_BACKUPS,
    "BackupsLongTermRetention_Start": NO_BACKUPS,
    "VirtualEndpoints_Create": NO_REPLICAS,
    "VirtualEndpoints_Update": NO_REPLICAS,
    "TuningOptions_ListRecommendations": NO_ADVICE,
    "ServerThreatProtectionSettings_CreateOrUpdate": NO_ADVICE,
    "SingleServerSecurityAlertPolicies_CreateOrUpdate": NO_ADVICE,
    "MaintenanceEvents_ApplyNow": NO_MAINTENANCE,
    "MaintenanceEvents_Reschedule": NO_MAINTENANCE,
    "MajorVersionUpgradePrecheck_Start": "Malachite upgrades no server in place",
    "Servers_MigrateNetwork": "servers listen on loopback, whatever their network",
    "SingleServerKeys_CreateOrUpdate": NO_KEYS,
    "SinglePrivateEndpointConnections_UpdateTags": "connections have no tags in any published model",
    "QuotaUsages_List": "a machine has no quota",
}

# The models of the specification, and the description that shows each.
MODELS = {
    "flexibleServers": "FlexibleServer",
    "flexibleServers/databases": "Database",
    "flexibleServers/firewallRules": "FirewallRule",
    "flexibleServers/configurations": "Configuration",
    "flexibleServers/migrations": "Migration",
    "flexibleServers/privateEndpointConnections": "PrivateEndpointConnection",
    "flexibleServers/privateLinkResources": "PrivateLinkResource",
    "servers": "SingleServer",
    "servers/databases": "Database",
    "servers/firewallRules": "FirewallRule",
    "servers/configurations": "Configuration",
    "servers/virtualNetworkRules": "VirtualNetworkRule",
}
NO_MODEL = (
    "administrators advancedThreatProtectionSettings backups ltrBackupOperations maintenanceEvents "
    "majorVersionUpgradePrecheck tuningOptions virtualendpoints securityAlertPolicies"
).split()

# Properties that no answer has: (pattern of type and path, reason).
LEFT_OUT = [
    (r".* apiVersion$", "a property of Bicep's, which is on no wire"),
    (r"flexibleServers systemData\.(?!createdAt$).*", "recordings of the service show createdAt alone"),
    (r"flexibleServers/.* systemData(\..*)?$", "recordings of the service show none for children"),
    (r"flexibleServers properties\.privateEndpointConnections\[\]\.systemData(\..*)?$", "the same, as a member"),
    (r"flexibleServers/migrations properties\.migrationDetailsLevel$", "recordings of the private preview lack it"),
]

# Properties that a model lets clients set, and Malachite only shows.
NOT_SETTABLE = {"name": "the path has it", "identity.principalId": "the directory makes it"}


@pytest.fixture(scope="module")
def routes(malachite):
    rows = malachite.arm.request("GET", "/_malachite/routes", api_version="", status=200).json()["value"]
    return {f"{row['method']} {re.sub(r'{[^}]*}', '{}', row['pattern']).lower()}": row for row in rows}


@pytest.fixture(scope="module")
def documents(malachite):
    arm = malachite.arm
    index = arm.request("GET", "/_malachite/openapi", api_version="", status=200).json()["value"]
    return {item["apiVersion"]: arm.request("GET", item["url"], api_version="", status=200).json() for item in index}


def test_every_published_path_is_routed(routes):
    assert [path for path in PATHS if path not in routes] == []


def test_every_operation_that_is_not_implemented_has_its_reason(routes):
    lacking = {
        row["operationId"]
        for row in routes.values()
        if not row["implemented"] and PROVIDER.lower() in row["pattern"].lower()
    }
    assert lacking == set(NOT_IMPLEMENTED)


def test_every_published_version_of_every_path_is_answered(arm):
    """With names that nobody has: the answer may be any error but one about the version or the path."""
    wrong = ("NoRegisteredProviderFound", "InvalidApiVersionParameter", "InvalidResourceType", "HttpMethodNotAllowed")
    refused = []
    for row, versions in PATHS.items():
        method, path = row.split(" ")
        path = path.replace("/subscriptions/{}", arm.subscription).replace("{}", "nobody")
        for version in versions:
            response = arm.session.request(
                method, arm.endpoint + path, params={"api-version": version}, json={}, timeout=30
            )
            body = response.json() if response.content else {}
            code = body.get("error", {}).get("code") if isinstance(body, dict) else None
            if code in wrong or (response.status_code >= 500 and response.status_code != 501):
                refused.append(f"{row} {version}: {response.status_code} {code}")
    assert refused == []


def resolve(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return resolve(document, schema["allOf"][0]) if "allOf" in schema else schema


def described(document, model, path):
    """The schema at this path of a model, or None."""
    schema = document["components"]["schemas"][model]
    for part in path.split("."):
        name, lists = part.replace("[]", ""), part.count("[]")
        schema = resolve(document, schema).get("properties", {}).get(name)
        if schema is None:
            return None
        for _ in range(lists):
            schema = resolve(document, schema).get("items", {})
    return schema


def versions_of(documents, first, last):
    """The documents of the versions from first to last. Single servers are the same in all of them."""
    if first == "2017-12-01":
        return [documents["2025-08-01"]]
    return [document for version, document in documents.items() if first[:DATE] <= version[:DATE] <= last[:DATE]]


@pytest.mark.parametrize("kind", MODELS)
def test_every_published_property_is_described_or_left_out_with_a_reason(documents, kind):
    missing, read_only = [], []
    for path, (first, last, access) in PROPERTIES[f"{PROVIDER}/{kind}"].items():
        if any(re.fullmatch(pattern, f"{kind} {path}") for pattern, _ in LEFT_OUT):
            continue
        for document in versions_of(documents, first, last):
            schema = described(document, MODELS[kind], path)
            version = document["info"]["version"]
            if schema is None:
                missing.append(f"{path} {version}")
            elif access != "read" and path not in NOT_SETTABLE and schema.get("readOnly"):
                read_only.append(f"{path} {version}")
    assert missing == []
    assert not read_only, f"clients may set {read_only}"


def test_every_published_model_is_described_or_nothing_of_it_is_kept():
    kinds = {kind.removeprefix(f"{PROVIDER}/") for kind in PROPERTIES}
    assert {kind for kind in kinds if kind.split("/")[-1] not in NO_MODEL} == set(MODELS)


def test_no_exception_is_stale(documents):
    """What an exception names is published, and really missing."""
    published = [
        (kind, path, rows[0], rows[1]) for kind in MODELS for path, rows in PROPERTIES[f"{PROVIDER}/{kind}"].items()
    ]
    for pattern, _ in LEFT_OUT:
        hits = [row for row in published if re.fullmatch(pattern, f"{row[0]} {row[1]}")]
        assert hits, pattern
        for kind, path, first, last in hits:
            for document in versions_of(documents, first, last):
                if "migrationDetailsLevel" not in path:  # the published preview of the same date has it
                    assert described(document, MODELS[kind], path) is None, f"{pattern}: {path} is described"
