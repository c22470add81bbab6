"""Malachite's own calls: /_malachite/ and /metrics."""

import re

import pytest

from arm import details_of
from malachite import run_command
from samples import SHOP_TABLES, load_shop

SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*)\})? (-?[0-9.]+(?:e[+-]?\d+)?)')


def metrics(arm):
    """{name{labels}: value}, after a look at the whole syntax."""
    response = arm.request("GET", "/metrics", status=200)
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert response.text.endswith("\n")
    values, types = {}, {}
    for line in response.text.splitlines():
        if line.startswith("# "):
            kind, name, text = line[2:].split(" ", 2)
            assert kind in ("HELP", "TYPE") and text
            if kind == "TYPE":
                assert text in ("counter", "gauge", "histogram", "summary") and name not in types
                types[name] = text
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        name, labels, value = found.groups()
        assert name in types, f"{name} has no TYPE before it"
        key = f"{name}{{{labels}}}" if labels else name
        assert key not in values, f"{key} is there twice"
        values[key] = float(value)
    return values


def test_metrics_are_in_the_format_of_prometheus(arm):
    values = metrics(arm)
    assert values["malachite_http_requests_total"] > 0 and values["malachite_http_server_errors_total"] == 0
    assert any(name.startswith("malachite_build_info{") for name in values)
    assert values["process_resident_memory_bytes"] > 1e6


def test_metrics_count_requests_and_migrations(arm, attached, database, postgres_source):
    before = metrics(arm)
    attached.put([load_shop(postgres_source, database(), rows=100)]).succeed()
    after = metrics(arm)
    succeeded = 'malachite_migrations{state="Succeeded"}'
    assert after[succeeded] >= before[succeeded] + 1
    assert after["malachite_http_requests_total"] > before["malachite_http_requests_total"] + 1
    assert after["malachite_rows_copied"] >= before["malachite_rows_copied"] + 100
    assert after["malachite_bytes_copied"] > before["malachite_bytes_copied"]


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
