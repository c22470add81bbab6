"""The service reports its states to systemd, and its unit is hardened."""

import os
import shutil
import socket
import subprocess

import pytest
from malachite import ROOT


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_ready_and_stopping_are_reported(own, tmp_path, kind):
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as states:
        states.bind(name if kind == "path" else f"\0{name}")
        states.settimeout(20)
        one = own(NOTIFY_SOCKET=name if kind == "path" else f"@{name}")
        assert states.recv(100) == b"READY=1"
        one.stop()
        assert states.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("odd", ["", "relative", "@", "/" + "x" * 200])
def test_an_odd_socket_is_ignored(own, odd):
    own(NOTIFY_SOCKET=odd).stop()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_unit_is_hardened():
    unit = ROOT / "debian/malachite.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(unit)],
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_COLORS": "0"},
    )
    assert done.returncode == 0, done.stdout[-300:]
