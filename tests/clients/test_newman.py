"""Postman's runner with the collection that is in openapi/, each request checked by the collection's own tests."""

import json
import subprocess

import pytest

from arm import patience
from conftest import ROOT, client_settings
from malachite import environment

COLLECTION = ROOT / "openapi/malachite.postman_collection.json"
ENVIRONMENT = ROOT / "openapi/malachite.postman_environment.json"


def test_the_collection_passes(strict, node_modules, tmp_path):
    if not COLLECTION.exists():
        pytest.skip(f"{COLLECTION} is not there")
    settings = client_settings(strict, "node")
    given = {
        "base": settings["AZURE_RESOURCE_MANAGER_ENDPOINT"],
        "subscription": settings["AZURE_SUBSCRIPTION_ID"],
        "tenant": settings["AZURE_TENANT_ID"],
        "clientId": settings["AZURE_CLIENT_ID"],
        "clientSecret": settings["AZURE_CLIENT_SECRET"],
    }
    report = tmp_path / "report.json"
    command = [
        node_modules / ".bin/newman",
        "run",
        COLLECTION,
        "--environment",
        ENVIRONMENT,
        "--ssl-extra-ca-certs",
        settings["NODE_EXTRA_CA_CERTS"],
        "--reporters",
        "cli,json",
        "--reporter-json-export",
        report,
        "--color",
        "off",
        "--bail",
    ]
    for name, value in given.items():
        command += ["--env-var", f"{name}={value}"]
    done = subprocess.run(
        list(map(str, command)), env=environment(), text=True, capture_output=True, timeout=patience(200), check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with open(report, encoding="utf-8") as file:
        run = json.load(file)["run"]
    assert run["stats"]["assertions"]["total"] > 0 and not run["failures"], run["failures"]
