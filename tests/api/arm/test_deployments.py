"""ARM template deployments: classic templates and what Bicep builds, through the same resources as single calls."""

import pytest

from arm import API_VERSION, PROVIDER, state_of, unique, wait_until
from samples import load_shop

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
DEPLOYMENTS = "2021-04-01"


@pytest.fixture
def group(arm):
    name = arm.put_group(unique("dep"))
    yield arm.group_id(name)
    arm.request("DELETE", arm.group_id(name), status=202)


class Deployment:
    def __init__(self, arm, group, name=None):
        self.arm = arm
        self.path = f"{group}/providers/Microsoft.Resources/deployments/{name or unique('d')}"

    def put(self, resources, status=201, parameters=None, mode="Incremental", **template):
        body = {
            "properties": {
                "mode": mode,
                "parameters": {key: {"value": value} for key, value in (parameters or {}).items()},
                "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources, **template},
            }
        }
        return self.arm.request("PUT", self.path, body, status=status, api_version=DEPLOYMENTS)

    def get(self):
        return self.arm.get(self.path, api_version=DEPLOYMENTS)

    def wait(self, response, expect="Succeeded"):
        url = response.headers["Azure-AsyncOperation"]
        assert int(response.headers["Retry-After"]) >= 1
        status = wait_until(
            lambda: (lambda body: body if body["status"] not in ("Accepted", "Running") else None)(self.arm.get(url)),
            90,
            "the end of the deployment",
            interval=0.1,
        )
        assert status["status"] == expect, status
        body = self.get()
        assert body["properties"]["provisioningState"] == expect
        return body["properties"]

    def run(self, resources, expect="Succeeded", **options):
        return self.wait(self.put(resources, **options), expect)

    def outputs(self, expressions, **options):
        """Values of expressions, through a deployment without resources."""
        outputs = {f"o{index}": {"type": "string", "value": f"[{text}]"} for index, text in enumerate(expressions)}
        shown = self.run([], outputs=outputs, **options)["outputs"]
        return [shown[f"o{index}"]["value"] for index in range(len(expressions))]

    def refused(self, resources, **options):
        error = self.put(resources, status=400, **options).json()["error"]
        assert error["code"] == "InvalidTemplate", error
        return error["message"]


@pytest.fixture
def deployment(arm, group):
    return Deployment(arm, group)


def attached_server(postgres, kind="flexibleServers", name="[parameters('name')]", **more):
    return {
        "type": f"{PROVIDER}/{kind}",
        "apiVersion": API_VERSION if kind == "flexibleServers" else "2017-12-01",
        "name": name,
        "location": "[resourceGroup().location]",
        "tags": {"malachite.host": postgres.host, "malachite.port": str(postgres.port)},
        "properties": {
            "administratorLogin": postgres.superuser,
            "administratorLoginPassword": "[parameters('password')]",
        },
        **more,
    }


PARAMETERS = {"name": {"type": "string"}, "password": {"type": "securestring"}}


