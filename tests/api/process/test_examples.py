"""The examples in docker/ are well-formed and name what exists; the init folder's requests are sent in order."""

import ast
import json
import shutil
import subprocess

import pytest
from malachite import ROOT, run_command

DOCKER = ROOT / "docker"


def documents(name):
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all((DOCKER / name).read_text()))


def test_compose_migrates_once_everything_is_healthy():
    [compose] = documents("compose.yaml")
    services = compose["services"]
    migrate = services["migrate"]
    assert set(migrate["depends_on"]) == {"source", "target", "malachite"}
    assert all(one["condition"] == "service_healthy" for one in migrate["depends_on"].values())
    options = [word.split("=")[0] for word in migrate["command"][1:]]
    known = run_command("help").stdout
    assert migrate["command"][0] == "migrate" and all(f"  {option} " in known for option in options)
    assert (DOCKER / services["source"]["volumes"][0].split(":")[0]).exists()


def test_other_examples_parse():
    [actions], [gitlab] = documents("examples/github-actions.yaml"), documents("examples/gitlab-ci.yaml")
    assert "malachite" in actions["jobs"]["tests"]["services"] and gitlab["tests"]["services"]
    kinds = [one["kind"] for one in documents("examples/kubernetes.yaml")]
    assert kinds == ["Service", "StatefulSet"]
    ast.parse((DOCKER / "examples/testcontainers_malachite.py").read_text())
    if shutil.which("node"):
        subprocess.run(["node", "--check", str(DOCKER / "examples/testcontainers.mjs")], check=True)
    subprocess.run(["sh", "-n", str(DOCKER / "entrypoint.sh")], check=True)


def test_requests_of_a_file_are_sent_in_order_until_one_fails(malachite, tmp_path):
    group = malachite.arm.group_id("by-file")
    api = "?api-version=2022-12-01"
    requests = [
        {"method": "PUT", "path": group + api, "body": {"location": "eastus"}},
        {"method": "GET", "path": group + "-missing" + api},
        {"method": "DELETE", "path": group + api},
    ]
    file = tmp_path / "init.json"
    file.write_text(json.dumps(requests))
    done = run_command("request", file, "--server", malachite.endpoints["http"])
    assert done.returncode == 1 and "by-file-missing" in done.stderr
    malachite.arm.get(group)
    file.write_text(json.dumps(requests[0]))
    assert run_command("request", file, "--server", malachite.endpoints["http"]).returncode == 0
    file.write_text("[")
    assert run_command("request", file, "--server", malachite.endpoints["http"]).returncode == 1
