"""The disk of Malachite's own store is full for a while."""

import os
import subprocess
import time

import pytest

from arm import details_of
from compare import compare_databases
from malachite import Malachite, Pair
from samples import load_slow


@pytest.fixture
def small_disk():
    """A Malachite whose data directory is a file system of its own, and a file that fills it."""
    one = Malachite()
    os.makedirs(one.data_dir, exist_ok=True)
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", one.data_dir], check=False, capture_output=True
        ).returncode
        == 0
    )
    try:
        if not mounted:
            pytest.skip("may not mount")
        yield one.start(), os.path.join(one.data_dir, "filler")
        one.stop()
    finally:
        if one.running:
            one.kill()
        if mounted:
            subprocess.run(["umount", "-l", one.data_dir], check=True)
        one.close()


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def test_a_full_store_only_delays_a_migration(small_disk, database, postgres_source, postgres_target):
    one, filler = small_disk
    pair = Pair(one, one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target))
    name = load_slow(postgres_source, database(), 2)
    migration = pair.put([name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    migration.watch.begin_attempt()
    fill(filler)
    time.sleep(4)  # the rows have arrived, and nothing can be written about it
    migration.wait("MigratingData", timeout=5)
    os.unlink(filler)
    migration.succeed()
    assert compare_databases(postgres_source.dsn(name), postgres_target.dsn(name)) == []
