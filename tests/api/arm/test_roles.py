"""Azure's access control (--roles-file): who may do what, and where. The minimal role that the service documents
suffices for a migration, and with one action less something fails."""

import json

import pytest
from arm import PROVIDER, SINGLE_API_VERSION, unique, wait_until
from malachite import Malachite, run_command

# The service's page "Required user permissions for migration", of 2025-07.
GROUP = "Microsoft.Resources/subscriptions/resourceGroups"
MINIMAL = [
    f"{GROUP}/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/locations/read",
    f"{GROUP}/deployments/read",
    "Microsoft.Resources/deployments/read",
    f"{GROUP}/resources/read",
    f"{PROVIDER}/flexibleServers/checkMigrationNameAvailability/action",
    f"{PROVIDER}/flexibleServers/migrations/write",
    f"{PROVIDER}/flexibleServers/migrations/read",
    f"{PROVIDER}/flexibleServers/migrations/delete",
    f"{PROVIDER}/flexibleServers/read",
    f"{PROVIDER}/flexibleServers/databases/read",
    f"{PROVIDER}/servers/read",
    f"{PROVIDER}/servers/administrators/read",
    f"{PROVIDER}/servers/databases/read",
    f"{PROVIDER}/flexibleServers/testConnectivity/action",
    f"{PROVIDER}/flexibleServers/getSourceDatabaseList/action",
    f"{PROVIDER}/flexibleServers/configurations/read",
    f"{PROVIDER}/servers/configurations/read",
]
RULES = "firewallRules"
# An older name of Microsoft.Resources/deployments/read: no call needs it.
ALIAS = f"{GROUP}/deployments/read"
APPLICATION = "00000000-0000-4000-8000-00000000c11e"  # the owner of everything
SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-00000000ca11"


def without(action):
    return f"without {action}"


@pytest.fixture(scope="module")
def roles_file(tmp_path_factory):
    definitions = [{"Name": "Migrator", "Actions": MINIMAL, "NotActions": []}]
    definitions += [{"Name": without(one), "Actions": MINIMAL, "NotActions": [one.upper()]} for one in MINIMAL]
    definitions += [
        {"roleName": "Stopper", "actions": [f"{PROVIDER}/flexibleServers/st*/ACTION", "*/flexibleServers/read"]}
    ]
    assignments = [
        (APPLICATION, "Owner", "/"),
        ("reader", "reader", SUBSCRIPTION),
        ("contributor", "Contributor", SUBSCRIPTION.upper() + "/"),
        ("migrator", "Migrator", SUBSCRIPTION),
        ("group", "Owner", f"{SUBSCRIPTION}/resourcegroups/rg-mine"),
        ("rule", "Reader", f"{SUBSCRIPTION}/resourceGroups/rg-mine/providers/{PROVIDER}/servers/old-listed/{RULES}/a"),
        ("server", "Stopper", f"{SUBSCRIPTION}/resourceGroups/rg-mine/providers/{PROVIDER}/flexibleServers/mine"),
    ]
    assignments += [(without(one), without(one), SUBSCRIPTION) for one in MINIMAL]
    file = tmp_path_factory.mktemp("roles") / "roles.json"
    rows = [{"principal": name, "role": role, "scope": scope} for name, role, scope in assignments]
    file.write_text(json.dumps({"roleDefinitions": definitions, "roleAssignments": rows}))
    return file


@pytest.fixture(scope="module")
def guarded(roles_file):
    with Malachite("--auth", "strict", "--roles-file", str(roles_file)) as running:
        yield running


def be(malachite, user):
    """A user, signed in with the program that owns everything: its role is not lent to users."""
    answer = malachite.sign_in(grant_type="password", client_id=APPLICATION, username=user, password="x")
    malachite.arm.token = answer.json()["access_token"]


@pytest.fixture(autouse=True)
def be_the_owner(guarded):
    owner = guarded.arm.token = guarded.sign_in().json()["access_token"]
    yield
    guarded.arm.token = owner


def refused(arm, method, path, action, scope, body=None, **options):
    error = arm.request(method, path, body, status=403, **options).json()["error"]
    assert error["code"] == "AuthorizationFailed", error
    assert f"to perform action '{action}' over scope '{scope}' or the scope is invalid." in error["message"], error
    assert error["message"].startswith("The client '") and "' with object id '" in error["message"]


def test_nothing_is_allowed_without_an_assignment(guarded):
    arm = guarded.arm
    be(guarded, "nobody@example.com")
    arm.request("GET", "/subscriptions", status=200)  # every caller sees these
    arm.request("GET", f"/providers/{PROVIDER}/operations", status=200)
    refused(arm, "GET", SUBSCRIPTION, "Microsoft.Resources/subscriptions/read", SUBSCRIPTION)
    group = f"{SUBSCRIPTION}/resourcegroups/rg-mine"
    refused(arm, "PUT", group, f"{GROUP}/write", group, {"location": "eastus"})
    refused(arm, "GET", f"{SUBSCRIPTION}/resourcegroups", f"{GROUP}/read", SUBSCRIPTION)
    register = f"{SUBSCRIPTION}/providers/{PROVIDER}"
    refused(arm, "POST", f"{register}/register", f"{PROVIDER}/register/action", register)
    message = arm.request("GET", SUBSCRIPTION, status=403).json()["error"]["message"]
    assert "'nobody@example.com'" in message
    # The path and the api-version are checked first, as in Resource Manager.
    arm.request("GET", SUBSCRIPTION + "/nothing", status=404)


