"""Two servers in the test's own subscription, the old one with a database."""

import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
pytest_plugins = ["malachite_testing"]

LOGIN, PASSWORD = "boss", "Secret-1234"


class Shop:
    """What the examples need: ids, and a PUT of a migration."""

    def __init__(self, malachite):
        self.malachite = malachite
        self.servers = "/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers"
        self.credentials = {"sourceServerPassword": PASSWORD, "targetServerPassword": PASSWORD}

    def put_server(self, name):
        properties = {"administratorLogin": LOGIN, "administratorLoginPassword": PASSWORD}
        sku = {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"}
        body = {"location": "eastus", "sku": sku, "properties": properties}
        self.malachite.arm("PUT", f"{self.servers}/{name}", body)
        deadline = time.monotonic() + 60
        while True:
            found = self.malachite.arm("GET", f"{self.servers}/{name}")["properties"]
            if found["state"] == "Ready":
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.1)

    def sql(self, server, database, text):
        address = f"host={server['fullyQualifiedDomainName']} port={server.get('port', 5432)} user={LOGIN} password={PASSWORD}"
        subprocess.run(["psql", "-qX", f"{address} dbname={database}", "-c", text], check=True, timeout=60)

    def put_migration(self, name, **properties):
        source = f"/subscriptions/{self.malachite.subscription}{self.servers}/old"
        body = {"sourceDbServerResourceId": source, "dbsToMigrate": ["shop"], "migrationMode": "Offline", **properties}
        body["secretParameters"] = {"adminCredentials": self.credentials}
        path = f"{self.servers}/new/migrations/{name}"
        return self.malachite.arm("PUT", path, {"location": "eastus", "properties": body})


@pytest.fixture
def shop(malachite):
    made = Shop(malachite)
    malachite.arm("PUT", "/resourceGroups/rg", {"location": "eastus"})
    old = made.put_server("old")
    made.put_server("new")
    made.sql(old, "postgres", "CREATE DATABASE shop")
    made.sql(old, "shop", "CREATE TABLE orders AS SELECT id, now() AS at FROM generate_series(1, 2000) AS id")
    return made
