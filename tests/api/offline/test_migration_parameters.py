"""The target's parameters azure.migration_* leave out of a migration what its administrator does not want."""

import pytest
from arm import details_of

SKIPS = ("azure.migration_skip_analyze", "azure.migration_skip_large_objects", "azure.migration_skip_extensions")


def set_skips(arm, server, value):
    for name in SKIPS:
        path = f"{server.id}/configurations/{name}"
        arm.wait_operation(arm.request("PATCH", path, {"properties": {"value": value}}, status=202))


@pytest.fixture
def skipping(arm, attached):
    set_skips(arm, attached.target, "on")
    yield attached
    set_skips(arm, attached.target, "off")


def left_on(server, name):
    count = "SELECT count(*) FROM "
    return {
        "rows": server.postgres.value(count + "items", dbname=name),
        "large objects": server.postgres.value(count + "pg_largeobject_metadata", dbname=name),
        "extensions": server.postgres.value(count + "pg_extension WHERE extname = 'hstore'", dbname=name),
        "statistics": server.postgres.value(count + "pg_stats WHERE tablename = 'items'", dbname=name) > 0,
    }


def test_objects_skipped_by_parameters_are_reported(skipping, database):
    name = database("skips")
    source = skipping.source.postgres
    source.create_database(name)
    source.execute(
        "CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'ours'; CREATE TABLE items (id int PRIMARY KEY);"
        " INSERT INTO items SELECT generate_series(1, 1000); SELECT lo_from_bytea(0, 'large')",
        dbname=name,
    )
    migration = skipping.put([name])
    migration.succeed()
    assert left_on(skipping.target, name) == {"rows": 1000, "large objects": 0, "extensions": 0, "statistics": False}
    message = details_of(migration.get(), name)["message"]
    assert all(parameter in message for parameter in SKIPS), message
    set_skips(skipping.arm, skipping.target, "off")
    skipping.put([name], overwriteDbsInTarget="True").succeed()
    assert left_on(skipping.target, name) == {"rows": 1000, "large objects": 1, "extensions": 1, "statistics": True}
