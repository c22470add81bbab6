"""Ports of the servers that a Malachite of the tests provisions."""

import fcntl
import os
import random
import socket

PORT_BLOCK = 50
# Apart from those of postgres.py, below the ephemeral range.
PORT_BLOCKS = range(10000, 20000, PORT_BLOCK)


class Ports:
    """A block of ports that no other test run on this machine takes."""

    def __init__(self):
        for base in random.sample(PORT_BLOCKS, len(PORT_BLOCKS)):
            self._lock = open(f"/tmp/malachite-test-ports-{base}.lock", "w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._lock.close()
                continue
            if all(is_free(port) for port in range(base, base + PORT_BLOCK)):
                self.base = base
                return
            self._lock.close()
        raise RuntimeError("no free block of ports")

    def release(self):
        os.unlink(self._lock.name)
        self._lock.close()


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False
