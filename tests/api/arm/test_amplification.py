"""A request of at most 4 MiB takes at most 64 MiB of memory, whatever it consists of."""

import itertools
import json
import pathlib
import re

import pytest

from arm import unique
from malachite import sanitized
from test_deployments import SCHEMA, Deployment

BODY_BYTES = 4 * 1024 * 1024
ALLOWED_MIB = 64

pytestmark = pytest.mark.skipif(sanitized(), reason="sanitizers take a multiple of the memory")


class Memory:
    """The most that a process takes from here on, above what it takes now."""

    def __init__(self, pid):
        self._proc = pathlib.Path(f"/proc/{pid}")
        (self._proc / "clear_refs").write_text("5")
        self._before = self._read("VmRSS")

    def _read(self, name):
        return int(re.search(rf"^{name}:\s+(\d+) kB", (self._proc / "status").read_text(), re.MULTILINE)[1]) / 1024

    def peak(self):
        return self._read("VmHWM") - self._before


def filled(head, part, tail):
    return head + part * ((BODY_BYTES - len(head) - len(tail)) // len(part)) + tail


TAGS = '{"location": "eastus", "tags": {"a": ['
BODIES = {
    "arrays": filled(TAGS, "[],", "0]}}"),
    "objects": filled(TAGS, "{},", "0]}}"),
    "numbers": filled(TAGS, "1,", "0]}}"),
    "members": filled(TAGS, '{"":1},', "0]}}"),
    "strings": filled(TAGS, '"",', "0]}}"),
    "nesting": filled(TAGS, "[", ""),
    "repeated": filled('{"location": "eastus", ', '"tags": {},', '"a": 1}'),
    "names": '{"location": "eastus", ' + ",".join(f'"{number:x}": 1' for number in range(BODY_BYTES // 11)) + "}",
    "text": filled('{"location": "eastus", "tags": {"a": "', "x", '"}}'),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_does_not_multiply_in_memory(own, kind):
    one = own()
    path = one.arm.group_id(unique("g"))
    memory = Memory(one.pid)
    response = one.arm.request("PUT", path, data=BODIES[kind], headers={"Content-Type": "application/json"})
    assert memory.peak() < ALLOWED_MIB
    assert response.status_code in (400, 413)
    assert response.json()["error"]["message"]


def test_the_calls_for_testers_do_not_multiply_either(own):
    one = own()
    ask = {"api_version": "", "headers": {"Content-Type": "application/json"}}
    calls = [("PUT", "/_malachite/recordings/r"), ("PUT", "/_malachite/rules/r"), ("POST", "/_malachite/clock")]
    for (method, path), body in itertools.product(calls, BODIES.values()):
        memory = Memory(one.pid)
        assert one.arm.request(method, path, data=body, **ask).status_code in (400, 413)
        assert memory.peak() < ALLOWED_MIB, path
    # The largest that is kept, and its list.
    entry = {"at": 0, "state": "InProgress", "substate": "MigratingData", "note": "x" * 700}
    recording = json.dumps({"databases": ["d"], "mode": "Offline", "timeline": [entry] * 5000})
    memory = Memory(one.pid)
    one.arm.request("PUT", "/_malachite/recordings/r", data=recording, status=201, **ask)
    for path in ("/_malachite/recordings/r", "/_malachite/recordings"):
        one.arm.get(path, api_version="")
    assert memory.peak() < ALLOWED_MIB


def template(text, **members):
    body = {"mode": "Incremental", "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", **members}}
    return json.dumps({"properties": body}).replace('"HERE"', text)


SERVER = '{"type": "Microsoft.DBforPostgreSQL/flexibleServers", "apiVersion": "2024-08-01", "name": "s%d"}'
KEPT = [
    {
        "type": "Microsoft.DBforPostgreSQL/flexibleServers",
        "apiVersion": "2024-08-01",
        "name": f"s{number}",
        "location": "eastus",
        "properties": {"version": f"[string(length(variables('v{number}')))]"},
    }
    for number in range(200)
]
TEMPLATES = {
    "resources": template(filled("[", "{},", "{}]")[:-200] + "{}]", resources="HERE"),
    "many resources": template("[" + ",".join(SERVER % number for number in range(30000)) + "]", resources="HERE"),
    "outputs": template(
        "{" + ",".join(f'"o{number}": {{"type": "string", "value": "x"}}' for number in range(90000)) + "}",
        resources=[],
        outputs="HERE",
    ),
    "json()": template(
        '"' + "[]," * 1000000 + '"',
        resources=[],
        variables={"a": "HERE"},
        outputs={"o": {"type": "int", "value": "[length(json(concat('[', variables('a'), '0]')))]"}},
    ),
    "json() of objects": template(
        '"' + "{}," * 400000 + '"',
        resources=[],
        variables={"a": "HERE"},
        outputs={"o": {"type": "int", "value": "[length(json(concat('[', variables('a'), '0]')))]"}},
    ),
    "variables that stay": template(
        '"' + "x" * 1000000 + '"',
        resources=KEPT,
        variables={
            "a": "HERE",
            **{f"v{number}": f"[concat(variables('a'), variables('a'), '{number}')]" for number in range(200)},
        },
    ),
    "objects in loops": template(
        "[]",
        resources="HERE",
        variables={"copy": [{"name": f"c{number}", "count": 800, "input": "[createObject()]"} for number in range(60)]},
        outputs={
            "o": {
                "type": "array",
                "value": "[createArray(" + ", ".join(f"variables('c{number}')" for number in range(60)) + ")]",
            }
        },
    ),
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_does_not_multiply_in_memory(own, kind):
    one = own()
    one.arm.put_group("rg")
    memory = Memory(one.pid)
    for verb, call in (("POST", "/whatIf"), ("POST", "/validate"), ("PUT", "")):
        deployment = Deployment(one.arm, one.arm.group_id("rg"))
        path = deployment.path + call
        headers = {"Content-Type": "application/json"}
        response = one.arm.request(verb, path, data=TEMPLATES[kind], headers=headers, api_version="2022-09-01")
        assert response.status_code in (200, 201, 202, 400, 413), response.text
        if verb == "PUT" and response.status_code == 201:
            deployment.wait(response, "Failed")
    assert memory.peak() < ALLOWED_MIB
