"""The tag malachite.cloneOf: a new server that begins with the data of another one."""

import psycopg2
import pytest

from arm import Server, new_secret
from malachite import Malachite, ProvisionedPostgres
from samples import load_shop

CLONE = "malachite.cloneOf"


@pytest.fixture(name="malachite", scope="module")
def fixture_malachite():
    with Malachite() as running:
        yield running


def body_of(arm, original, login="pgadmin", password=None, version=None, **tags):
    body = arm.server_body(login, password or new_secret(), version)
    body["tags"] = {CLONE: original, **tags}
    return body


def clone(malachite, name, original, login="pgadmin"):
    password = new_secret()
    path = malachite.arm.server_id(name)
    malachite.arm.put_and_wait(path, body_of(malachite.arm, original, login, password))
    server = Server(path, name, "flexibleServers", login, password)
    server.postgres = ProvisionedPostgres(malachite, server)
    return server


def connect(server, user, password, database="postgres"):
    return psycopg2.connect(
        host=server.postgres.host, port=server.postgres.port, user=user, password=password, dbname=database
    )


def test_clone_has_the_rows_its_own_address_and_its_own_password_and_no_slots(malachite):
    original = malachite.provision("golden")
    name = load_shop(original.postgres, "shop", 50)
    original.postgres.query("SELECT pg_create_physical_replication_slot('kept')")
    for login in ("pgadmin", "other"):
        copy = clone(malachite, f"copy-{login}", "GOLDEN", login)
        count = "SELECT count(*) FROM sales.orders"
        assert copy.postgres.query(count, dbname=name) == original.postgres.query(count, dbname=name)
        assert copy.postgres.port != original.postgres.port
        assert copy.postgres.query("SELECT slot_name FROM pg_replication_slots") == []
        connect(copy, login, copy.password).close()
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            connect(copy, login, original.password)
        # Both go their own ways.
        copy.postgres.execute("TRUNCATE sales.log", dbname=name)
        assert original.postgres.query("SELECT count(*) > 0 FROM sales.log", dbname=name) == [(True,)]
    connect(original, "pgadmin", original.password).close()
    assert original.postgres.query("SELECT slot_name FROM pg_replication_slots") == [("kept",)]
    migrated = malachite.arm.put_migration(copy, malachite.provision("empty"), [name])
    migrated.succeed()


def test_refused_clones_say_why(malachite, postgres_source):
    arm = malachite.arm
    path = arm.server_id("refused")
    malachite.provision("template")
    error = arm.error("PUT", path, 400, "InvalidParameterValue", json=body_of(arm, "nobody"))
    assert "'nobody'" in error["message"] and "template" in error["message"]
    assert error["target"] == "tags.malachite.cloneOf"
    error = arm.error("PUT", path, 400, "InvalidParameterValue", json=body_of(arm, "template", version="16"))
    assert "15" in error["message"]
    malachite.attach("outside", postgres_source, "servers")
    error = arm.error("PUT", path, 409, "Conflict", json=body_of(arm, "outside"))
    assert "attached" in error["message"]
    arm.error("GET", path, 404)
