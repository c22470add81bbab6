"""The servers behind a test of the portal, worked by lines of JSON: {"do": METHOD, "with": {ARGUMENTS}} -> {"ok": RESULT}.

Started by world.mjs. Everything ends when its standard input does.
"""

import json
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from arm import TERMINAL, state_of, substate_of, wait_until  # noqa: E402
from malachite import Malachite  # noqa: E402
from postgres import Postgres  # noqa: E402


class World:
    def __init__(self):
        self.malachite = None
        self.servers = {}
        self.postgres = []

    def start(self, options=(), register=True):
        self.malachite = Malachite(*options).start()
        if register:
            self.register()
        return {
            "url": self.malachite.arm.endpoint,
            "subscription": self.malachite.endpoints["subscriptionId"],
            "clientId": self.malachite.endpoints["clientId"],
            "tenantId": self.malachite.endpoints["tenantId"],
        }

    def register(self):
        """The provider that the portal's api-version needs."""
        self.malachite.arm.request(
            "POST", f"{self.malachite.arm.subscription}/providers/Microsoft.DataMigration/register", status=200
        )

    def attach(self, name, kind="servers", conf=None):
        postgres = Postgres(conf=conf).start()
        self.postgres.append(postgres)
        self.servers[name] = self.malachite.attach(name, postgres, kind=kind)
        return self.address(name)

    def provision(self, name, kind="flexibleServers"):
        self.servers[name] = self.malachite.provision(name, kind=kind)
        return self.address(name)

    def address(self, name):
        server = self.servers[name]
        return {
            "id": server.id,
            "login": server.login,
            "password": server.password,
            "host": server.postgres.host,
            "port": server.postgres.port,
        }

    def put_server(self, name, location="eastus", **properties):
        """One more flexible server, of the given properties, before the PostgreSQL of the first one."""
        server = next(iter(self.servers.values()))
        body = self.malachite.arm.server_body(
            server.login, server.password, None, (server.postgres.host, server.postgres.port), **properties
        )
        body["location"] = location
        self.malachite.arm.put_and_wait(self.malachite.arm.server_id(name), body)

    def put(self, path, body, version=None):
        """Any resource below the subscription that is there at once."""
        arm = self.malachite.arm
        arm.request("PUT", arm.subscription + path, body, api_version=version, status=(200, 201))
        return arm.subscription + path

    def patch_server(self, name, **properties):
        arm = self.malachite.arm
        arm.wait_operation(arm.request("PATCH", self.servers[name].id, {"properties": properties}, status=202))

    def set_parameter(self, name, parameter, value):
        """On a provisioned server, which is restarted for it."""
        self.servers[name].postgres.execute(f"ALTER SYSTEM SET {parameter} = '{value}'")
        arm = self.malachite.arm
        arm.wait_operation(arm.request("POST", self.servers[name].id + "/restart", {}, status=202))

    def restart(self, name):
        """An attached server, as its owner would."""
        self.servers[name].postgres.restart()

    def create_database(self, server, name, sql=""):
        self.servers[server].postgres.create_database(name)
        if sql:
            self.sql(server, name, sql)

    def sql(self, server, database, sql):
        return self.servers[server].postgres.query(sql, dbname=database)

    def put_migration(self, source, target, name, databases, **properties):
        migration = self.malachite.arm.put_migration(
            self.servers[source], self.servers[target], databases, name=name, **properties
        )
        return migration.path

    def wait(self, path, until=None, timeout=60):
        """Until the migration is in this state or substate, by default until it has ended."""

        def reached():
            body = self.malachite.arm.get(path)
            found = ({until} if until else TERMINAL) & {state_of(body), substate_of(body)}
            assert found or state_of(body) not in TERMINAL, body["properties"]["currentStatus"]
            return body if found else None

        return wait_until(reached, timeout, f"{until or 'the end'} of {path}")

    def get(self, path, version=None):
        return self.malachite.arm.get(path, **({"api_version": version} if version is not None else {}))

    def patch(self, path, **properties):
        return self.malachite.arm.request("PATCH", path, {"properties": properties}, status=200).json()

    def requests(self, **query):
        return self.malachite.arm.get("/_malachite/requests", api_version="", params=query)["value"]

    def kill(self):
        self.malachite.kill()

    def again(self):
        """Starts it again at the same address."""
        port = self.malachite.arm.endpoint.rsplit(":", 1)[1]
        self.malachite.start("--http-port", port)

    def close(self):
        if self.malachite:
            self.malachite.close()
        for postgres in self.postgres:
            postgres.close()


def main():
    world = World()
    try:
        for line in sys.stdin:
            command = json.loads(line)
            try:
                answer = {"ok": getattr(world, command["do"])(**command.get("with", {}))}
            except Exception:  # pylint: disable=broad-except
                answer = {"error": traceback.format_exc()}
            print(json.dumps(answer, default=str), flush=True)
    finally:
        world.close()


main()
