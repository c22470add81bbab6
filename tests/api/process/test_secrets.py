"""No response, log, file or command line contains a secret."""

import base64
import os
import threading
import time

import pytest

from arm import new_secret, patience
from processes import descendants
from samples import load_shop, load_slow

pytestmark = pytest.mark.timeout(patience(120))


class Snoop(threading.Thread):
    """Reads the command lines of all processes, and the environments of all but Malachite's own descendants."""

    def __init__(self, malachite, secrets):
        super().__init__(daemon=True)
        self.malachite = malachite
        self.secrets = [secret.encode() for secret in secrets]
        self.found = set()
        self.seen = set()
        self.ended = threading.Event()

    def run(self):
        while not self.ended.is_set():
            children = set(descendants(self.malachite.pid))
            for pid in filter(str.isdigit, os.listdir("/proc")):
                self._look(pid, "cmdline")
                if int(pid) in children:
                    self._remember(pid)
                elif int(pid) != os.getpid():
                    self._look(pid, "environ")

    def _look(self, pid, name):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                content = file.read()
        except OSError:
            return
        for secret in self.secrets:
            if secret in content:
                self.found.add(f"/proc/{pid}/{name}: {content[:200]}")

    def _remember(self, pid):
        try:
            with open(f"/proc/{pid}/comm") as file:
                self.seen.add(file.read().strip())
        except OSError:
            pass

    def end(self):
        self.ended.set()
        self.join()


def forms(secret):
    """How a secret might look in a file."""
    raw = secret.encode()
    encoded = {base64.b64encode(b"x" * shift + raw)[shift + 2 : -4] for shift in range(3)}
    return {raw, raw.hex().encode(), secret.encode("utf-16-le"), *encoded}


def files_with(secrets, *roots):
    found = []
    wanted = {form: secret for secret in secrets for form in forms(secret)}
    for root in roots:
        for directory, _, names in os.walk(root):
            for name in names:
                path = os.path.join(directory, name)
                try:
                    with open(path, "rb") as file:
                        content = file.read()
                except OSError:
                    continue
                found += [(path, secret) for form, secret in wanted.items() if form in content]
    return found


def put_everything(one, postgres_source, database, secrets):
    """Every kind of secret once: servers of both kinds, good and bad passwords, the application's secret."""
    postgres_source.execute(f"CREATE ROLE secretive SUPERUSER LOGIN PASSWORD '{secrets['attached']}'")
    source = one.attach("src", postgres_source, "servers", login="secretive", password=secrets["attached"])
    target = one.provision("dst", password=secrets["provisioned"])
    name = load_slow(postgres_source, database(), 2)
    body = one.arm.migration_body(source, target, [name])
    body["properties"]["secretParameters"]["aadApp"] = {
        "clientId": "00000000-0000-4000-8000-00000000c11e",
        "tenantId": one.endpoints["tenantId"],
        "aadSecret": secrets["application"],
    }
    good = one.arm.put_migration(source, target, [name], body=body)
    wrong = one.arm.migration_body(source, target, [load_shop(postgres_source, database(), rows=1)])
    wrong["properties"]["secretParameters"]["adminCredentials"]["sourceServerPassword"] = secrets["wrong"]
    bad = one.arm.put_migration(source, target, [name], body=wrong)
    broken = one.arm.migration_body(source, target, ["x"])
    broken["properties"]["secretParameters"]["adminCredentials"]["targetServerPassword"] = [secrets["misplaced"]]
    one.arm.request("PUT", f"{target.id}/migrations/broken", broken, status=400)
    one.arm.request(
        "PUT",
        f"{target.id}/migrations/cut",
        status=400,
        data='{"properties": {"secretParameters": {"password": "%s' % secrets["misplaced"],
    )
    one.arm.request("PUT", f"{target.id}/migrations/q?password={secrets['query']}", status=400)
    return good, bad


def test_secrets_stay_secret(own, database, postgres_source):
    secrets = {
        use: new_secret() for use in ("attached", "provisioned", "application", "wrong", "misplaced", "query", "client")
    }
    one = own("--log-level", "debug", MALACHITE_CLIENT_SECRET=secrets["client"])
    one.arm.secrets |= set(secrets.values())
    everywhere = [secret for use, secret in secrets.items() if use != "client"]
    snoop = Snoop(one, everywhere)
    snoop.start()
    try:
        good, bad = put_everything(one, postgres_source, database, secrets)
        migration_id = good.created["properties"]["migrationId"]
        good.wait("MigratingData")
        assert files_with(everywhere, one.data_dir + "/work") == [], "in the files of the dump"
        good.succeed()
        bad.fail()
        for path in (
            f"/_malachite/migrations/{migration_id}",
            "/_malachite/migrations",
            "/metrics",
            "/_malachite/routes",
        ):
            one.arm.request("GET", path, status=200)
        one.restart("--log-level", "debug")
        good.get()
    finally:
        snoop.end()
        postgres_source.execute("DROP ROLE secretive")
    assert snoop.found == set()
    assert snoop.seen & {"pg_dump", "pg_restore"}, "no child was seen: the test does not test"
    one.stop()
    assert files_with(secrets.values(), one.data_dir) == []
    assert files_with([secret for use, secret in secrets.items() if use != "query"], one.home) == []
    assert postgres_source.log_text().count(secrets["attached"]) == 0


def test_tokens_and_cookies_are_not_logged(own):
    one = own("--log-level", "debug")
    secret = new_secret()
    one.arm.request("GET", one.arm.subscription, headers={"Authorization": f"Bearer {secret}"})
    one.arm.request("GET", one.arm.subscription, headers={"Authorization": f"Basic {secret}", "Cookie": secret})
    time.sleep(0.2)
    assert secret not in one.log_text()


def test_sealed_secrets_can_be_used_after_a_restart(own, database, postgres_source, postgres_target):
    one = own()
    source, target = one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target)
    name = load_shop(postgres_source, database(), rows=1)
    migration = one.arm.put_migration(source, target, [name], startDataMigration="False")
    migration.wait("WaitingForDataMigrationScheduling")
    one.restart()
    migration.patch(startDataMigration="True")
    migration.succeed()
