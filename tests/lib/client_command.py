"""`malachite migrate` and `malachite watch` while they run."""

import glob
import os
import pty
import re
import select
import subprocess
import tempfile

from arm import wait_until
from malachite import binary, environment


def uri(postgres, database="", password=None):
    secret = f":{password}" if password else ""
    return f"postgresql://{postgres.superuser}{secret}@{postgres.host}:{postgres.port}/{database}"


class Running:
    """A command that is not waited for; with a terminal of its own, or with files."""

    def __init__(self, arguments, variables, terminal=False):
        self.text = ""
        self.terminal, other = pty.openpty() if terminal else (None, None)
        self.errors = tempfile.TemporaryFile("w+")
        self.output = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [binary(), *arguments],
            env=environment(TERM="xterm", **variables),
            stdin=other if terminal else subprocess.DEVNULL,
            stdout=other if terminal else self.output,
            stderr=other if terminal else self.errors,
            start_new_session=True,
        )
        if terminal:
            os.close(other)

    def read(self):
        if self.terminal is None:
            self.errors.seek(0)
            self.text = self.errors.read()
        while self.terminal is not None and select.select([self.terminal], [], [], 0)[0]:
            try:
                part = os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                break
            if not part:
                break
            self.text += part
        return self.text

    def wait_for(self, pattern, timeout=60):
        def seen():
            ended = self.process.poll() is not None
            found = re.search(pattern, self.read())
            assert found or not ended, f"ended with {self.process.returncode}: {self.text}"
            return found

        return wait_until(seen, timeout, f"'{pattern}' from malachite migrate")

    def type(self, line):
        os.write(self.terminal, line.encode() + b"\n")

    def end(self, timeout=60):
        def ended():
            self.read()
            return self.process.poll() is not None

        wait_until(ended, timeout, "the end of malachite migrate")
        self.read()
        return self.process.returncode


def private_servers(state_dir):
    """Processes that serve below this folder."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                line = file.read()
        except OSError:
            continue
        if state_dir.encode() in line and b"\0serve\0" in line:
            found.append(int(path.split("/")[2]))
    return found