def test_a_template_makes_servers_a_database_and_a_migration(
    arm, deployment, group, database, postgres_source, postgres_target
):
    shop = load_shop(postgres_source, database(), rows=20)
    extra, source, target = database(), unique("s"), unique("t")
    secret = postgres_source.password
    arm.secrets.add(secret)
    migration = {
        "type": f"{PROVIDER}/flexibleServers/migrations",
        "apiVersion": API_VERSION,
        "name": "[concat(parameters('target'), '/first')]",
        "location": "[resourceGroup().location]",
        "dependsOn": [
            "[resourceId('Microsoft.DBforPostgreSQL/servers', parameters('source'))]",
            "[parameters('target')]",
        ],
        "properties": {
            "migrationMode": "Offline",
            "dbsToMigrate": "[variables('databases')]",
            "sourceDbServerResourceId": "[resourceId('Microsoft.DBforPostgreSQL/servers', parameters('source'))]",
            "secretParameters": {
                "adminCredentials": {
                    "sourceServerPassword": "[parameters('password')]",
                    "targetServerPassword": "[parameters('targetPassword')]",
                }
            },
        },
    }
    target_server = attached_server(postgres_target, name="[parameters('target')]")
    target_server["properties"]["administratorLoginPassword"] = "[parameters('targetPassword')]"
    target_server["resources"] = [
        {
            "type": "databases",
            "apiVersion": API_VERSION,
            "name": extra,
            "dependsOn": ["[parameters('target')]"],
            "properties": {},
        }
    ]
    template = {
        "parameters": {
            "source": {"type": "string"},
            "target": {"type": "string"},
            "password": {"type": "securestring"},
            "targetPassword": {"type": "secureString"},
        },
        "variables": {"databases": ["[variables('shop')]"], "shop": shop},
        "outputs": {
            "host": {"type": "string", "value": "[reference(parameters('target')).fullyQualifiedDomainName]"},
            "secret": {"type": "securestring", "value": "[parameters('password')]"},
        },
    }
    response = put_template(
        deployment,
        template,
        [migration, target_server, attached_server(postgres_source, "servers", "[parameters('source')]")],
        source=source,
        target=target,
        password=secret,
        targetPassword=postgres_target.password,
    )
    shown = deployment.wait(response)
    assert shown["outputs"] == {
        "host": {"type": "string", "value": postgres_target.host},
        "secret": {"type": "securestring"},
    }
    assert (
        shown["parameters"]["password"] == {"type": "securestring"} and shown["parameters"]["source"]["value"] == source
    )
    assert len(shown["outputResources"]) == 4
    path = f"{group}/providers/{PROVIDER}/flexibleServers/{target}/migrations/first"
    done = wait_until(
        lambda: (lambda body: body if state_of(body) != "InProgress" else None)(arm.get(path)), 60, "the migration"
    )
    assert state_of(done) == "Succeeded"
    arm.get(f"{group}/providers/{PROVIDER}/flexibleServers/{target}/databases/{extra}")
    operations = arm.get(
        f"{group}/deployments/{deployment.path.rsplit('/', 1)[1]}/operations", api_version=DEPLOYMENTS
    )["value"]
    assert len(operations) == 4
    assert {item["properties"]["provisioningState"] for item in operations} == {"Succeeded"}


def put_template(deployment, template, resources, status=201, **parameters):
    body = {
        "properties": {
            "mode": "Incremental",
            "parameters": {key: {"value": value} for key, value in parameters.items()},
            "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources, **template},
        }
    }
    return deployment.arm.request("PUT", deployment.path, body, status=status, api_version=DEPLOYMENTS)


def test_a_template_built_by_bicep_works(arm, deployment, group, postgres_target, database):
    """Symbolic names, an existing resource, a module, a loop and a condition."""
    name, first, second = unique("b"), database(), database()
    template = {
        "languageVersion": "2.0",
        "parameters": PARAMETERS,
        "outputs": {
            "id": {
                "type": "string",
                "value": "[resourceId('Microsoft.DBforPostgreSQL/flexibleServers', parameters('name'))]",
            },
            "login": {"type": "string", "value": "[reference('server').administratorLogin]"},
            "version": {"type": "string", "value": "[reference('known').version]"},
            "module": {"type": "string", "value": "[reference('module').outputs.greeting.value]"},
            "never": {"condition": False, "type": "string", "value": "[reference('skipped').version]"},
        },
    }
    resources = {
        "server": attached_server(postgres_target),
        "known": {
            "existing": True,
            "type": f"{PROVIDER}/flexibleServers",
            "apiVersion": API_VERSION,
            "name": "[parameters('name')]",
            "dependsOn": ["server"],
        },
        "skipped": attached_server(postgres_target, name="never", condition="[equals(parameters('name'), 'x')]"),
        "databases": {
            "copy": {"name": "databases", "count": "[length(createArray(1, 2))]"},
            "type": f"{PROVIDER}/flexibleServers/databases",
            "apiVersion": API_VERSION,
            "name": f"[format('{{0}}/{{1}}', parameters('name'), createArray('{first}', '{second}')[copyIndex()])]",
            "properties": {"charset": "UTF8"},
            "dependsOn": ["server"],
        },
        "module": {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": "[format('{0}-module', deployment().name)]",
            "properties": {
                "expressionEvaluationOptions": {"scope": "inner"},
                "mode": "Incremental",
                "parameters": {"who": {"value": "[parameters('name')]"}},
                "template": {
                    "$schema": SCHEMA,
                    "contentVersion": "1.0.0.0",
                    "parameters": {"who": {"type": "string"}},
                    "resources": [],
                    "outputs": {"greeting": {"type": "string", "value": "[concat('hello ', parameters('who'))]"}},
                },
            },
            "dependsOn": ["databases"],
        },
    }
    shown = deployment.wait(put_template(deployment, template, resources, name=name, password=postgres_target.password))
    values = {key: output["value"] for key, output in shown["outputs"].items()}
    assert values == {
        "id": f"{group}/providers/{PROVIDER}/flexibleServers/{name}",
        "login": postgres_target.superuser,
        "version": str(postgres_target.major),
        "module": f"hello {name}",
    }
    server = f"{group}/providers/{PROVIDER}/flexibleServers/{name}"
    assert {first, second} <= {item["name"] for item in arm.list(f"{server}/databases")}
    again = deployment.wait(
        put_template(deployment, template, resources, 200, name=name, password=postgres_target.password)
    )
    assert again["outputs"] == shown["outputs"]
    listed = arm.get(deployment.path.rsplit("/", 1)[0], api_version=DEPLOYMENTS)["value"]
    assert len(listed) == 2


