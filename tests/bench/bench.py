"""Figures for docs/performance.md and for release notes: start-up, memory, REST rates, and the copy against its peers.

    run.sh PROGRAM [SCALE [ROUNDS]]

All tools copy the same pgbench database between the same two provisioned servers, in turn, in the same run; each
starts from an absent target database, with two jobs. CPU is what the whole machine spent meanwhile.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
# pylint: disable=wrong-import-position
from arm import wait_until  # noqa: E402
from binaries import client, client_environment  # noqa: E402
from malachite import Malachite  # noqa: E402

JOBS = 2
DATABASE = "bench"


def cpu_seconds():
    with open("/proc/stat") as file:
        words = file.readline().split()[1:]
    busy = [int(words[i]) for i in (0, 1, 2, 5, 6)]
    return sum(busy) / os.sysconf("SC_CLK_TCK")


def timed(action):
    cpu, began = cpu_seconds(), time.monotonic()
    action()
    return time.monotonic() - began, cpu_seconds() - cpu


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        [line] = [line for line in file if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def uri(postgres):
    return f"postgresql://{postgres.superuser}@/{DATABASE}?host={postgres.socket}&port={postgres.port}"


def tool(program, *arguments, directory="/tmp", **environment):
    done = subprocess.run(
        [program, *arguments],
        cwd=directory,
        env={**client_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr[-2000:]}")


def start_up(malachite, rounds=5):
    """Milliseconds from exec to `Ready.` on an existing data directory with two provisioned servers."""
    figures = []
    for _ in range(rounds):
        malachite.stop()
        began = time.monotonic()
        malachite.start()
        figures.append((time.monotonic() - began) * 1000)
    return figures


def rest_rate(malachite, migration):
    """Requests per second of GET migration: 32 keep-alive clients on the same two cores."""
    url = f"{malachite.endpoints['http'].rstrip('/')}{migration.path}?api-version=2025-08-01"
    done = subprocess.run(["wrk", "-t1", "-c32", "-d8s", url], capture_output=True, text=True, check=True)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("Requests/sec")]
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(line.split()[1])


class Copies:
    def __init__(self, malachite, source, target):
        self.malachite, self.source, self.target = malachite, source, target
        self.home = malachite.home

    def clean(self):
        self.target.postgres.drop_database(DATABASE)
        for server in (self.source, self.target):
            server.postgres.execute("CHECKPOINT")

    def by_malachite(self):
        migration = self.malachite.arm.put_migration(self.source, self.target, [DATABASE])
        body = wait_until(lambda: ended(migration), 1800, "the migration", 0.05)
        assert body["properties"]["currentStatus"]["state"] == "Succeeded", body

    def by_pgcopydb(self):
        self.target.postgres.create_database(DATABASE)
        subprocess.run(["rm", "-rf", f"{self.home}/pgcopydb"], check=True)
        tool(
            "pgcopydb",
            "clone",
            "--source",
            uri(self.source.postgres),
            "--target",
            uri(self.target.postgres),
            "--table-jobs",
            str(JOBS),
            "--index-jobs",
            str(JOBS),
            "--dir",
            f"{self.home}/pgcopydb",
            PGCOPYDB_SOURCE_PGURI=uri(self.source.postgres),
            PGCOPYDB_TARGET_PGURI=uri(self.target.postgres),
        )

    def by_pg_dump(self):
        self.target.postgres.create_database(DATABASE)
        archive = f"{self.home}/archive"
        subprocess.run(["rm", "-rf", archive], check=True)
        tool(client("pg_dump"), "-Fd", "-Z0", f"-j{JOBS}", "-f", archive, "-d", uri(self.source.postgres))
        tool(client("pg_restore"), f"-j{JOBS}", "-d", uri(self.target.postgres), archive)


def ended(migration):
    body = migration.arm.get(migration.path)
    return body if body["properties"]["currentStatus"]["state"] in ("Succeeded", "Failed", "Canceled") else None


def compare(copies, rounds):
    ways = {
        "malachite": copies.by_malachite,
        "pgcopydb clone": copies.by_pgcopydb,
        "pg_dump -Fd, pg_restore": copies.by_pg_dump,
    }
    figures = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            copies.clean()
            figures[name].append(timed(way))
    for name, runs in figures.items():
        wall, cpu = ([run[i] for run in runs] for i in (0, 1))
        print(
            f"  {name:26} wall {statistics.median(wall):6.1f} s ({min(wall):.1f}-{max(wall):.1f})   "
            f"cpu {statistics.median(cpu):6.1f} s"
        )
    for peer in list(ways)[1:]:
        ratios = [ours[0] / theirs[0] for ours, theirs in zip(figures["malachite"], figures[peer])]
        print(f"  wall, malachite / {peer}: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))


def main(program, scale, rounds):
    os.environ["MALACHITE_BINARY"] = program
    with Malachite("--jobs", JOBS) as malachite:
        source, target = malachite.provision("bench-source"), malachite.provision("bench-target")
        source.postgres.create_database(DATABASE)
        tool(client("pgbench"), "-i", "-q", "-s", str(scale), "-d", source.postgres.dsn(DATABASE))
        print(f"copy of pgbench scale {scale}, {JOBS} jobs, {rounds} rounds:")
        copies = Copies(malachite, source, target)
        compare(copies, rounds)
        migration = malachite.arm.put_migration(source, target, [DATABASE], overwriteDbsInTarget="True")
        wait_until(lambda: ended(migration), 1800, "the migration", 0.2)
        print("start to Ready., ms: " + ", ".join(f"{ms:.0f}" for ms in start_up(malachite)))
        time.sleep(2)
        print(f"idle memory: {resident_mib(malachite.pid):.1f} MiB")
        print(f"GET migration: {rest_rate(malachite, migration):.0f} requests/s")
        print(f"memory after that: {resident_mib(malachite.pid):.1f} MiB")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
