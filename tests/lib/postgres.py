"""Real PostgreSQL servers for tests: private, quick to start, gone afterwards.

    with Postgres() as server:
        server.execute("CREATE TABLE t (a int)")
        assert server.value("SELECT count(*) FROM t") == 0

Each server has its own data directory and a free loopback port. The Unix socket trusts everybody, TCP wants the
password. `initdb` runs once per set of binaries; every further server is a copy of that template. Whatever a test run
leaves behind is stopped and removed at its end, even when the run is killed.
"""

import getpass
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import psycopg2

from binaries import binaries, client, client_environment, default_bindir, major_of  # noqa: F401  (for importers)
from processes import alive, children, wait

# Below the ephemeral range, so that no client connection can hold the port.
PORTS = range(20000, 32000)

# Small, fast, and ready for logical replication. fsync=off survives `kill -9` (the kernel keeps the pages).
DEFAULT_CONF = {
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "max_connections": "60",
    "max_replication_slots": "10",
    "max_wal_senders": "10",
    "max_wal_size": "256MB",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "32MB",
    "wal_level": "logical",
    "wal_retrieve_retry_interval": "200ms",
}

HBA = """\
local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


class Postgres:
    """One server. `conf` and `hba` are added to the defaults; `bindir` chooses the major."""

    password = "test-superuser"
    host = "127.0.0.1"

    def __init__(self, bindir=None, conf=None, hba="", name="", superuser="postgres"):
        self.superuser = superuser
        self.bindir = bindir or default_bindir()
        self.major = major_of(os.path.join(self.bindir, "postgres"))
        self.conf = {**DEFAULT_CONF, **(conf or {})}
        if self.major < 11:
            del self.conf["jit"]
        self.hba = hba
        self.home = tempfile.mkdtemp(prefix=f"{name or 'pg'}{self.major}-", dir=_session_directory())
        os.chmod(self.home, 0o755)
        self.data = os.path.join(self.home, "data")
        self.socket = os.path.join(self.home, "socket")
        self.log = os.path.join(self.home, "server.log")
        self.port = None
        self._process = None
        self._make_files()

    # -- life ---------------------------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def start(self, timeout=60):
        """Starts the server and waits until it takes connections. The port stays the same over restarts."""
        if self.running:
            return self
        for _ in range(20):
            if self.port is None:
                self.port = free_port()
                self._write_conf()
            self._launch()
            if self._wait_until_ready(timeout):
                return self
            if "could not create any TCP/IP sockets" not in self.log_text():
                break
            self.port = None
            os.truncate(self.log, 0)
        raise RuntimeError(f"PostgreSQL {self.major} did not start:\n{self.log_text()[-4000:]}")

    def stop(self, mode="fast", timeout=60):
        """mode: smart, fast or immediate, as for pg_ctl."""
        if not self.running:
            return
        stop_signal = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode]
        self._process.send_signal(stop_signal)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """kill -9 of the postmaster and every process of it: a crash. start() brings it back."""
        if not self.running:
            return
        backends = children(self._process.pid)
        self._process.kill()
        self._process.wait()
        # Backends would notice soon, but until then they hold the shared memory and a restart fails.
        for pid in backends:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait(lambda: not any(alive(pid) for pid in backends), 10)

    def restart(self, mode="fast"):
        self.stop(mode)
        return self.start()

    def close(self):
        """Stops the server and removes its files."""
        self.stop("immediate")
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def configure(self, **settings):
        """Changes postgresql.conf; takes effect with reload() or restart()."""
        self.conf.update(settings)
        self._write_conf()

    def reload(self):
        self._process.send_signal(signal.SIGHUP)

    def log_text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    # -- use ----------------------------------------------------------------------------------------------------

    def dsn(self, dbname="postgres", user=None, password=None, tcp=False):
        """A libpq connection string. Over the socket no password is needed."""
        words = {
            "host": self.host if tcp else self.socket,
            "port": self.port,
            "user": user or self.superuser,
            "dbname": dbname,
        }
        if tcp:
            words["password"] = password or self.password
        return psycopg2.extensions.make_dsn(**words)

    def connect(self, dbname="postgres", **options):
        """A psycopg2 connection in autocommit mode. It answers to the database's own settings."""
        connection = psycopg2.connect(self.dsn(dbname, **options))
        connection.autocommit = True
        return connection

    def query(self, sql, args=None, dbname="postgres"):
        """All rows, as a list of tuples; [] for a statement without rows."""
        connection = self.connect(dbname)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, args)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    execute = query

    def value(self, sql, args=None, dbname="postgres"):
        """The first column of the first row."""
        return self.query(sql, args, dbname)[0][0]

    def psql(self, sql, dbname="postgres", *options):
        """Runs a script through psql and returns its output (unaligned, tuples only)."""
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *options, "-d", self.dsn(dbname), stdin=sql)

    def run(self, program, *arguments, stdin=None):
        """Runs a client program and returns its output; RuntimeError with its complaints when it fails."""
        done = subprocess.run(
            [client(program), *arguments], input=stdin, env=client_environment(), capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def create_database(self, name, template="template0", owner=None):
        owner = quoted(owner or self.superuser)
        self.execute(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)} OWNER {owner}")
        return self.dsn(name)

    def drop_database(self, name):
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        self.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")

    # -- below --------------------------------------------------------------------------------------------------

    def _make_files(self):
        shutil.copytree(_template(self.bindir, self.superuser), self.data, symlinks=True)
        os.mkdir(self.socket)
        open(self.log, "w").close()
        with open(os.path.join(self.data, "pg_hba.conf"), "w") as file:
            file.write(self.hba.rstrip("\n") + "\n" + HBA)
        _hand_over(self.home)

    def _write_conf(self):
        settings = {
            **self.conf,
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": self.socket,
        }
        path = os.path.join(self.data, "postgresql.conf")
        with open(path, "w") as file:
            for name, value in settings.items():
                file.write("%s = '%s'\n" % (name, str(value).replace("'", "''")))
        _hand_over(path)

    def _launch(self):
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [os.path.join(self.bindir, "postgres"), "-D", self.data],
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=client_environment(),
                start_new_session=True,
                **_unprivileged(),
            )

    def _wait_until_ready(self, timeout):
        # The eighth line of postmaster.pid tells, without making connections.
        pid_file = os.path.join(self.data, "postmaster.pid")

        def ready():
            if not self.running:
                return True
            try:
                with open(pid_file) as file:
                    lines = file.read().splitlines()
            except FileNotFoundError:
                return False
            return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

        wait(ready, timeout)
        return self.running


