"""Versions of PostgreSQL on this machine: what is installed, and what Debian would install now."""

import os
import re
import shutil
import subprocess

from binaries import client_environment


def version_of(bindir):
    """15.20, for a directory with bin/postgres."""
    text = subprocess.run(
        [os.path.join(bindir, "postgres"), "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=client_environment(),
    ).stdout
    return re.search(r"\) (\S+)", text).group(1)


def candidate_of(package):
    """What apt would install, as far as its lists know; None where there is no apt."""
    return _policy(package, "Candidate")


def installed_of(package):
    return _policy(package, "Installed")


def clusters_run():
    """Debian's own clusters, which an upgrade restarts."""
    if not shutil.which("pg_lsclusters"):
        return False
    text = subprocess.run(
        ["pg_lsclusters", "-h"], capture_output=True, text=True, env=client_environment(), check=False
    ).stdout
    return any(line.split()[3].startswith("online") for line in text.splitlines())


def _policy(package, which):
    if not shutil.which("apt-cache"):
        return None
    text = subprocess.run(
        ["apt-cache", "policy", package],
        capture_output=True,
        text=True,
        env=client_environment(LC_ALL="C"),
        check=False,
    ).stdout
    found = re.search(rf"{which}: (\S+)", text)
    return found.group(1) if found and found.group(1) != "(none)" else None
