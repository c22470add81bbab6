"""A secret in every place that takes one, and then a search for each of them in all that Malachite has written or answers."""

import base64
import json
import os
import subprocess

import pytest

from arm import ARM_API_VERSION, LOCATION, new_secret, patience, wait_until
from client_command import uri
from malachite import run_command
from samples import load_shop
from test_secrets import Snoop

pytestmark = pytest.mark.timeout(patience(180))
TAIL = "\"'\\ü&%+/<"  # each spelling differs: JSON, URL, form, HTML


USES = """administrator reset user client refresh grant token cookie query connection question source target application
    misplaced securestring secureobject securemember passfile environment""".split()
DEPLOYMENTS = "2021-04-01"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def spellings(secret):
    """Its core has the same spelling in JSON, a URL or a form; the rest is for encodings of bytes."""
    core = secret[: -len(TAIL)]
    raw = core.encode()
    encoded = {base64.b64encode(b"x" * shift + raw)[shift + 2 : -4] for shift in range(3)}
    return {raw, core.upper().encode(), raw.hex().encode(), raw.hex().upper().encode(), *encoded}


def found_in(secrets, content):
    return [use for use, secret in secrets.items() if any(form in content for form in spellings(secret))]


def search_files(secrets, *roots):
    """(path, use) of each secret in a file; grep looks for all of them at once."""
    wanted = b"".join(form + b"\n" for secret in secrets.values() for form in spellings(secret))
    done = subprocess.run(
        ["grep", "-rlaF", "-f", "-", *roots], input=wanted, stdout=subprocess.PIPE, env={"LC_ALL": "C"}, check=False
    )
    assert done.returncode in (0, 1)
    found = []
    for path in done.stdout.decode().splitlines():
        with open(path, "rb") as file:
            found += [(path, use) for use in found_in(secrets, file.read())]
    return found


def sign_in(one, secrets):
    """Token requests, good and bad, and secrets in headers and queries."""
    client = one.endpoints["clientId"]
    for form in (
        {"grant_type": "password", "username": "me", "password": secrets["user"], "client_id": client, "scope": "x"},
        {"grant_type": "client_credentials", "client_id": client, "client_secret": secrets["client"], "scope": "x"},
        {"grant_type": "refresh_token", "refresh_token": secrets["refresh"], "client_id": client, "scope": "x"},
        {"grant_type": secrets["grant"], "client_id": client, "client_secret": secrets["grant"]},
    ):
        one.arm.session.post(one.endpoints["http"] + "/common/oauth2/v2.0/token", data=form, timeout=patience(20))
    headers = {"Authorization": "Bearer " + secrets["token"][: -len(TAIL)], "Cookie": secrets["cookie"][: -len(TAIL)]}
    one.arm.request("GET", one.arm.subscription, headers=headers)
    one.arm.request("GET", one.arm.subscription, params={"password": secrets["query"]})


def ask_sources(one, target, postgres, secrets):
    """Calls that sign in somewhere, with wrong passwords."""
    address = f"{postgres.host}:{postgres.port}@{postgres.superuser}"
    body = {"server": address, "password": secrets["connection"]}
    one.arm.request("POST", "/_malachite/connection", body, api_version="")
    body = {"location": LOCATION, "properties": {"sourceDbServerResourceId": address}}
    body["properties"]["secretParameters"] = {"adminCredentials": {"sourceServerPassword": secrets["question"]}}
    for question in ("testConnectivity", "getSourceDatabaseList"):
        one.arm.request("POST", f"{target.id}/{question}", body)
    body = one.arm.migration_body(address, target, ["x"])
    credentials = body["properties"]["secretParameters"]["adminCredentials"]
    credentials["sourceServerPassword"] = secrets["source"]
    credentials["targetServerPassword"] = secrets["target"]
    anybody = "11111111-1111-4111-8111-111111111111"
    application = {"clientId": anybody, "tenantId": anybody, "aadSecret": secrets["application"]}
    body["properties"]["secretParameters"]["aadApp"] = application
    one.arm.put_migration(None, target, ["x"], body=body).fail()
    broken = {"location": LOCATION, "properties": {"secretParameters": secrets["misplaced"]}}
    one.arm.request("PUT", f"{target.id}/migrations/broken", broken)
    one.arm.request("PUT", f"{target.id}/migrations/cut", data=json.dumps(broken)[:-3])