def quoted(name):
    """An identifier for SQL, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def free_port():
    """A loopback port nobody listens on now."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


# -- files, users, processes ------------------------------------------------------------------------------------

_session = None

# Reads until the test run ends, however it ends; then stops the servers that are left and removes their files.
_WATCHER = """
read -r _
for file in "$1"/*/data/postmaster.pid; do
    pid=$(head -n 1 "$file") && [ "$(cat "/proc/$pid/comm")" = postgres ] && kill -QUIT "$pid"
done 2>/dev/null
sleep 0.5
rm -rf "$1"
"""


def _session_directory():
    """One directory per test run, in /tmp because the path of a Unix socket may have 107 bytes only."""
    global _session
    if _session is None:
        directory = tempfile.mkdtemp(prefix="malachite-pg-", dir="/tmp")
        os.chmod(directory, 0o755)
        watcher = subprocess.Popen(
            ["sh", "-c", _WATCHER, "sh", directory], stdin=subprocess.PIPE, start_new_session=True
        )
        _session = directory, watcher
    return _session[0]


def _template(bindir, superuser):
    """A data directory made by initdb, once per test run, set of binaries and superuser's name."""
    home = os.path.join(_session_directory(), "template-" + re.sub(r"\W+", "_", f"{superuser}-{bindir}"))
    data = os.path.join(home, "data")
    if os.path.exists(data):
        return data
    os.makedirs(home)
    password_file = os.path.join(home, "password")
    with open(password_file, "w") as file:
        file.write(Postgres.password + "\n")
    _hand_over(home)
    subprocess.run(
        [
            os.path.join(bindir, "initdb"),
            "-D",
            data,
            "-U",
            superuser,
            "--pwfile",
            password_file,
            "--auth-host",
            "scram-sha-256",
            "--auth-local",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--no-sync",
            *(["--wal-segsize", "1"] if major_of(os.path.join(bindir, "initdb")) >= 11 else []),
        ],
        check=True,
        cwd=home,
        env=client_environment(),
        capture_output=True,
        **_unprivileged(),
    )
    return data


def _unprivileged():
    """Arguments for subprocess: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    account = _account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _account():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pwd.getpwnam(getpass.getuser())


def _hand_over(path):
    """Gives a file, or a directory with all in it, to the account the server runs as."""
    if os.getuid() != 0:
        return
    account = _account()
    os.chown(path, account.pw_uid, account.pw_gid)
    for directory, directories, files in os.walk(path):
        for name in directories + files:
            os.lchown(os.path.join(directory, name), account.pw_uid, account.pw_gid)
