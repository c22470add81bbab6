"""/metrics: what Prometheus reads, and the dashboard that shows it."""

import contextlib
import json
import re
import shutil
import subprocess

import pytest
from arm import unique, wait_until
from malachite import ROOT
from metrics import PARTS, metrics_of
from online import cut_over, put_online, reach_wait
from samples import drop, load, load_shop

DASHBOARD = ROOT / "docker/examples/grafana-dashboard.json"
DURATION = "malachite_http_request_duration_seconds"


def test_metrics_are_in_the_format_of_prometheus(arm):
    metrics = metrics_of(arm)
    assert metrics["malachite_http_requests_total"] > 0 and metrics["malachite_http_server_errors_total"] == 0
    assert metrics.named("malachite_build_info") and metrics["process_resident_memory_bytes"] > 1e6


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing: apt-get install prometheus")
def test_promtool_accepts_the_metrics(arm):
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics_of(arm).text, text=True, capture_output=True)
    assert done.returncode == 0 and not done.stderr + done.stdout, done.stderr + done.stdout


def test_metrics_count_requests_and_migrations(arm, attached, database, postgres_source):
    before = metrics_of(arm)
    attached.put([load_shop(postgres_source, database(), rows=100)]).succeed()
    after = metrics_of(arm)

    def more(*key):
        return after.get(*key) - before.get(*key)

    assert more("malachite_migrations", "state", "Succeeded") >= 1
    assert more("malachite_http_requests_total") > 1
    assert more("malachite_rows_copied") >= 100 and more("malachite_bytes_copied") > 0
    assert more("malachite_copied_bytes_total") >= more("malachite_bytes_copied")
    for substate in ("PerformingPreRequisiteSteps", "MigratingData", "CompletingMigration"):
        assert more("malachite_migration_substate_seconds_count", "substate", substate) >= 1
    assert 0 < more("malachite_migration_substate_seconds_sum", "substate", "MigratingData") < 60
    assert more(f"{DURATION}_count", "operation", "Migrations_Create", "status", "2xx") == 1
    assert 0 < more(f"{DURATION}_sum", "operation", "Migrations_Create", "status", "2xx") < 60


def test_every_metric_is_explained(arm):
    page = (ROOT / "docs/metrics.md").read_text()
    assert set(re.findall(r"`((?:malachite|process)_[a-z_]+)`", page)) == set(metrics_of(arm).types)


def test_paths_that_a_client_makes_up_are_one_series(arm):
    metrics_of(arm)  # its own series comes after its first answer
    before = metrics_of(arm)
    for n in range(30):
        arm.request("GET", f"{arm.subscription}/none-{n}", status=404)
        arm.request("GET", f"{arm.group_id(f'none-{n}')}", status=404)
    after = metrics_of(arm)
    grown = {
        key for key, value in after.named(f"{DURATION}_count").items() if value > before.get(f"{DURATION}_count", *key)
    }
    assert grown == {
        ("operation", operation, "status", status)
        for operation, status in (("unmatched", "4xx"), ("ResourceGroups_Get", "4xx"), ("Metrics", "2xx"))
    }


def test_lag_is_shown_while_a_database_is_followed(arm, attached, postgres_source, postgres_target):
    name = unique('a"quoted\\n')
    try:
        load_shop(postgres_source, name, rows=50)
        migration = put_online(attached, [name])
        body = reach_wait(migration)
        labels = ("database", name, "migration", body["properties"]["migrationId"])

        def lag():
            return metrics_of(arm).named("malachite_replication_lag_bytes").get(labels)

        assert lag() is not None
        with contextlib.closing(postgres_target.connect(name)) as blocker:
            blocker.autocommit = False
            blocker.cursor().execute("LOCK TABLE sales.customer")
            postgres_source.execute("UPDATE sales.customer SET name = name || '!'", dbname=name)
            wait_until(lambda: lag() > 0, 30, "a lag")
        wait_until(lambda: lag() == 0, 30, "the end of the lag")
        cut_over(migration)
        assert lag() is None
    finally:
        for postgres in (postgres_source, postgres_target):
            drop(postgres, name)


def expressions(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "expr":
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def test_the_dashboard_asks_for_metrics_and_labels_that_exist(arm, attached, database, postgres_source, tmp_path):
    attached.put([load(postgres_source, database(), "CREATE TABLE t (a int)")]).succeed()
    metrics = metrics_of(arm)
    dashboard = json.loads(DASHBOARD.read_text())
    queries = list(expressions(dashboard))
    used = {name for query in queries for name in re.findall(r"\b(?:malachite|process)_[a-z_]+", query)}
    plain = {
        next((name[: -len(part)] for part in PARTS if name.endswith(part) and name not in metrics.types), name)
        for name in used
    }
    assert plain <= set(metrics.types), plain - set(metrics.types)
    assert {
        f"malachite_{name}"
        for name in (
            "http_request_duration_seconds",
            "migration_substate_seconds",
            "copied_bytes_total",
            "replication_lag_bytes",
            "lease_lost_total",
        )
    } <= plain
    known = {key[at] for key in metrics.samples for at in range(1, len(key), 2)} | {"migration", "database"}
    grouped = {
        label for query in queries for label in re.findall(r"[a-z_]+", " ".join(re.findall(r"by \(([^)]*)\)", query)))
    }
    matched = {label for query in queries for label in re.findall(r"[{,]\s*([a-z_]+)\s*[=!]", query)}
    assert grouped | matched <= known | {"job", "instance"}, grouped | matched
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) and all(panel["title"] for panel in dashboard["panels"])
    if shutil.which("promtool"):
        rules = [
            {"record": f"r{n}", "expr": query.replace("$__rate_interval", "5m").replace("$instance", "x")}
            for n, query in enumerate(queries)
        ]
        file = tmp_path / "rules.json"  # JSON is YAML
        file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
        done = subprocess.run(["promtool", "check", "rules", file], text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
