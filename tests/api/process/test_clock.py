"""Somebody sets the system's clock, or stops the whole process for a while, while migrations run."""

import mmap
import shutil
import signal
import struct
import subprocess
import time

import pytest

from arm import details_of, wait_until
from malachite import Pair, sanitized
from online import differences, put_online
from samples import load_slow

DAY = 24 * 3600
LEASE = 5  # the shortest, in seconds

# A wall clock that is as many seconds ahead as the file says.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    static volatile long long *ahead;
    if (real == NULL) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    if (ahead == NULL) {
        ahead = mmap(NULL, 8, PROT_READ, MAP_SHARED, open(getenv("CLOCK_AHEAD"), O_RDONLY | O_CLOEXEC), 0);
    }
    int result = real(id, now);
    now->tv_sec += id == CLOCK_REALTIME ? *ahead : 0;
    return result;
}
"""


@pytest.fixture
def clock(tmp_path):
    """(environment, set): set(days) moves the wall clock of the processes with that environment."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no compiler")
    source, library, offset = tmp_path / "shim.c", tmp_path / "shim.so", tmp_path / "ahead"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    offset.write_bytes(bytes(8))
    with open(offset, "r+b") as file, mmap.mmap(file.fileno(), 8) as memory:

        def set_clock(days):
            memory[:8] = struct.pack("q", int(days * DAY))

        yield {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(offset)}, set_clock


@pytest.mark.skipif(sanitized(), reason="sanitizers come first themselves")
def test_a_step_of_the_clock_ends_and_delays_no_migration(own, clock, database, postgres_source, postgres_target):
    environment, set_clock = clock
    one = own("--lease-seconds", 5, **environment)
    pair = Pair(one, one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target))
    name = load_slow(postgres_source, database(), 3)
    migration = put_online(pair, [name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    set_clock(40)
    migration.wait("WaitingForCutoverTrigger")
    set_clock(20)
    postgres_source.execute("INSERT INTO quick VALUES (5000)", dbname=name)
    wait_until(
        lambda: postgres_target.value("SELECT count(*) FROM quick WHERE a = 5000", dbname=name) == 1, 20, "the change"
    )
    migration.patch(triggerCutover="True")
    migration.succeed(timeout=20)
    assert differences(pair, name) == []


def test_a_process_that_was_suspended_beyond_its_leases_continues(own, database, postgres_source, postgres_target):
    """A suspended laptop, a paused container: no second worker may take what the first one still works on."""
    one = own("--lease-seconds", LEASE)
    pair = Pair(one, one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target))
    names = [load_slow(postgres_source, database(), 2) for _ in range(2)]
    migrations = [put_online(pair, [name]) for name in names]
    for migration, name in zip(migrations, names, strict=True):
        migration.wait(lambda body, name=name: details_of(body, name).get("fullLoadLoadingTables"))
    one.signal(signal.SIGSTOP)
    time.sleep(LEASE + 0.5)
    one.signal(signal.SIGCONT)
    for migration in migrations:
        migration.wait("WaitingForCutoverTrigger")
    for migration, name in zip(migrations, names, strict=True):
        migration.patch(triggerCutover="True")
        migration.succeed(timeout=20)
        assert differences(pair, name) == []
    assert "lost the lease" not in one.log_text() and "taken over" not in one.log_text()