def deploy(one, secrets):
    """Secure parameters and what is made of them, in a deployment that ends well and in one that fails."""
    path = f"{one.arm.group_id(one.arm.group)}/providers/Microsoft.Resources/deployments/secret"
    values = {
        "text": ("securestring", secrets["securestring"]),
        "object": ("secureObject", {"inner": [secrets["secureobject"]], secrets["securemember"]: True}),
    }
    outputs = {
        "clear": {"type": "string", "value": "[concat('a', parameters('text'), 'b')]"},
        "encoded": {"type": "string", "value": "[string(parameters('object'))]"},
        "array": {"type": "array", "value": "[createArray(parameters('text'), parameters('object').inner)]"},
        "secure": {"type": "securestring", "value": "[toUpper(parameters('text'))]"},
        "object": {"type": "secureObject", "value": "[parameters('object')]"},
    }
    template = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {name: {"type": kind} for name, (kind, _) in values.items()},
        "resources": [],
        "outputs": outputs,
    }
    parameters = {name: {"value": value} for name, (_, value) in values.items()}
    body = {"properties": {"mode": "Incremental", "template": template, "parameters": parameters}}
    put = one.arm.request("PUT", path, body, status=201, api_version=DEPLOYMENTS)
    url = put.headers["Azure-AsyncOperation"]
    wait_until(lambda: one.arm.get(url)["status"] == "Succeeded", 60, "the end of the deployment")
    one.arm.get(path, api_version=DEPLOYMENTS)
    for action in ("validate", "whatIf", "exportTemplate"):
        one.arm.request("POST", f"{path}/{action}", body, api_version=DEPLOYMENTS)
    template["outputs"] = {"x": {"type": "int", "value": "[int(parameters('text'))]"}}
    one.arm.request("PUT", path + "-bad", body, api_version=DEPLOYMENTS)
    one.arm.request("POST", f"{one.arm.group_id(one.arm.group)}/exportTemplate", {"resources": ["*"]})


def look_at_everything(one, secrets):
    """What the own calls answer: no secret either."""
    for route in one.arm.get("/_malachite/routes", api_version="")["value"]:
        pattern = route["pattern"]
        if route["method"] == "GET" and "{" not in pattern and "/events" not in pattern and "/wait" not in pattern:
            answer = one.arm.session.get(
                one.endpoints["http"] + pattern, params={"api-version": ARM_API_VERSION}, timeout=patience(20)
            )
            assert found_in(secrets, answer.content) == [], pattern
    for path in (one.arm.subscription + "/resources", f"{one.arm.group_id(one.arm.group)}/resources"):
        assert found_in(secrets, one.arm.request("GET", path).content) == [], path


def migrate(secrets, state_dir, postgres_source, postgres_target, database):
    """The command, with a passfile: the target's password is wrong."""
    name = load_shop(postgres_source, database(), rows=1)
    passfile = state_dir + "-passfile"
    with open(os.open(passfile, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        escaped = secrets["passfile"].replace("\\", "\\\\")
        file.write(f"{postgres_target.host}:{postgres_target.port}:*:*:{escaped}\n")
    words = [
        "migrate",
        "--source",
        uri(postgres_source, name),
        "--target",
        uri(postgres_target),
        "--state-dir",
        state_dir,
    ]
    words += ["--passfile", passfile, "--log-level", "debug"]
    try:
        done = run_command(*words, timeout=60, MALACHITE_SOURCE_PASSWORD=secrets["environment"])
    finally:
        os.unlink(passfile)
    assert done.returncode != 0
    assert found_in(secrets, (done.stdout + done.stderr).encode()) == [], done.stderr


def test_no_secret_is_found_anywhere(own, database, state_dir, postgres_source, postgres_target):
    secrets = {use: new_secret() + TAIL for use in USES}
    one = own("--log-level", "debug")
    one.arm.secrets |= {secret[: -len(TAIL)] for secret in secrets.values()}  # in no answer either
    # The command takes one of them in its environment.
    snoop = Snoop(one, [secret[: -len(TAIL)] for use, secret in secrets.items() if use != "environment"])
    snoop.start()
    try:
        server = one.provision("kept", password=secrets["administrator"])
        sign_in(one, secrets)
        ask_sources(one, server, postgres_source, secrets)
        deploy(one, secrets)
        reset = {"properties": {"administratorLoginPassword": secrets["reset"]}}
        one.arm.wait_operation(one.arm.request("PATCH", server.id, reset, status=202))
        one.arm.request("PUT", "/_malachite/snapshots/kept", api_version="", status=200)
        look_at_everything(one, secrets)
        assert search_files(secrets, one.home) == [], "while it runs"
        migrate(secrets, state_dir, postgres_source, postgres_target, database)
    finally:
        snoop.end()
    assert snoop.found == set()
    one.stop()
    assert search_files(secrets, one.home, state_dir) == []
    with open(one.home + "/planted", "w") as file:
        json.dump(secrets, file)
    assert sorted({use for _, use in search_files(secrets, one.home)}) == sorted(USES), "the search finds nothing"
