"""Deployments that cost too much, meet a busy server, hold secrets or contain themselves; templates given back."""

import concurrent.futures
import json
import pathlib
import time

import pytest

from arm import API_VERSION, new_secret, unique
from test_deployments import DEPLOYMENTS, SCHEMA, Deployment, group  # noqa: F401  (a fixture)

FLEXIBLE = "Microsoft.DBforPostgreSQL/flexibleServers"


@pytest.fixture
def deployment(arm, group):  # noqa: F811
    return Deployment(arm, group)


def doubling():
    """A value of 2^40 members in a few hundred bytes."""
    variables = {"v0": "x"}
    for index in range(1, 41):
        variables[f"v{index}"] = f"[createArray(variables('v{index - 1}'), variables('v{index - 1}'))]"
    return {"variables": variables, "outputs": {"o": {"type": "string", "value": "[string(variables('v40'))]"}}}


def test_templates_that_multiply_leave_health_alone(arm, group):  # noqa: F811
    loops = {
        "copy": [
            {
                "name": "a",
                "count": 800,
                "input": {
                    "copy": [
                        {"name": "b", "count": 800, "input": {"copy": [{"name": "c", "count": 800, "input": "x"}]}}
                    ]
                },
            }
        ]
    }
    resource = {
        "type": FLEXIBLE,
        "apiVersion": API_VERSION,
        "name": unique("s"),
        "location": "eastus",
        "properties": loops,
    }
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(Deployment(arm, group).run, [], "Failed", **doubling()) for _ in range(4)]
        runs += [
            pool.submit(Deployment(arm, group).run, [{**resource, "name": unique("s")}], "Failed") for _ in range(4)
        ]
        slowest = 0
        while not all(run.done() for run in runs):
            began = time.monotonic()
            arm.request("GET", "/_malachite/health", status=200)
            slowest = max(slowest, time.monotonic() - began)
    assert slowest < 2
    codes = {run.result()["error"]["code"] for run in runs}
    assert codes <= {"DeploymentFailed", "DeploymentOutputEvaluationFailed"}, codes


def test_one_failed_resource_ends_a_deployment_that_waits_for_a_busy_server(deployment):
    """Both at once: a database of a server that is still being provisioned, and a server that is refused."""
    server = {
        "type": FLEXIBLE,
        "apiVersion": API_VERSION,
        "name": unique("busy"),
        "location": "eastus",
        "properties": {"version": "15", "administratorLogin": "me", "administratorLoginPassword": new_secret()},
    }
    waits = {
        "type": f"{FLEXIBLE}/databases",
        "apiVersion": API_VERSION,
        "name": f"{server['name']}/early",
        "properties": {},
    }
    refused = {
        "type": FLEXIBLE,
        "apiVersion": API_VERSION,
        "name": unique("bad"),
        "location": "eastus",
        "properties": {"version": "3"},
    }
    failed = deployment.run([server, waits, refused], "Failed")
    targets = [detail["target"].rsplit("/", 1)[1] for detail in failed["error"]["details"]]
    assert refused["name"] in targets


def test_operations_report_the_status_of_their_call(arm, deployment):
    bad = {
        "type": FLEXIBLE,
        "apiVersion": API_VERSION,
        "name": unique("bad"),
        "location": "eastus",
        "properties": {"version": "3"},
    }
    deployment.run([bad], "Failed")
    operations = arm.get(f"{deployment.path}/operations", api_version=DEPLOYMENTS)["value"]
    assert [operation["properties"]["statusCode"] for operation in operations] == ["BadRequest"]


def test_a_name_with_reserved_characters_reaches_its_resource(arm, deployment):
    odd = {
        "type": FLEXIBLE,
        "apiVersion": API_VERSION,
        "name": "a?b#c%2F",
        "location": "eastus",
        "properties": {"version": "15"},
    }
    failed = deployment.run([odd], "Failed")
    assert "letters, digits" in failed["error"]["details"][0]["message"], failed["error"]


