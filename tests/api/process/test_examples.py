"""The examples in docker/ are well-formed and name what exists; the init folder's requests are sent in order."""

import json
import os
import runpy
import shutil
import socket
import subprocess
import sys
import types

import pytest
import requests
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


def test_pipelines_wait_until_malachite_is_ready():
    [actions], [gitlab] = documents("examples/github-actions.yaml"), documents("examples/gitlab-ci.yaml")
    job = actions["jobs"]["tests"]
    assert job["services"]["malachite"] == {"image": "malachite:latest", "ports": ["8080:8080"]}
    ready, tests = job["steps"][1:]
    assert ready["run"].endswith("/_malachite/ready") and tests["env"]["MALACHITE_URL"] in ready["run"]
    [service] = gitlab["tests"]["services"]
    assert gitlab["tests"]["variables"]["MALACHITE_URL"] == f"http://{service['alias']}:8080"
    # The image allows requests for this name.
    assert f"MALACHITE_ALLOW_HOST={service['alias']}\n" in (DOCKER / "Containerfile").read_text()
    assert "$MALACHITE_URL/_malachite/ready" in gitlab["tests"]["script"][0]
    subprocess.run(["sh", "-n", str(DOCKER / "entrypoint.sh")], check=True)


def test_kubernetes_asks_for_ready_and_health(own):
    service, stateful = documents("examples/kubernetes.yaml")
    assert (service["kind"], stateful["kind"]) == ("Service", "StatefulSet")
    spec, template = stateful["spec"], stateful["spec"]["template"]
    assert spec["replicas"] == 1 and spec["serviceName"] == service["metadata"]["name"]
    labels = template["metadata"]["labels"]
    assert service["spec"]["selector"] == spec["selector"]["matchLabels"] == labels
    [container] = template["spec"]["containers"]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert ports == {one["name"]: one["port"] for one in service["spec"]["ports"]} == {"http": 8080, "https": 8443}
    pod, alone = template["spec"]["securityContext"], container["securityContext"]
    assert pod["runAsNonRoot"] and pod["runAsUser"] == pod["fsGroup"] == 65534
    assert alone["readOnlyRootFilesystem"] and not alone["allowPrivilegeEscalation"]
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert mounts == {"data": "/var/lib/malachite", "tmp": "/tmp"}
    [claim], [volume] = spec["volumeClaimTemplates"], template["spec"]["volumes"]
    assert claim["metadata"]["name"] == "data" and claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert volume == {"name": "tmp", "emptyDir": {}}
    # The health check of the image, which also waits for the init folder.
    assert container["readinessProbe"]["exec"]["command"] == ["malachite-entrypoint", "--is-ready"]
    probe = container["livenessProbe"]["httpGet"]
    assert probe["port"] == "http" and probe["path"] == "/_malachite/health"
    [host] = probe["httpHeaders"]
    address = own("--allow-host", "malachite").endpoints["http"]
    assert requests.get(address + probe["path"], headers={host["name"]: host["value"]}, timeout=10).status_code == 200


class StubContainer:
    """What the example uses of Testcontainers for Python: the container is a Malachite that runs already."""

    port = None

    def __init__(self, image):
        assert image == "malachite:latest"

    def with_exposed_ports(self, *ports):
        assert ports == (8080,)

    def start(self):
        return self

    def get_container_host_ip(self):
        return "127.0.0.1"

    def get_exposed_port(self, port):
        assert port == 8080
        return self.port


def test_the_class_for_testcontainers_in_python(malachite, monkeypatch):
    container = types.ModuleType("testcontainers.core.container")
    container.DockerContainer = StubContainer
    for name in ("testcontainers", "testcontainers.core"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, container.__name__, container)
    example = runpy.run_path(str(DOCKER / "examples/testcontainers_malachite.py"))["MalachiteContainer"]
    monkeypatch.setattr(StubContainer, "port", malachite.endpoints["http"].rsplit(":", 1)[1])
    started = example().start()
    assert requests.get(f"{started.url}/subscriptions?api-version=2022-12-01", timeout=10).status_code == 200
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr(StubContainer, "port", silent.getsockname()[1])
        with pytest.raises(TimeoutError):
            example().start(timeout=0.1)


STUB = """
export const Wait = { forHttp: (path, port) => ({ forStatusCode: status => ({ path, port, status }) }) }
export class GenericContainer {
    constructor(image) { if (image !== 'malachite:latest') throw new Error(image) }
    withExposedPorts(port) { this.port = port; return this }
    withWaitStrategy(strategy) { this.strategy = strategy; return this }
    async start() {
        const { path, port, status } = this.strategy
        const answer = await fetch(process.env.STUB_URL + path)
        if (port !== this.port || answer.status !== status) throw new Error(`${port} ${answer.status}`)
        const { hostname, port: mapped } = new URL(process.env.STUB_URL)
        return { getHost: () => hostname, getMappedPort: wanted => (wanted === port ? mapped : 0) }
    }
}
"""
USE = """
import { startMalachite } from './testcontainers.mjs'
const { url } = await startMalachite()
console.log((await fetch(`${url}/subscriptions?api-version=2022-12-01`)).status)
"""


def test_the_function_for_testcontainers_in_javascript(malachite, tmp_path):
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    stub = tmp_path / "node_modules/testcontainers"
    stub.mkdir(parents=True)
    (stub / "package.json").write_text('{"name": "testcontainers", "type": "module", "main": "index.js"}')
    (stub / "index.js").write_text(STUB)
    shutil.copy(DOCKER / "examples/testcontainers.mjs", tmp_path)
    (tmp_path / "use.mjs").write_text(USE)
    variables = {**os.environ, "STUB_URL": malachite.endpoints["http"]}
    command = ["node", str(tmp_path / "use.mjs")]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


def test_requests_of_a_file_are_sent_in_order_until_one_fails(malachite, tmp_path):
    group = malachite.arm.group_id("by-file")
    api = "?api-version=2022-12-01"
    calls = [
        {"method": "PUT", "path": group + api, "body": {"location": "eastus"}},
        {"method": "GET", "path": group + "-missing" + api},
        {"method": "DELETE", "path": group + api},
    ]
    file = tmp_path / "init.json"
    file.write_text(json.dumps(calls))
    done = run_command("request", file, "--server", malachite.endpoints["http"])
    assert done.returncode == 1 and "by-file-missing" in done.stderr
    malachite.arm.get(group)
    file.write_text(json.dumps(calls[0]))
    assert run_command("request", file, "--server", malachite.endpoints["http"]).returncode == 0
    file.write_text("[")
    assert run_command("request", file, "--server", malachite.endpoints["http"]).returncode == 1
