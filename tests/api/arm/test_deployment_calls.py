"""Calls on deployments besides PUT: validate, HEAD, DELETE, cancel."""

from arm import new_secret
from test_deployments import DEPLOYMENTS, PARAMETERS, SCHEMA, attached_server, deployment, group  # noqa: F401


def test_validate_deploys_nothing(arm, deployment, postgres_target):  # noqa: F811
    body = {
        "properties": {
            "mode": "Incremental",
            "parameters": {"name": {"value": "valid"}, "password": {"value": new_secret()}},
            "template": {
                "$schema": SCHEMA,
                "contentVersion": "1.0.0.0",
                "parameters": PARAMETERS,
                "resources": [attached_server(postgres_target)],
            },
        }
    }
    answer = arm.request("POST", f"{deployment.path}/validate", body, status=200, api_version=DEPLOYMENTS).json()
    assert [item["id"].rsplit("/", 1)[1] for item in answer["properties"]["validatedResources"]] == ["valid"]
    del body["properties"]["parameters"]["name"]
    arm.error("POST", f"{deployment.path}/validate", 400, "InvalidTemplate", json=body, api_version=DEPLOYMENTS)
    arm.request("HEAD", deployment.path, status=404, api_version=DEPLOYMENTS)


def test_head_and_delete(arm, deployment):  # noqa: F811
    deployment.run([])
    arm.request("HEAD", deployment.path, status=204, api_version=DEPLOYMENTS)
    arm.error("POST", f"{deployment.path}/cancel", 409, api_version=DEPLOYMENTS)
    arm.request("DELETE", deployment.path, status=204, api_version=DEPLOYMENTS)
    arm.request("HEAD", deployment.path, status=404, api_version=DEPLOYMENTS)
