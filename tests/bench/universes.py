"""Figures of subscriptions as worlds of their own: memory of many, each with a migration, and the time of a reset.

    universes.py PROGRAM [SUBSCRIPTIONS]
"""

import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
# pylint: disable=wrong-import-position
from malachite import Malachite  # noqa: E402
from postgres import Postgres  # noqa: E402
from universe import Universe  # noqa: E402

RESETS = 100


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        [line] = [line for line in file if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def make_world(malachite, postgres):
    """A migration that waits for its databases."""
    universe = Universe(malachite)
    universe.attached_pair(postgres, postgres).put(None)
    universe.arm.session.close()


def reset_ms(universe):
    universe.arm.put_group("rg")
    began = time.monotonic()
    universe.reset()
    return (time.monotonic() - began) * 1000


def main(program, count):
    os.environ["MALACHITE_BINARY"] = program
    with Postgres(name="bench") as postgres, Malachite("--subscriptions", "any") as malachite:
        empty = resident_mib(malachite.pid)
        for _ in range(count):
            make_world(malachite, postgres)
        print(f"{count} subscriptions with a migration each: {resident_mib(malachite.pid):.1f} MiB, empty {empty:.1f}")
        universe = Universe(malachite)
        took = sorted(reset_ms(universe) for _ in range(RESETS))
        print(
            f"reset of a subscription without servers: median {statistics.median(took):.2f} ms, least {took[0]:.2f} ms"
        )
        malachite.arm.request("POST", "/_malachite/reset", params={"timeout": 300}, timeout=320)


if __name__ == "__main__":
    main(os.path.realpath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
