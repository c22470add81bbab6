"""Snapshots: how long two provisioned servers with 100 MB each are held by a snapshot, and by a restore.

    snapshots.py PROGRAM [MEGABYTES [ROUNDS]]
"""

import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))


def measure(malachite, method, path):
    began = time.monotonic()
    malachite.arm.request(method, path, status=200)
    return time.monotonic() - began


def main():
    program = sys.argv[1]
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    os.environ["MALACHITE_BINARY"] = program
    from malachite import Malachite  # pylint: disable=import-outside-toplevel
    from samples import load_big  # pylint: disable=import-outside-toplevel

    with Malachite() as malachite:
        for name in ("old", "new"):
            server = malachite.provision(name)
            load_big(server.postgres, "big", megabytes // 2)
            server.postgres.execute("CHECKPOINT")
        takes = [measure(malachite, "PUT", "/_malachite/snapshots/bench") for _ in range(rounds)]
        restores = [measure(malachite, "POST", "/_malachite/snapshots/bench/restore") for _ in range(rounds)]
    for what, times in (("snapshot", takes), ("restore", restores)):
        print(f"{what} of two servers with {megabytes} MB: {statistics.median(times):.2f} s ({min(times):.2f} at best)")


if __name__ == "__main__":
    main()
