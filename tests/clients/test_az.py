"""Debian's Azure CLI: signed in by metadata discovery; its migration commands, which have management.azure.com
hard-coded, through a CONNECT proxy."""

import json
import os
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from arm import patience, wait_until
from conftest import client_settings
from connect_proxy import ConnectProxy
from malachite import environment

GROUP = "azgroup"
LOCATION = "eastus"
TARGET = "az-target"
PASSWORD = "Az1-Sekr3t-Passwort"


class Az:
    def __init__(self, malachite, folder, proxy):
        settings = client_settings(malachite, "az")
        # The isolated configuration that `malachite env az` suggests lies in HOME.
        settings["AZURE_CONFIG_DIR"] = str(folder / "azure")
        self.settings = {
            **settings,
            "HTTPS_PROXY": proxy.url,
            "NO_PROXY": "127.0.0.1,localhost",
            "AZURE_CORE_NO_COLOR": "true",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        }

    def run(self, *words, timeout=120):
        done = subprocess.run(
            ["az", *map(str, words), "-o", "json"],
            env=environment(**self.settings),
            text=True,
            capture_output=True,
            timeout=patience(timeout),
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return done

    def __call__(self, *words, **options):
        done = self.run(*words, **options)
        assert done.returncode == 0, f"az {' '.join(map(str, words))}: {done.stderr}{done.stdout}"
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="module")
def az(strict, tmp_path_factory):
    if not shutil.which("az"):
        pytest.skip("az is not installed: make test-az does that")
    url = strict.endpoints["https"]
    place = urlsplit(url)
    with ConnectProxy(place.hostname, place.port) as proxy:
        one = Az(strict, tmp_path_factory.mktemp("az"), proxy)
        os.makedirs(one.settings["AZURE_CONFIG_DIR"], exist_ok=True)
        one("cloud", "register", "-n", "Malachite", "--endpoint-resource-manager", url)
        one("cloud", "set", "-n", "Malachite")
        wrong = one.run(
            "login",
            "--service-principal",
            "-u",
            strict.endpoints["clientId"],
            "-p",
            "wrong",
            "--tenant",
            strict.endpoints["tenantId"],
        )
        assert wrong.returncode != 0 and "AADSTS7000215" in wrong.stderr, wrong.stderr
        [account] = one(
            "login",
            "--service-principal",
            "-u",
            strict.endpoints["clientId"],
            "-p",
            strict.client_secret,
            "--tenant",
            strict.endpoints["tenantId"],
        )
        assert account["id"] == strict.endpoints["subscriptionId"]
        one("group", "create", "-n", GROUP, "-l", LOCATION)
        one.proxy = proxy
        yield one


@pytest.fixture(scope="module")
def servers(az, strict):
    """A single server as source, with one database, and a flexible server made by az as target."""
    strict.arm.group = GROUP
    source = strict.provision("az-source", kind="servers", password=PASSWORD)
    source.postgres.execute("CREATE DATABASE shop")
    source.postgres.execute("CREATE TABLE item AS SELECT i AS a FROM generate_series(1, 500) AS i", dbname="shop")
    az(
        "postgres",
        "flexible-server",
        "create",
        "-g",
        GROUP,
        "-n",
        TARGET,
        "-l",
        LOCATION,
        "-u",
        "azadmin",
        "-p",
        PASSWORD,
        "--version",
        "15",
        "--public-access",
        "none",
        "--yes",
        timeout=200,
    )
    return source


def test_the_server_is_shown_and_listed(az, servers):
    shown = az("postgres", "flexible-server", "show", "-g", GROUP, "-n", TARGET)
    assert (shown["name"], shown["state"], shown["version"]) == (TARGET, "Ready", "15")
    assert [item["name"] for item in az("postgres", "flexible-server", "list", "-g", GROUP)] == [TARGET]


def test_databases_are_created_and_listed(az, servers):
    az("postgres", "flexible-server", "db", "create", "-g", GROUP, "-s", TARGET, "-d", "made")
    listed = az("postgres", "flexible-server", "db", "list", "-g", GROUP, "-s", TARGET)
    assert "made" in [item["name"] for item in listed]


def test_an_offline_migration_succeeds(az, servers, tmp_path):
    where = ["-g", GROUP, "-n", TARGET]
    name = ["--migration-name", "azmigration"]
    properties = tmp_path / "migration.json"
    properties.write_text(
        json.dumps(
            {
                "properties": {
                    "SourceDBServerResourceId": servers.id,
                    "SecretParameters": {
                        "AdminCredentials": {"SourceServerPassword": PASSWORD, "TargetServerPassword": PASSWORD}
                    },
                    "DBsToMigrate": ["shop"],
                    "SetupLogicalReplicationOnSourceDBIfNeeded": "true",
                    "OverwriteDBsInTarget": "true",
                }
            }
        )
    )
    migration = ["postgres", "flexible-server", "migration"]
    assert az(*migration, "check-name-availability", *where, *name)["nameAvailable"] is True
    created = az(*migration, "create", *where, *name, "--properties", properties)
    assert created["properties"]["dBsToMigrate"] == ["shop"]

    def ended():
        shown = az(*migration, "show", *where, *name)["properties"]["currentStatus"]
        assert shown["state"] != "Failed", shown
        return shown["state"] == "Succeeded"

    wait_until(ended, 120, "the end of the migration")
    listed = az(*migration, "list", *where, "--filter", "All")
    assert [item["name"] for item in listed["value"]] == ["azmigration"]
    assert az(*migration, "check-name-availability", *where, *name)["nameAvailable"] is False
    assert "management.azure.com:443" in az.proxy.asked


def test_a_migration_that_waits_is_updated_and_canceled(az, servers, tmp_path):
    where = ["-g", GROUP, "-n", TARGET, "--migration-name", "azwaits"]
    properties = tmp_path / "migration.json"
    properties.write_text(
        json.dumps(
            {
                "properties": {
                    "SourceDBServerResourceId": servers.id,
                    "SecretParameters": {
                        "AdminCredentials": {"SourceServerPassword": PASSWORD, "TargetServerPassword": PASSWORD}
                    },
                    "OverwriteDBsInTarget": "true",
                }
            }
        )
    )
    migration = ["postgres", "flexible-server", "migration"]
    az(*migration, "create", *where, "--properties", properties)
    az(*migration, "update", *where, "--db-names", "shop")
    wait_until(
        lambda: az(*migration, "show", *where)["properties"]["currentStatus"]["state"] == "Succeeded",
        120,
        "the end of the migration",
    )
    az(*migration, "create", "-g", GROUP, "-n", TARGET, "--migration-name", "azcancel", "--properties", properties)
    az(*migration, "update", "-g", GROUP, "-n", TARGET, "--migration-name", "azcancel", "--cancel")
    wait_until(
        lambda: az(*migration, "show", "-g", GROUP, "-n", TARGET, "--migration-name", "azcancel")["properties"][
            "currentStatus"
        ]["state"]
        == "Canceled",
        120,
        "the end of the migration",
    )


def test_the_group_is_deleted(az, servers):
    az("group", "delete", "-n", GROUP, "--yes", timeout=200)
    assert az("group", "exists", "-n", GROUP) is False