@pytest.mark.parametrize(
    "expression, value",
    [
        ("concat('a', 'b', 1)", "ab1"),
        ("format('{0}-{1:D3}{{}}', 'x', 7)", "x-007{}"),
        ("toLower('ÄbC')", "Äbc"),
        ("toUpper('ab')", "AB"),
        ("if(true(), 'yes', div(1, 0))", "yes"),
        ("if(equals(1, 2), parameters('nothing'), 'no')", "no"),
        ("coalesce(null(), 'c')", "c"),
        ("split('a,b;c', createArray(',', ';'))", ["a", "b", "c"]),
        ("last(split('a/b', '/'))", "b"),
        ("first('xyz')", "x"),
        ("union(createArray(1, 2), createArray(2, 3))", [1, 2, 3]),
        ("createObject('a', 1).a", 1),
        ("add(2, mul(3, 4))", 14),
        ("replace('aXbX', 'X', '-')", "a-b-"),
        ("substring('hello', 1, 3)", "ell"),
        ("contains('hello', 'ell')", True),
        ("empty('')", True),
        ("length('four')", 4),
        ("string(createArray(1, 'a'))", '[1,"a"]'),
        ("json('{\"a\": [1]}').a[0]", 1),
        ("'it''s'", "it's"),
        ("padLeft('7', 3, '0')", "007"),
        ("range(3, 2)", [3, 4]),
        ("max(1, 5, 3)", 5),
        ("join(createArray('a', 'b'), '+')", "a+b"),
        ("and(true(), not(false()))", True),
        ("less(1, 2)", True),
        ("int('42')", 42),
        ("guid('a')", None),
        ("uniqueString('a')", None),
        ("resourceId('other', 'Microsoft.Web/sites', 'x')", None),
        ("subscription().subscriptionId", None),
        ("startsWith('abc', 'AB')", True),
        ("tryGet(createObject('a', 1), 'b')", "null"),
        ("intersection()", "refused"),
    ],
)
def test_functions(arm, deployment, expression, value):
    if value == "refused":
        response = deployment.put([], outputs={"o": {"type": "string", "value": f"[{expression}]"}})
        deployment.wait(response, "Failed")
        return
    [shown] = deployment.outputs([expression])
    again = {
        "guid('a')": lambda: len(shown) == 36,
        "uniqueString('a')": lambda: len(shown) == 13 and shown.isalnum(),
        "resourceId('other', 'Microsoft.Web/sites', 'x')": lambda: shown
        == f"{arm.subscription}/resourceGroups/other/providers/Microsoft.Web/sites/x",
        "subscription().subscriptionId": lambda: arm.subscription.endswith(shown),
    }
    if value == "null":
        assert shown is None
    elif value is None:
        assert again[expression]() and deployment.arm
    else:
        assert shown == value