def test_wildcards_and_scopes(guarded, postgres_target):
    arm = guarded.arm
    for name in ("rg-mine", "rg-mine2"):
        arm.put_group(name)
    arm.group = "rg-mine"
    server = guarded.attach("mine", postgres_target).id
    other = server.replace("/mine", "/mine2")
    be(guarded, "group")
    arm.request("GET", server, status=200)
    arm.request("PATCH", server.upper(), {"tags": {"malachite.note": "x"}}, status=202)
    refused(arm, "GET", f"{SUBSCRIPTION}/resourceGroups/rg-mine2", f"{GROUP}/read", arm.group_id("rg-mine2"))
    be(guarded, "reader")
    arm.request("GET", server, status=200)
    arm.request("HEAD", server, status=204)
    refused(arm, "DELETE", server, f"{PROVIDER}/flexibleServers/delete", server)
    refused(arm, "POST", f"{server}/stop", f"{PROVIDER}/flexibleServers/stop/action", server)
    be(guarded, "server")
    arm.request("GET", server, status=200)
    assert arm.request("POST", f"{server}/stop").status_code not in (401, 403)
    refused(arm, "POST", f"{server}/restart", f"{PROVIDER}/flexibleServers/restart/action", server)
    refused(arm, "GET", other, f"{PROVIDER}/flexibleServers/read", other)
    refused(arm, "GET", f"{server}/databases", f"{PROVIDER}/flexibleServers/databases/read", server)
    be(guarded, "contributor")
    arm.request("GET", server, status=200)


def calls_of(arm, source, target, migration):
    """A call per action of the minimal role: (action, method, path, body)."""
    group = arm.group_id(arm.group)
    secrets = {"adminCredentials": {"sourceServerPassword": source.password}}
    connection = {"properties": {"sourceDbServerResourceId": source.id, "secretParameters": secrets}}
    question = {"name": "x", "type": f"{PROVIDER}/flexibleServers/migrations"}
    rows = [
        (f"{GROUP}/read", "GET", group, None),
        ("Microsoft.Resources/subscriptions/read", "GET", SUBSCRIPTION, None),
        ("Microsoft.Resources/subscriptions/locations/read", "GET", f"{SUBSCRIPTION}/locations", None),
        ("Microsoft.Resources/deployments/read", "GET", f"{group}/providers/Microsoft.Resources/deployments", None),
        (f"{GROUP}/resources/read", "GET", f"{group}/resources", None),
        ("checkMigrationNameAvailability/action", "POST", "/checkMigrationNameAvailability", question),
        ("migrations/write", "PATCH", f"/migrations/{migration}", {"properties": {}}),
        ("migrations/read", "GET", f"/migrations/{migration}", None),
        ("read", "GET", "", None),
        ("databases/read", "GET", "/databases", None),
        ("testConnectivity/action", "POST", "/testConnectivity", connection),
        ("getSourceDatabaseList/action", "POST", "/getSourceDatabaseList", connection),
        ("configurations/read", "GET", "/configurations/work_mem", None),
    ]
    for action, method, path, body in rows:
        if action.startswith("Microsoft.Resources"):
            yield action, method, path, body, None
        else:
            yield f"{PROVIDER}/flexibleServers/{action}", method, target.id + path, body, None
    for action, path in (
        ("read", ""),
        ("administrators/read", "/administrators"),
        ("databases/read", "/databases"),
        ("configurations/read", "/configurations/work_mem"),
    ):
        yield f"{PROVIDER}/servers/{action}", "GET", source.id + path, None, SINGLE_API_VERSION
    yield f"{PROVIDER}/flexibleServers/migrations/delete", "DELETE", f"{target.id}/migrations/{migration}", None, None


def test_the_documented_minimal_role_suffices_and_every_action_of_it_is_needed(
    guarded, postgres_source, postgres_target, database
):
    arm = guarded.arm
    name = database()
    postgres_source.create_database(name)
    source = guarded.attach(unique("src"), postgres_source, kind="servers")
    target = guarded.attach(unique("dst"), postgres_target)
    be(guarded, "migrator")
    migration = arm.put_migration(source, target, [name], migrationOption="Migrate")
    migration.succeed()
    tested = set()
    for action, method, path, body, version in calls_of(arm, source, target, migration.name):
        options = {"api_version": version} if version else {}
        tested.add(action)
        be(guarded, without(action))
        error = arm.request(method, path, body, status=403, **options).json()["error"]
        assert error["code"] == "AuthorizationFailed" and f"'{action}'" in error["message"], (action, error)
        be(guarded, "migrator")
        answer = arm.request(method, path, body, **options)
        assert answer.status_code not in (401, 403, 404, 501), (action, answer.text)
    assert set(MINIMAL) - tested == {ALIAS}
    # A migration reads its source.
    be(guarded, without(f"{PROVIDER}/servers/read"))
    body = arm.migration_body(source, target, [name])
    error = arm.request("PUT", f"{target.id}/migrations/other", body, status=403).json()["error"]
    assert error["code"] == "LinkedAuthorizationFailed", error
    assert f"on the linked scope(s) '{source.id}'" in error["message"], error
    wait_until(lambda: migration.name not in arm.migrations(target), 10, "the deleted migration")


