"""A store or a PostgreSQL server that hangs delays nobody else."""

import subprocess
import threading
import time

import pytest
import requests

from arm import patience, unique
from malachite import sanitized
from proxy import Proxy


def in_threads(count, call):
    """Starts calls side by side; returns their threads, and the answers as they come."""
    answers = []
    threads = [threading.Thread(target=lambda number=number: answers.append(call(number))) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def slowest_health(arm, seconds):
    """The longest that health took in this time, on connections that different event loops serve."""
    slowest, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        assert requests.get(arm.endpoint + "/_malachite/health", timeout=30).status_code == 200
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.02)
    return slowest


SLOW_DISK = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Each read and write of the store's files takes a tenth of a second. */
static void be_slow(int fd)
{
    char link[64], path[4096] = "";
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (access("SLOW", F_OK) == 0 && readlink(link, path, sizeof(path) - 1) > 0 && strstr(path, "/malachite.db")) {
        usleep(100000);
    }
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    be_slow(fd);
    return syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t at)
{
    be_slow(fd);
    return syscall(SYS_pread64, fd, bytes, len, at);
}
"""


@pytest.mark.skipif(sanitized(), reason="sanitizers come first themselves")
def test_a_slow_store_does_not_delay_health(own, tmp_path):
    source, library, switch = tmp_path / "slow.c", tmp_path / "slow.so", tmp_path / "switch"
    source.write_text(SLOW_DISK.replace("SLOW", str(switch)))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    one = own(LD_PRELOAD=str(library))
    arm = one.arm
    calls = [
        ("PUT", arm.group_id(unique("g")), {"location": "eastus", "tags": {}}),
        ("PATCH", arm.group_id(unique("g")), {"location": "eastus", "tags": {}}),
        ("GET", arm.group_id(unique("g")), None),
        ("GET", f"{arm.subscription}/resources", None),
    ]
    switch.touch()
    began = time.monotonic()
    threads, answers = in_threads(16, lambda number: arm.request(*calls[number % len(calls)]).status_code)
    slowest = slowest_health(arm, 1)
    switch.unlink()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 7 + [201] + [404] * 8
    assert time.monotonic() - began > 1, "the disk was not slow"
    assert slowest < patience(0.3)


def test_a_server_that_hangs_does_not_starve_another(own, postgres_source, postgres_target):
    one = own("--connect-timeout", "6")
    proxy = Proxy(postgres_source.host, postgres_source.port)
    hanging = one.arm.put_server(
        "hanging", attach=(proxy.host, proxy.port), login=postgres_source.superuser, password=postgres_source.password
    )
    other = one.attach("other", postgres_target)
    proxy.silence()
    threads, _ = in_threads(20, lambda number: one.arm.request("GET", hanging.id + "/databases"))
    try:
        time.sleep(0.3)  # they are on their way; whether they are waiting already makes no difference
        began = time.monotonic()
        one.arm.get(other.id + "/databases")
        assert time.monotonic() - began < patience(2)
        assert slowest_health(one.arm, 0.5) < patience(0.5)
    finally:
        proxy.resume()
        proxy.cut()
        for thread in threads:
            thread.join()
        proxy.close()
