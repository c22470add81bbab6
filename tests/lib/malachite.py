"""The real binary as a child process, with a data directory of its own.

    with Malachite() as malachite:
        source = malachite.attach("src", postgres, kind="servers")
        target = malachite.provision("dst")
        malachite.arm.put_migration(source, target, ["shop"]).succeed()

`stop` asserts a clean end: exit status 0 within 5 seconds, no sanitizer report.
"""

import ctypes
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

import psycopg2
import requests

from arm import Arm, Server, patience, wait_until
from binaries import binaries, client_environment
from ports import Ports
from postgres import Postgres
from processes import alive, command_name, descendants, working_directory

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SANITIZER_REPORT = re.compile(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:)")
STOP_SECONDS = 5
PR_SET_PDEATHSIG = 1
MAJORS_CACHE = "/var/cache/malachite/postgresql"


def binary():
    return os.environ.get("MALACHITE_BINARY", str(ROOT / "build/release/malachite"))


def sanitized():
    """Whether the binary is built with a sanitizer, whose library must be loaded first and uses more memory."""
    program = pathlib.Path(binary())
    if not program.exists():  # when tests are only listed
        return False
    content = program.read_bytes()
    return b"__asan_init" in content or b"__tsan_init" in content


def environment(**extra):
    """Without the developer's own MALACHITE_ settings."""
    kept = {name: value for name, value in client_environment().items() if not name.startswith("MALACHITE_")}
    return {**kept, **extra}


def run_command(*arguments, timeout=20, **extra_environment):
    """Runs the binary to its end."""
    return subprocess.run(
        [binary(), *map(str, arguments)],
        env=environment(**extra_environment),
        capture_output=True,
        text=True,
        timeout=patience(timeout),
        stdin=subprocess.DEVNULL,
    )


