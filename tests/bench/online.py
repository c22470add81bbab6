"""Figures of online migrations, against PostgreSQL's own subscription on the same pair in the same run.

    /usr/bin/python3 tests/bench/online.py PROGRAM [TRANSACTIONS [BURST_SECONDS [ROUNDS]]]

Backlog: while neither applier runs, pgbench writes TRANSACTIONS; then each applies them in turn, alone. The
subscription's target is another database of the same target server. Prints figures, judges nothing.
"""

import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
# pylint: disable=wrong-import-position
from arm import details_of, substate_of, wait_until  # noqa: E402
from bench import cpu_seconds, tool, uri  # noqa: E402
from binaries import client  # noqa: E402
from malachite import Malachite  # noqa: E402

DATABASE = "bench"
COPY = "bench_copy"
SCALE = 20
WAITS = "WaitingForCutoverTrigger"


def pgbench(postgres, *options):
    tool(client("pgbench"), "-n", "-M", "prepared", "-c", "4", *map(str, options), postgres.dsn(DATABASE))


def position(postgres):
    postgres.execute("SELECT pg_logical_emit_message(true, 'bench', '')")
    return postgres.value("SELECT pg_current_wal_insert_lsn()::text")


def has_confirmed(postgres, slot, lsn):
    return postgres.value(
        "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s", (lsn, slot)
    )


def drain(postgres, slot, lsn, start):
    cpu, began = cpu_seconds(), time.monotonic()
    start()
    wait_until(lambda: has_confirmed(postgres, slot, lsn), 600, f"the end of the backlog of {slot}", 0.02)
    return time.monotonic() - began, cpu_seconds() - cpu