def test_a_deployment_may_do_what_its_caller_may(guarded):
    arm = guarded.arm
    arm.put_group("rg-mine")
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [
            {
                "type": "Microsoft.Network/virtualNetworks",
                "apiVersion": "2024-05-01",
                "name": "net",
                "location": "eastus",
                "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
            }
        ],
    }
    path = f"{arm.group_id('rg-mine')}/providers/Microsoft.Resources/deployments/d"
    body = {"properties": {"mode": "Incremental", "template": template}}
    be(guarded, "reader")
    refused(arm, "PUT", path, "Microsoft.Resources/deployments/write", path, body)
    be(guarded, "group")
    arm.request("PUT", path, body, status=201)

    def ended():
        state = arm.get(path)["properties"]["provisioningState"]
        return state if state in ("Succeeded", "Failed") else None

    assert wait_until(ended, 20, "the deployment") == "Succeeded"


@pytest.mark.parametrize(
    "content, word",
    [
        ("nonsense", "JSON"),
        ("[]", "JSON object"),
        ("{}", "roleAssignments"),
        ('{"roleAssignments": [{"principal": "me", "role": "Nobody", "scope": "/"}]}', "unknown role: 'Nobody'"),
        ('{"roleAssignments": [{"principal": "me", "role": "Owner"}]}', "'scope'"),
        ('{"roleAssignments": [{"principal": "me", "role": "Owner", "scope": "subscriptions"}]}', "begin with '/'"),
        ('{"roleAssignments": [], "roleDefinitions": [{"Name": "x"}]}', "'Actions' is missing in role 'x'"),
        ('{"roleAssignments": [], "roleDefinitions": [{"Name": "x", "Actions": [1]}]}', "lists of texts"),
        ('{"roleAssignments": [], "roleDefinitions": [{"Actions": []}]}', "no 'Name'"),
    ],
)
def test_a_bad_file_stops_the_start(tmp_path, content, word):
    file = tmp_path / "roles.json"
    file.write_text(content)
    options = ["--data-dir", tmp_path / "d", "--http-port", 0, "--https-port", 0, "--roles-file", file]
    ended = run_command("serve", *options, "--auth", "strict")
    assert (ended.returncode, word in ended.stderr) == (78, True), ended.stderr
    ended = run_command("serve", *options)
    assert ended.returncode == 2 and "--auth strict" in ended.stderr, ended.stderr


def test_a_list_above_the_callers_scope_shows_what_is_in_it(guarded, postgres_target):
    arm = guarded.arm
    for name in ("rg-mine", "rg-other"):
        arm.put_group(name)
    arm.group = "rg-mine"
    mine = guarded.attach("mine-listed", postgres_target).id
    old = guarded.attach("old-listed", postgres_target, "servers").id
    arm.group = "rg-other"
    other = guarded.attach("other-listed", postgres_target).id
    groups, servers = f"{SUBSCRIPTION}/resourcegroups", f"{SUBSCRIPTION}/providers/{PROVIDER}/flexibleServers"
    resources = f"{SUBSCRIPTION}/resources"

    def ids(path):
        return {item["id"] for item in arm.list(path)}

    assert {mine, other} <= ids(servers) and {mine, other} <= ids(resources)
    be(guarded, "reader")
    assert {mine, other} <= ids(servers)
    be(guarded, "group")
    assert ids(groups) == {arm.group_id("rg-mine")}
    assert mine in ids(servers) and other not in ids(servers)
    assert mine in ids(resources) and other not in ids(resources)
    assert mine in {item["id"] for item in arm.list(servers, params={"$top": 1})}
    locations = "Microsoft.Resources/subscriptions/locations/read"
    refused(arm, "GET", f"{SUBSCRIPTION}/locations", locations, SUBSCRIPTION)
    above = other.rsplit("/", 1)[0]
    refused(arm, "GET", above, f"{PROVIDER}/flexibleServers/read", above.rsplit("/", 1)[0])
    # A list that is kept in memory is not shown to others as it was built for one caller.
    rules = f"{old}/{RULES}"
    be(guarded, "contributor")
    for name in ("a", "b"):
        body = {"properties": {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.9"}}
        arm.put_and_wait(f"{rules}/{name}", body)
    for user, seen in (("reader", "ab"), ("rule", "a"), ("rule", "a"), ("reader", "ab")):
        be(guarded, user)
        assert ids(rules) == {f"{rules}/{name}" for name in seen}
    be(guarded, "nobody@example.com")
    refused(arm, "GET", servers, f"{PROVIDER}/flexibleServers/read", servers.rsplit("/", 1)[0])