def end_with_parent():
    """In the child: a test run that is killed does not leave it behind, nor its PostgreSQL servers."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def majors():
    """The majors that can be provisioned here."""
    fetched = os.listdir(MAJORS_CACHE) if os.path.isdir(MAJORS_CACHE) else []
    return sorted({*binaries(), *(int(name) for name in fetched if name.isdigit())})


class Servers:
    """Makes server resources in the subscription of self.arm."""

    arm = None
    data_dir = None

    def attach(self, name, postgres, kind="flexibleServers", login=None, password=None, **options):
        """An existing PostgreSQL of postgres.py as a server resource."""
        server = self.arm.put_server(
            name,
            kind,
            login=login or postgres.superuser,
            password=password or postgres.password,
            attach=(postgres.host, postgres.port),
            **options,
        )
        server.postgres = postgres
        return server

    def provision(self, name, version=15, kind="flexibleServers", **options):
        """A PostgreSQL that Malachite starts; .postgres signs in as its superuser."""
        server = self.arm.put_server(name, kind, version=version, **options)
        server.postgres = ProvisionedPostgres(self, server)
        # Tests make and drop many databases: without this they would mostly wait for the disk.
        server.postgres.execute("ALTER SYSTEM SET fsync = off")
        server.postgres.execute("SELECT pg_reload_conf()")
        return server


class Malachite(Servers):
    """`options`: further words of the command line. `ports` False: the default addresses of provisioned servers."""

    def __init__(self, *options, ports=True, **extra_environment):
        self.home = tempfile.mkdtemp(prefix="mal-", dir="/tmp")  # short: paths of Unix sockets have 107 bytes
        os.chmod(self.home, 0o711)
        self.data_dir = self.home + "/d"
        self.log = self.home + "/log"
        self.output = self.home + "/out"
        self.endpoints_file = self.home + "/endpoints.json"
        self.ports = Ports() if ports else None
        self.options = [*(["--server-ports", str(self.ports.base)] if ports else []), *map(str, options)]
        self.extra_environment = extra_environment
        self.endpoints = None
        self.arm = None
        self._process = None
        self._provisioned = []

    # -- life ---------------------------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        try:
            if self.running and kind is None:
                self.stop()
        finally:
            self.close()

    def command(self, *options):
        return [
            binary(),
            "serve",
            "--data-dir",
            self.data_dir,
            "--http-port",
            "0",
            "--https-port",
            "0",
            "--endpoints-file",
            self.endpoints_file,
            *self.options,
            *options,
        ]

    def start(self, *options):
        """Starts it and waits for the line `Ready.`; again after stop() or kill(), on the same data directory."""
        if os.path.exists(self.endpoints_file):
            os.unlink(self.endpoints_file)
        with open(self.log, "ab") as log, open(self.output, "wb") as output:
            self._process = subprocess.Popen(
                self.command(*options),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env=environment(**self.extra_environment),
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        wait_until(lambda: "Ready.\n" in self.output_text() or not self.running, 30, "the line 'Ready.'", 0.005)
        assert self.running, f"ended with {self._process.returncode}:\n{self.log_text()[-4000:]}"
        with open(self.endpoints_file) as file:
            self.endpoints = json.load(file)
        if self.arm is None:
            self.arm = Arm(self.endpoints["http"].rstrip("/"), self.endpoints["subscriptionId"])
            if "--auth" in self.options:
                self.arm.token = self.sign_in().json()["access_token"]
            self.arm.group = self.arm.put_group("rg")
        self.arm.endpoint = self.endpoints["http"].rstrip("/")
        return self

    def sign_in(self, tenant=None, secret=None, **fields):
        """The answer of the token endpoint, by default to the application with its secret. A field of None is left
        out."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.endpoints["clientId"],
            "client_secret": secret or self.option("--client-secret", "malachite"),
            "scope": "https://management.azure.com/.default",
            **fields,
        }
        return requests.post(
            f"{self.endpoints['http']}/{tenant or self.endpoints['tenantId']}/oauth2/v2.0/token",
            data={name: value for name, value in form.items() if value is not None},
            timeout=patience(30),
        )

    def option(self, flag, default):
        return self.options[self.options.index(flag) + 1] if flag in self.options else default

    def stop(self, stop_signal=signal.SIGTERM):
        """Ends it as a user would; returns how long it took."""
        began = time.monotonic()
        self._process.send_signal(stop_signal)
        try:
            self._process.wait(patience(STOP_SECONDS + 15))
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("did not end by itself:\n" + self.log_text()[-4000:]) from None
        took = time.monotonic() - began
        assert self._process.returncode == 0, f"ended with {self._process.returncode}:\n{self.log_text()[-4000:]}"
        assert took < patience(STOP_SECONDS), f"took {took:.1f} s to stop"
        self.check_log()
        self.arm.begin_attempt()
        return took

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """kill -9. Its PostgreSQL servers go on, as after a crash."""
        self._process.kill()
        self._process.wait()
        self.arm.begin_attempt()

    def restart(self, *options):
        self.stop()
        return self.start(*options)

    def close(self):
        """Ends whatever is left of it and removes its files."""
        if self.running:
            self._process.kill()
            self._process.wait()
        for pid in self.postmasters().values():
            os.kill(pid, signal.SIGQUIT)
            wait_until(lambda pid=pid: not alive(pid), 10, f"the end of PostgreSQL process {pid}")
        if self.ports:
            self.ports.release()
        if not os.environ.get("MALACHITE_TEST_KEEP"):
            shutil.rmtree(self.home, ignore_errors=True)

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def log_text(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def output_text(self):
        with open(self.output, errors="replace") as file:
            return file.read()

    def check_log(self):
        report = SANITIZER_REPORT.search(self.log_text())
        assert not report, self.log_text()[max(0, report.start() - 500) : report.start() + 6000]

    # -- servers ------------------------------------------------------------------------------------------------

    def instance_dir(self, name):
        return f"{self.data_dir}/instances/{name}"

    def postmasters(self):
        """{server name: pid} of the provisioned servers that run."""
        found = {}
        for path in glob.glob(f"{self.data_dir}/instances/*/**/postmaster.pid", recursive=True):
            try:
                with open(path) as file:
                    pid = int(file.readline())
            except (FileNotFoundError, ValueError):
                continue  # it ends, or starts, at this moment
            name = path[len(self.data_dir) :].split("/")[2]
            # A stale file may name a process that has nothing to do with us.
            if alive(pid) and working_directory(pid).startswith(self.data_dir):
                found[name] = pid
        return found

    # -- what it leaves -----------------------------------------------------------------------------------------

    def children(self):
        """{pid: command} of the programs it runs now, beside PostgreSQL servers."""
        found = {}
        for pid in descendants(self.pid):
            name = command_name(pid)
            if name and not name.startswith(("postgres", "malachite")):
                found[pid] = name
        return found


class ProvisionedPostgres(Postgres):
    """The using half of Postgres, for a server whose life is Malachite's."""

    def __init__(self, malachite, server):  # pylint: disable=super-init-not-called
        self.superuser = "azuresu"
        self.password = server.password
        self.login = server.login
        properties = malachite.arm.get(server.id)["properties"]
        self.host = properties["fullyQualifiedDomainName"]
        folder = f"{malachite.data_dir}/instances/{server.name}"
        # Servers of several subscriptions may have one name: the password says which folder is meant.
        candidates = glob.glob(f"{folder}/.s.PGSQL.*[0-9]") + glob.glob(f"{folder}.*/.s.PGSQL.*[0-9]")
        [socket_file] = [path for path in candidates if len(candidates) == 1 or self.accepts(path)]
        self.socket = os.path.dirname(socket_file)
        self.port = int(socket_file.rsplit(".", 1)[1])
        self.major = int(properties["version"])

    def accepts(self, socket_file):
        try:
            port = int(socket_file.rsplit(".", 1)[1])
            psycopg2.connect(
                host=self.host, port=port, user=self.login, password=self.password, dbname="postgres"
            ).close()
            return True
        except psycopg2.OperationalError:
            return False


@dataclass
class Pair:
    """A source and a target, and the Malachite that knows them."""

    malachite: Malachite
    source: Server
    target: Server

    @property
    def arm(self):
        return self.malachite.arm

    def put(self, databases, **properties):
        return self.arm.put_migration(self.source, self.target, databases, **properties)

    def body(self, databases, **properties):
        return self.arm.migration_body(self.source, self.target, databases, **properties)