class Peers:
    def __init__(self, malachite):
        self.malachite = malachite
        self.source, self.target = (malachite.provision(f"online-{name}") for name in ("source", "target"))
        # Both sides as a careful user would run them: nothing waits for the disk of this machine.
        for server in (self.source, self.target):
            server.postgres.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
            server.postgres.execute("ALTER SYSTEM SET autovacuum = off")
            server.postgres.execute("SELECT pg_reload_conf()")
        self.source.postgres.create_database(DATABASE)
        tool(client("pgbench"), "-i", "-q", "-s", str(SCALE), "-d", self.source.postgres.dsn(DATABASE))
        self.source.postgres.execute("ALTER TABLE pgbench_history REPLICA IDENTITY FULL", dbname=DATABASE)
        self.migration = malachite.arm.put_migration(self.source, self.target, [DATABASE], migrationMode="Online")
        self.migration.wait(WAITS, timeout=300)
        self.slot = self.source.postgres.value("SELECT slot_name FROM pg_replication_slots")
        self.subscribe()

    def subscribe(self):
        source, target = self.source.postgres, self.target.postgres
        target.create_database(COPY)
        schema = tool_output(client("pg_dump"), "-s", "-d", uri(source))
        target.psql(schema, COPY)
        source.execute("CREATE PUBLICATION native FOR ALL TABLES", dbname=DATABASE)
        target.execute(
            f"CREATE SUBSCRIPTION native CONNECTION '{source.dsn(DATABASE)}' PUBLICATION native", dbname=COPY
        )
        wait_until(
            lambda: target.value("SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel", dbname=COPY),
            300,
            "the subscription's copy",
            0.2,
        )

    def toggle_subscription(self, word):
        self.target.postgres.execute(f"ALTER SUBSCRIPTION native {word}", dbname=COPY)

    def backlog(self, transactions):
        source = self.source.postgres
        self.toggle_subscription("DISABLE")
        os.kill(self.malachite.pid, signal.SIGSTOP)
        pgbench(source, "-t", transactions // 4)
        lsn = position(source)
        ours = drain(source, self.slot, lsn, lambda: os.kill(self.malachite.pid, signal.SIGCONT))
        os.kill(self.malachite.pid, signal.SIGSTOP)
        theirs = drain(source, "native", lsn, lambda: self.toggle_subscription("ENABLE"))
        os.kill(self.malachite.pid, signal.SIGCONT)
        return ours, theirs

    def burst(self, seconds, rate):
        """Seconds from the end of a burst until nothing is pending, as the slot and as the service tell it."""
        pgbench(self.source.postgres, "-T", seconds, "-R", rate)
        began = time.monotonic()
        lsn = position(self.source.postgres)
        wait_until(lambda: has_confirmed(self.source.postgres, self.slot, lsn), 60, "the slot", 0.01)
        slot = time.monotonic() - began
        wait_until(lambda: details_of(self.migration.get(), DATABASE)["incomingChanges"] == 0, 60, "the figure", 0.01)
        return slot, time.monotonic() - began

    def large_transaction(self, megabytes):
        peak = [0.0]
        done = threading.Event()

        def watch():
            while not done.wait(0.1):
                peak[0] = max(peak[0], resident_kib(self.malachite.pid) / 1024)

        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.monotonic()
        rows = megabytes * 1024
        self.source.postgres.execute(
            "INSERT INTO large SELECT i, repeat(md5(i::text), 32) FROM" f" generate_series(1, {rows}) i",
            dbname=DATABASE,
        )
        written = time.monotonic() - began
        lsn = position(self.source.postgres)
        wait_until(lambda: has_confirmed(self.source.postgres, self.slot, lsn), 600, "the large transaction", 0.05)
        done.set()
        watcher.join()
        return written, time.monotonic() - began, peak[0]

    def cut_over(self):
        wait_until(lambda: details_of(self.migration.get(), DATABASE)["incomingChanges"] == 0, 60, "nothing pending")
        began = time.monotonic()
        self.migration.patch(triggerCutover="True")
        wait_until(lambda: substate_of(self.migration.get()) == "Completed", 60, "the end", 0.002)
        return time.monotonic() - began


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        [line] = [line for line in file if line.startswith("VmRSS")]
    return int(line.split()[1])


def tool_output(program, *arguments):
    import subprocess  # pylint: disable=import-outside-toplevel

    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def main(program, transactions, burst_seconds, rounds):
    os.environ["MALACHITE_BINARY"] = program
    with Malachite() as malachite:
        peers = Peers(malachite)
        print(f"backlog of {transactions} pgbench transactions, scale {SCALE}:")
        rate = 0
        for _ in range(rounds):
            ours, theirs = peers.backlog(transactions)
            rate = transactions / ours[0]
            print(
                f"  malachite {ours[0]:6.2f} s ({transactions / ours[0]:7.0f}/s, cpu {ours[1]:.1f} s)   subscription "
                f"{theirs[0]:6.2f} s ({transactions / theirs[0]:7.0f}/s, cpu {theirs[1]:.1f} s)   throughput ratio "
                f"{theirs[0] / ours[0]:.2f}",
                flush=True,
            )
        peers.toggle_subscription("DISABLE")
        began = time.monotonic()
        pgbench(peers.source.postgres, "-t", "5000")
        half = 20000 / (time.monotonic() - began) / 2
        rate = min(rate / 2, half)
        slot, figure = peers.burst(burst_seconds, int(rate))
        print(
            f"after {burst_seconds} s at {int(rate)}/s: everything applied after {slot:.2f} s, incomingChanges 0 after "
            f"{figure:.2f} s",
            flush=True,
        )
        print(f"cutover of {DATABASE} with nothing pending: {peers.cut_over() * 1000:.0f} ms", flush=True)
        peers.source.postgres.execute("CREATE TABLE large (id int PRIMARY KEY, text text)", dbname=DATABASE)
        peers.migration = malachite.arm.put_migration(
            peers.source, peers.target, [DATABASE], migrationMode="Online", overwriteDbsInTarget="True"
        )
        peers.migration.wait(WAITS, timeout=300)
        peers.slot = peers.source.postgres.value(
            "SELECT slot_name FROM pg_replication_slots WHERE slot_name <> 'native'"
        )
        peers.source.postgres.execute("SELECT pg_drop_replication_slot('native')")
        written, applied, peak = peers.large_transaction(1024)
        print(
            f"one transaction of 1 GiB: written in {written:.1f} s, applied {applied:.1f} s after its beginning; "
            f"Malachite's memory at most {peak:.1f} MiB"
        )


if __name__ == "__main__":
    main(sys.argv[1], *(int(word) for word in (sys.argv[2:] + ["100000", "60", "2"][len(sys.argv) - 2 :])))
