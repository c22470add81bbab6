"""The examples of testing/ work as their users would run them; with Azure's SDKs, too."""

import os
import shutil
import subprocess
import sys

from arm import patience
from conftest import INSTALLED, ROOT
from malachite import binary, environment, run_command

EXAMPLES_SECONDS = 200


def leave_out():
    """Tests that need what this program lacks."""
    return [] if "/_malachite/rules" in run_command("routes").stdout else ["full disk at row", "full_disk_at_row"]


def run(command, cwd, **variables):
    done = subprocess.run(
        command,
        env=environment(MALACHITE_BINARY=binary(), PATH=os.environ["PATH"], PYTHONDONTWRITEBYTECODE="1", **variables),
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=patience(EXAMPLES_SECONDS),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_python_examples():
    selected = ["-k", " and ".join(f"not {name.replace(' ', '_')}" for name in leave_out()[1:])] if leave_out() else []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--confcutdir", "testing/python"]
    # Without Azure's SDK in this folder its examples are skipped.
    run([*command, *selected, "testing/python/examples"], ROOT, PYTHONPATH=str(INSTALLED / "python"))


def test_javascript_examples(node_modules):
    # Modules are looked for beside the file that imports them.
    assert node_modules.is_dir()
    copied = INSTALLED / "testing"
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(ROOT / "testing/javascript", copied)
    if leave_out():
        (copied / "examples/copy.test.mjs").unlink()
    run(["node", "--test", *sorted(map(str, (copied / "examples").glob("*.test.mjs")))], copied)
