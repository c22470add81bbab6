"""Where PostgreSQL's programs are: servers and clients of all majors this machine has."""

import functools
import glob
import os
import re
import subprocess

# Debian's binaries, then those the developer names: MALACHITE_TEST_POSTGRES='/opt/pg/*/bin:/elsewhere/bin'.
BINARY_PATTERNS = ["/usr/lib/postgresql/*/bin"]
BINARY_PATTERNS += filter(None, os.environ.get("MALACHITE_TEST_POSTGRES", "").split(":"))


def binaries():
    """{major: directory with bin/postgres}, as found on this machine."""
    return _directories_with("postgres")


def client(program, major=None):
    """Path of psql, pg_dump, pg_restore ...: that major's, or the newest there is."""
    found = _directories_with(program)
    if not found or major not in (None, *found):
        raise FileNotFoundError(f"no {program} {major or ''} in {' '.join(BINARY_PATTERNS)}")
    return os.path.join(found[major or max(found)], program)


def default_bindir():
    """The newest major that is there with its clients: other majors' servers may be newer than any pg_dump."""
    servers = binaries()
    complete = servers.keys() & _directories_with("pg_dump").keys()
    return servers[max(complete or servers)]


def client_environment(**extra):
    """The environment for a child: without PG* variables, which would lead it to another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_MESSAGES": "C", **extra}


def _directories_with(program):
    """{major: directory}, oldest first; of the same major the first in BINARY_PATTERNS."""
    found = {}
    for pattern in BINARY_PATTERNS:
        for directory in sorted(glob.glob(pattern)):
            path = os.path.join(directory, program)
            if os.access(path, os.X_OK):
                found.setdefault(major_of(path), directory)
    return dict(sorted(found.items()))


@functools.lru_cache(maxsize=None)
def major_of(program):
    """The major version of a program of PostgreSQL."""
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"\) (\d+)", text).group(1))
