"""The page docs/testing.md works as printed: its bash blocks run in one shell, in order."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

from arm import patience, wait_until
from malachite import ROOT, Ports, binary, environment

PAGE = ROOT / "docs/testing.md"
WALK_SECONDS = 300


def blocks():
    return re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def outside_of_pytest(**extra):
    """A pytest that the walk starts is no worker of this one."""
    return {name: value for name, value in environment(**extra).items() if not name.startswith("PYTEST_")}


@pytest.fixture(name="folder")
def fixture_folder():
    """Not tmp_path, which is so long below xdist that no server starts there: paths of sockets have 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="walk-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


# It failed once beside another worker, nobody knows why yet; `make test-clients` runs it alone.
@pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="make test-clients runs it without workers")
@pytest.mark.timeout(patience(WALK_SECONDS + 30))
def test_the_walk_works_as_printed(folder):
    node = shutil.which("node")
    ports = Ports()
    try:
        walk = [block for block in blocks() if node or "node " not in block]
        assert len(walk) >= 10
        text = "\n".join(walk).replace("8081", str(ports.base + 30))
        # The data directory and the files of the walk are the test's own.
        text = text.replace("$PWD/build/release/malachite", binary())
        text = text.replace("testing-", f"{folder}/testing-").replace(f"malachite-{folder}/", "malachite-")
        text = re.sub(r"--data-dir (\S+)", rf"--server-ports {ports.base} --data-dir \1", text)
        python = folder / "python3"  # the page's python3 is the one that has pytest
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        script = folder / "walk.sh"
        script.write_text("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n" + text)
        with open(folder / "out", "w+") as out:
            done = subprocess.run(
                ["bash", script],
                cwd=ROOT,
                env=outside_of_pytest(PATH=f"{folder}:{os.environ['PATH']}"),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=patience(WALK_SECONDS),
                check=False,
            )
            out.seek(0)
            said = out.read()
        assert done.returncode == 0, said[-6000:]
        for word in ("No space left on device", "2 passed", '"verified": ?false', "408: it has failed", "409: it was"):
            assert re.search(word, said), f"{word} is not in the output: {said[-6000:]}"
    finally:
        wait_until(lambda: not (folder / "testing-data/postmaster.pid").exists(), 5, "the end")
        ports.release()
