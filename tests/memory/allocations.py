"""The control block of tests/memory/failing.h, as a file that the tortured program maps, too."""

import mmap
import os
import struct
import tempfile

SITES = 1 << 16
FIELDS = ("count", "fail_at", "lasting", "every", "failed", "next")


class Allocations:
    def __init__(self):
        size = 8 * (len(FIELDS) + SITES)
        fd, self.path = tempfile.mkstemp(prefix="malachite-allocations-")
        os.ftruncate(fd, size)
        self._block = mmap.mmap(fd, size)
        os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._block.close()
        os.unlink(self.path)

    def read(self, field):
        return struct.unpack_from("=Q", self._block, 8 * FIELDS.index(field))[0]

    def write(self, field, value):
        struct.pack_into("=Q", self._block, 8 * FIELDS.index(field), value)

    def fail_at_new_places(self, first, every):
        """From the allocation `first` on, each place that has not failed yet fails once, at most one in `every`."""
        self.write("count", 0)
        self.write("failed", 0)
        self.write("next", first)
        self.write("every", every)

    def stop(self):
        """Nothing fails any more; returns how many have failed."""
        self.write("every", 0)
        return self.read("failed")
