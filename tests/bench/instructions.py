"""Instructions of Malachite per GET of a migration and per change applied online, counted by callgrind.

    /usr/bin/python3 tests/bench/instructions.py PROGRAM [REQUESTS [TRANSACTIONS]]

Seconds depend on what else the machine does, instructions hardly do. Those of the kernel and of PostgreSQL's servers do not
count. Prints figures, judges nothing.
"""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile

from online import DATABASE, WAITS, has_confirmed, pgbench, position  # the one beside this: tests/lib has another

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
# pylint: disable=wrong-import-position
from arm import wait_until  # noqa: E402
from bench import tool  # noqa: E402
from binaries import client  # noqa: E402
from malachite import Malachite  # noqa: E402

CHANGES = 4  # of one transaction of pgbench


def wrapper(program, folder):
    """A program that is PROGRAM under callgrind."""
    path = pathlib.Path(folder) / "malachite"
    options = f"--tool=callgrind --callgrind-out-file={shlex.quote(folder)}/out.%p"
    path.write_text(f'#!/bin/sh\nexec valgrind -q {options} {shlex.quote(program)} "$@"\n')
    path.chmod(0o755)
    return str(path)


def control(pid, option):
    subprocess.run(["callgrind_control", option, str(pid)], check=True, capture_output=True)


def total(path):
    with open(path) as file:
        [line] = [line for line in file if line.startswith("totals:")]
    return int(line.split()[1])


class Counter:
    def __init__(self, malachite, folder):
        self.malachite = malachite
        self.folder = pathlib.Path(folder)

    def count(self, action):
        pid = self.malachite.pid
        control(pid, "-z")
        before = set(self.folder.glob(f"out.{pid}.*"))
        action()
        control(pid, "-d")
        return sum(total(path) for path in set(self.folder.glob(f"out.{pid}.*")) - before)


def make_migration(malachite):
    source, target = (malachite.provision(f"count-{name}") for name in ("source", "target"))
    source.postgres.create_database(DATABASE)
    tool(client("pgbench"), "-i", "-q", "-s", "1", "-d", source.postgres.dsn(DATABASE))
    source.postgres.execute("ALTER TABLE pgbench_history REPLICA IDENTITY FULL", dbname=DATABASE)
    migration = malachite.arm.put_migration(source, target, [DATABASE], migrationMode="Online")
    migration.wait(WAITS, timeout=300)
    return source.postgres, migration


def apply_backlog(counter, postgres, transactions):
    pid = counter.malachite.pid
    slot = postgres.value("SELECT slot_name FROM pg_replication_slots")
    os.kill(pid, signal.SIGSTOP)
    try:
        pgbench(postgres, "-t", transactions // 4)
        lsn = position(postgres)
    finally:
        os.kill(pid, signal.SIGCONT)
    return counter.count(lambda: wait_until(lambda: has_confirmed(postgres, slot, lsn), 300, "the backlog", 0.1))


def main(program, requests, transactions):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MALACHITE_BINARY"] = wrapper(os.path.realpath(program), folder)
        with Malachite() as malachite:
            counter = Counter(malachite, folder)
            postgres, migration = make_migration(malachite)
            migration.get()
            gets = counter.count(lambda: [migration.get() for _ in range(requests)])
            print(f"GET of a migration: {gets / requests:.0f} instructions", flush=True)
            changes = apply_backlog(counter, postgres, transactions)
            print(f"one change applied online: {changes / (transactions * CHANGES):.0f} instructions", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *(int(word) for word in (sys.argv[2:] + ["1000", "10000"][len(sys.argv) - 2 :])))
