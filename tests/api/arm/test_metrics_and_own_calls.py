"""Malachite's own calls, below /_malachite/."""

import pytest

from arm import details_of
from malachite import run_command
from samples import SHOP_TABLES, load_shop


def test_health_and_ready_need_no_api_version(arm):
    for path in ("/_malachite/health", "/_malachite/ready"):
        body = arm.request("GET", path, api_version="", status=200).json()
        assert body["status"] in ("ok", "ready")


def test_the_routes_are_those_of_the_command(arm):
    text = arm.request("GET", "/_malachite/routes", api_version="", status=200).text
    printed = run_command("routes").stdout
    for word in ("Migrations_Create", "/metrics"):
        assert word in text and word in printed


def test_a_migration_shows_its_history_and_its_tables(arm, attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=100)
    body = attached.put([name]).succeed()
    migration_id = body["properties"]["migrationId"]
    own = arm.request("GET", f"/_malachite/migrations/{migration_id}", params={"database": name}, status=200).json()
    assert own["migrationId"] == migration_id and own["state"] == "Succeeded" and own["id"] == body["id"]
    substates = [event["substate"] for event in own["events"]]
    order = ["PerformingPreRequisiteSteps", "MigratingData", "CompletingMigration", "Completed"]
    assert [substate for at, substate in enumerate(substates) if at == 0 or substates[at - 1] != substate] == order
    assert [event["at"] for event in own["events"]] == sorted(event["at"] for event in own["events"])
    assert all(event["text"] for event in own["events"])
    [database_row] = own["databases"]
    assert database_row["tablesCompleted"] == SHOP_TABLES == details_of(body, name)["fullLoadCompletedTables"]
    tables = {f"{table['schema']}.{table['name']}": table for table in own["tables"]}
    assert tables["sales.customer"]["rowsCopied"] == 100 and tables["sales.orders"]["rowsCopied"] == 200
    assert tables["public.empty_table"]["rowsCopied"] == 0
    assert all(table["state"] == "Completed" and table["endedAt"] >= table["startedAt"] for table in tables.values())
    assert database_row["rowsCopied"] == sum(table["rowsCopied"] for table in tables.values())


def test_the_newest_migrations_of_all_targets_are_listed(arm, attached):
    migration = attached.put(None)
    newest = arm.request("GET", "/_malachite/migrations", params={"limit": 1}, status=200).json()["value"]
    assert [item["name"] for item in newest] == [migration.name]
    migration.cancel()


@pytest.mark.parametrize(
    "path",
    ["/_malachite/migrations/x", "/_malachite/nothing", "/_malachite/migrations/11111111-1111-4111-8111-111111111111"],
)
def test_missing_resources_are_404(arm, path):
    arm.error("GET", path, 404)


def test_a_bad_limit_is_refused(arm):
    for limit in ("0", "x", "1001", "-1"):
        arm.error("GET", "/_malachite/migrations", 400, params={"limit": limit})