def test_deployments_nested_too_deeply_end(arm, deployment):
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": []}
    for _ in range(8):
        template = {
            "$schema": SCHEMA,
            "contentVersion": "1.0.0.0",
            "resources": [
                {
                    "type": "Microsoft.Resources/deployments",
                    "apiVersion": DEPLOYMENTS,
                    "name": unique("n"),
                    "properties": {
                        "mode": "Incremental",
                        "template": template,
                        "expressionEvaluationOptions": {"scope": "inner"},
                    },
                }
            ],
        }
    failed = deployment.run(template["resources"], "Failed")
    assert failed["error"]["code"] == "DeploymentFailed"


def test_secrets_of_deployments_are_nowhere_in_clear(own):
    malachite = own()
    arm, secret, literal = malachite.arm, new_secret(), new_secret()
    deployment = Deployment(arm, arm.group_id(arm.put_group(unique("dep"))))
    server = {
        "type": FLEXIBLE,
        "apiVersion": API_VERSION,
        "name": unique("s"),
        "location": "eastus",
        "properties": {
            "version": "15",
            "administratorLogin": "me",
            "administratorLoginPassword": "[parameters('plain')]",
        },
    }
    template = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": [server],
        "variables": {"unused": literal},
        "parameters": {"plain": {"type": "string"}, "secure": {"type": "securestring"}},
        "outputs": {
            "made": {"type": "string", "value": "[concat('x', parameters('secure'), 'y')]"},
            "plain": {"type": "string", "value": "[toUpper(parameters('plain'))]"},
        },
    }
    body = {
        "properties": {
            "mode": "Incremental",
            "template": template,
            "parameters": {"plain": {"value": secret}, "secure": {"value": secret}},
        }
    }
    done = deployment.wait(arm.request("PUT", deployment.path, body, status=201, api_version=DEPLOYMENTS))
    assert secret.lower() not in json.dumps(done).lower()
    exported = arm.request("POST", f"{deployment.path}/exportTemplate", {}, status=200, api_version=DEPLOYMENTS).json()
    assert exported["template"] == template
    malachite.stop()
    files = [
        file
        for file in pathlib.Path(malachite.data_dir).rglob("*")
        if file.is_file() and file.name.startswith("malachite")
    ]
    assert files
    for file in files:
        content = file.read_bytes()
        assert secret.encode() not in content and literal.encode() not in content, file


def test_what_if_and_the_export_of_a_group_name_the_resources(arm, group, deployment):  # noqa: F811
    server = unique("exp")
    resource = {
        "type": FLEXIBLE,
        "apiVersion": API_VERSION,
        "name": server,
        "location": "eastus",
        "tags": {"a": "b"},
        "properties": {"version": "15", "administratorLogin": "me", "administratorLoginPassword": "Secret-1x"},
    }
    body = {
        "properties": {
            "mode": "Incremental",
            "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [resource]},
        }
    }

    def what_if():
        answer = arm.request("POST", f"{deployment.path}/whatIf", body, status=200, api_version=DEPLOYMENTS).json()
        assert answer["status"] == "Succeeded"
        return [
            (change["resourceId"].rsplit("/", 1)[1], change["changeType"]) for change in answer["properties"]["changes"]
        ]

    assert what_if() == [(server, "Create")]
    deployment.run([resource])
    assert what_if() == [(server, "Deploy")]
    answer = arm.request(
        "POST", f"{group}/exportTemplate", {"resources": ["*"]}, status=200, api_version=DEPLOYMENTS
    ).json()
    exported = {item["type"]: item for item in answer["template"]["resources"]}[FLEXIBLE]
    assert exported["name"] == server and exported["tags"] == {"a": "b"} and exported["properties"]["version"] == "15"
    assert "state" not in exported["properties"] and "Secret-1x" not in json.dumps(answer)
    same = arm.request("POST", f"{deployment.path}/exportTemplate", {}, status=200, api_version=DEPLOYMENTS).json()
    assert same["template"] == body["properties"]["template"]
