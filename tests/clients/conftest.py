"""What the clients share: a Malachite that wants real tokens, reached over HTTPS only."""

import os
import pathlib
import re
import shlex
import shutil
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))

from arm import patience  # noqa: E402
from malachite import Malachite, binary, run_command  # noqa: E402

INSTALLED = pathlib.Path(os.environ.get("MALACHITE_TEST_CLIENTS", ROOT / "build/clients"))
TEST_TIMEOUT = 240


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.timeout(patience(TEST_TIMEOUT)))


def pytest_sessionstart():
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"{binary()} is not there: run make first, or name it in MALACHITE_BINARY", 2)


@pytest.fixture(scope="module")
def strict():
    """Accepts only tokens of its own; the client secret needs quotes in a shell."""
    secret = "it's a $ecret & more"
    with Malachite("--auth", "strict", "--client-secret", secret) as running:
        running.client_secret = secret
        yield running


@pytest.fixture(scope="session")
def node_modules():
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    if not (INSTALLED / "node_modules").is_dir():
        pytest.skip(f"the clients are not installed in {INSTALLED}: make test-clients does that")
    return INSTALLED / "node_modules"


def client_settings(malachite, client):
    """The variables that `malachite env CLIENT` exports."""
    done = run_command(
        "env", client, "--endpoints-file", malachite.endpoints_file, "--client-secret", malachite.client_secret
    )
    assert done.returncode == 0, done.stderr
    settings = {}
    for line in done.stdout.splitlines():
        if line.startswith("export "):
            [word] = shlex.split(line)[1:]
            name, value = word.split("=", 1)
            settings[name] = value
    return settings


def server_milliseconds(malachite, operation):
    """How long the answers to an operation took by Malachite's own log."""
    return [float(found) for found in re.findall(rf" ms=([0-9.]+) .*operation={operation}\b", malachite.log_text())]