def refusals():
    server = {"type": f"{PROVIDER}/flexibleServers", "apiVersion": API_VERSION, "name": "aaa", "properties": {}}
    return {
        "an unknown function": ([{**server, "name": "[nope()]"}], {}, "nope"),
        "no such parameter": ([{**server, "name": "[parameters('p')]"}], {}, "'p' is not found"),
        "no such variable": ([{**server, "name": "[variables('v')]"}], {}, "'v' is not found"),
        "variables in a circle": (
            [{**server, "name": "[variables('a')]"}],
            {"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}},
            "cycle",
        ),
        "a missing value": ([], {"parameters": {"p": {"type": "string"}}}, "'p' is not provided"),
        "a wrong type": ([], {"parameters": {"p": {"type": "int", "defaultValue": "x"}}}, "'int'"),
        "not allowed": (
            [],
            {"parameters": {"p": {"type": "string", "defaultValue": "x", "allowedValues": ["y"]}}},
            "allowed",
        ),
        "a dependency that is nowhere": ([{**server, "dependsOn": ["bbb"]}], {}, "bbb"),
        "segments that do not fit": ([{**server, "name": "a/b"}], {}, "segment lengths"),
        "no api-version": ([{"type": server["type"], "name": "aaa"}], {}, "apiVersion"),
        "the same twice": ([server, server], {}, "multiple times"),
        "an expression without end": ([{**server, "name": "[concat('a']"}], {}, "not understood"),
        "reference in a name": ([{**server, "name": "[reference('x').a]"}], {}, "reference"),
        "user functions": ([], {"functions": [{"namespace": "n", "members": {}}]}, "user-defined"),
    }


@pytest.mark.parametrize("name", refusals())
def test_a_wrong_template_is_refused_at_once(deployment, name):
    resources, template, words = refusals()[name]
    response = put_template(deployment, template, resources, 400)
    assert response.json()["error"]["code"] == "InvalidTemplate" and words in response.json()["error"]["message"]
    deployment.arm.error("GET", deployment.path, 404, "DeploymentNotFound", api_version=DEPLOYMENTS)


def test_unimplemented_operations_are_reported(deployment):
    assert "Incremental" in deployment.refused([], mode="Complete")
    body = {"properties": {"mode": "Incremental", "templateLink": {"uri": "https://example.org/t.json"}}}
    error = deployment.arm.error("PUT", deployment.path, 400, "InvalidTemplate", json=body, api_version=DEPLOYMENTS)
    assert error["target"] == "properties.templateLink"


def test_a_failing_resource_fails_the_deployment_with_the_reason(arm, deployment, group):
    good = {
        "type": f"{PROVIDER}/flexibleServers",
        "apiVersion": API_VERSION,
        "name": "no",
        "location": "eastus",
        "properties": {},
    }
    after = {**good, "name": "after", "dependsOn": ["no"]}
    shown = deployment.wait(deployment.put([good, after]), "Failed")
    assert shown["error"]["code"] == "DeploymentFailed"
    [detail] = shown["error"]["details"]
    assert detail["code"] == "InvalidResourceName" and detail["target"].endswith("/flexibleServers/no")
    status = arm.get(deployment.put([good], 200).headers["Azure-AsyncOperation"])
    assert status["status"] in ("Accepted", "Running", "Failed")


def test_resources_that_wait_for_each_other_fail(deployment, postgres_target):
    one = {
        "type": f"{PROVIDER}/flexibleServers",
        "apiVersion": API_VERSION,
        "name": "one-of-two",
        "location": "eastus",
        "dependsOn": ["two-of-two"],
        "properties": {},
    }
    two = {**one, "name": "two-of-two", "dependsOn": ["one-of-two"]}
    assert deployment.wait(deployment.put([one, two]), "Failed")["error"]["code"] == "InvalidTemplate"
