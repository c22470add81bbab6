"""The service reports its states to systemd, and its unit is hardened."""

import os
import shutil
import socket
import subprocess

import pytest
from malachite import ROOT


def test_ready_and_stopping_are_reported(own, tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as states:
        states.bind(path)
        states.settimeout(20)
        one = own(NOTIFY_SOCKET=path)
        assert states.recv(100) == b"READY=1"
        one.stop()
        assert states.recv(100) == b"STOPPING=1"


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
