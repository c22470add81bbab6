"""Starting, stopping, and the command line."""

import json
import os
import signal
import socket
import stat
import subprocess
import time

import psycopg2
import pytest
import requests
from psycopg2.extensions import make_dsn

from arm import patience, wait_until
from invariants import SUBSTATES
from malachite import Malachite, binary, environment, run_command
from samples import load_slow

USAGE = 2
OPTIONS = (
    "listen",
    "http-port",
    "https-port",
    "data-dir",
    "endpoints-file",
    "postgres-dir",
    "server-ports",
    "subscription-id",
    "tenant-id",
    "workers",
    "jobs",
    "strict-api-version",
    "log-format",
)


def test_the_endpoints_file_contains_the_addresses(malachite):
    endpoints = malachite.endpoints
    assert {"http", "https", "ca", "subscriptionId", "tenantId"} <= set(endpoints)
    assert endpoints["http"].startswith("http://127.0.0.1:")
    assert endpoints["https"].startswith("https://")
    assert "BEGIN CERTIFICATE" in open(endpoints["ca"]).read()
    assert requests.get(endpoints["http"].rstrip("/") + "/_malachite/ready", timeout=10).status_code == 200


def test_standard_output_has_the_line_ready_once(malachite):
    assert malachite.output_text().splitlines().count("Ready.") == 1


def test_it_listens_on_the_loopback_address_only(malachite):
    host, port = malachite.endpoints["http"].rstrip("/").rsplit("/", 1)[1].rsplit(":", 1)
    with open("/proc/net/tcp") as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert [entry[:8] for entry in listening if int(entry[9:], 16) == int(port)] == ["0100007F"], host


def test_files_with_secrets_are_closed_to_others(malachite):
    for directory, _, names in os.walk(malachite.data_dir):
        if "/instances/" in directory or "/templates" in directory:
            continue
        for name in names:
            mode = os.lstat(os.path.join(directory, name)).st_mode
            if name.endswith(("key", ".db", ".sqlite", ".sqlite3")) or "key" in name:
                assert stat.S_IMODE(mode) & 0o077 == 0, f"{name}: {oct(mode)}"


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(own, stop_signal):
    own().stop(stop_signal)


def test_a_signal_while_connections_are_open_ends_it_cleanly(own):
    one = own()
    host, port = one.endpoints["http"].rstrip("/").rsplit("/", 1)[1].rsplit(":", 1)
    idle = socket.create_connection((host, int(port)))
    half = socket.create_connection((host, int(port)))
    half.sendall(b"GET /_malachite/health HTTP/1.1\r\nHo")
    one.stop()
    idle.close()
    half.close()


def test_a_signal_while_a_migration_runs_ends_it_within_five_seconds(own_pair, database, postgres_source):
    pair = own_pair()
    migration = pair.put([load_slow(postgres_source, database(), 20)])
    migration.wait("MigratingData")
    wait_until(lambda: pair.malachite.children() or migration.get(), 1)
    pair.malachite.stop()


@pytest.fixture(scope="module")
def lasting():
    """A Malachite with one provisioned server, which these tests stop, kill and start again."""
    with Malachite() as one:
        yield one, one.provision("pg1")


def wait_until_ready(one, server):
    wait_until(lambda: one.arm.get(server.id)["properties"]["state"] == "Ready", 30, "the server to be Ready")


def test_a_signal_ends_provisioned_servers_too(lasting):
    one, server = lasting
    connection = server.postgres.connect()
    one.stop()
    assert not one.postmasters()
    connection.close()
    one.start()
    wait_until_ready(one, server)


def test_everything_survives_a_restart(lasting):
    one, server = lasting
    server.postgres.execute("CREATE TABLE kept AS SELECT 1 AS a")
    before = one.arm.get(server.id)
    one.restart()
    wait_until_ready(one, server)
    assert one.arm.get(server.id) == before
    assert server.postgres.value("SELECT a FROM kept") == 1
    assert one.arm.get(one.arm.group_id("rg"))["location"] == "eastus"


def test_it_is_ready_when_its_servers_are(lasting):
    one, server = lasting
    one.restart()
    wait_until(lambda: requests.get(one.arm.endpoint + "/_malachite/ready", timeout=10).status_code == 200, 30)
    assert one.arm.get(server.id)["properties"]["state"] == "Ready"
    assert server.postgres.value("SELECT 1") == 1


def test_servers_that_survived_a_crash_are_adopted_without_a_restart(lasting):
    one, server = lasting
    connection = server.postgres.connect()
    before = one.postmasters()
    assert set(before) == {"pg1"}
    one.kill()
    one.start()
    wait_until_ready(one, server)
    assert one.postmasters() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


def test_crashed_servers_are_restarted(lasting):
    one, server = lasting
    pid = one.postmasters()["pg1"]
    one.kill()
    os.kill(pid, signal.SIGKILL)
    one.start()
    wait_until_ready(one, server)
    assert server.postgres.value("SELECT 1") == 1


def test_a_second_process_on_the_same_data_directory_is_refused(malachite):
    done = run_command("serve", "--data-dir", malachite.data_dir, "--http-port", 0, "--https-port", 0)
    assert done.returncode not in (0, USAGE) and done.returncode > 0
    assert malachite.data_dir in done.stderr
    assert "Ready." not in done.stdout
    malachite.arm.get(malachite.arm.subscription)


def test_a_port_that_is_taken_is_named(malachite, tmp_path):
    port = malachite.endpoints["http"].rstrip("/").rsplit(":", 1)[1]
    done = run_command("serve", "--data-dir", tmp_path / "d", "--http-port", port, "--https-port", 0)
    assert done.returncode > 2
    assert port in done.stderr


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = run_command("serve", "--data-dir", tmp_path / "file" / "d", "--http-port", 0, "--https-port", 0)
    assert done.returncode > 2
    assert str(tmp_path / "file") in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--no-such-option", "1"],
        ["--http-port"],
        ["--http-port", "x"],
        ["--http-port", "65536"],
        ["--http-port=-1"],
        ["--workers", "0"],
        ["--workers", "65"],
        ["--jobs", "1.5"],
        ["--subscription-id", "not-a-uuid"],
        ["--log-level", "loud"],
        ["--log-format", "xml"],
        ["--strict-api-version=maybe"],
        ["stray"],
        ["-p", "1"],
    ],
)
def test_a_bad_option_is_a_usage_error(words, tmp_path):
    done = run_command("serve", "--data-dir", tmp_path / "d", *words)
    assert done.returncode == USAGE, done.stderr
    assert words[0].split("=")[0].lstrip("-") in done.stderr
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("name, value", [("HTTP_PORT", "x"), ("LOG_FORMAT", "xml"), ("STRICT_PREREQUISITES", "2")])
def test_a_bad_environment_variable_is_a_usage_error(name, value, tmp_path):
    done = run_command("serve", "--data-dir", tmp_path / "d", **{"MALACHITE_" + name: value})
    assert done.returncode == USAGE
    assert "MALACHITE_" + name in done.stderr


def test_a_flag_wins_over_the_environment(own):
    one = own(
        "--subscription-id",
        "11111111-1111-4111-8111-111111111111",
        MALACHITE_SUBSCRIPTION_ID="22222222-2222-4222-8222-222222222222",
        MALACHITE_TENANT_ID="33333333-3333-4333-8333-333333333333",
    )
    assert one.endpoints["subscriptionId"] == "11111111-1111-4111-8111-111111111111"
    assert one.endpoints["tenantId"] == "33333333-3333-4333-8333-333333333333"


@pytest.mark.parametrize("words", [["help"], ["--help"], ["serve", "--help"]])
def test_help_lists_every_option(words):
    done = run_command(*words)
    assert done.returncode == 0
    assert all(f"--{option}" in done.stdout for option in OPTIONS)


def test_version_is_printed():
    for words in (["version"], ["--version"]):
        done = run_command(*words)
        assert done.returncode == 0 and done.stdout.startswith("malachite "), words


@pytest.mark.parametrize("words", [["no-such-command"], []])
def test_an_unknown_command_is_a_usage_error(words):
    done = run_command(*words)
    assert done.returncode == USAGE
    assert "help" in done.stderr + done.stdout


def test_the_substate_table_prints_itself():
    done = run_command("fsm")
    assert done.returncode == 0
    for substates in SUBSTATES.values():
        assert all(substate in done.stdout for substate in substates)


def test_the_route_table_prints_itself():
    done = run_command("routes")
    assert done.returncode == 0
    assert "Migrations_Create" in done.stdout and "/flexibleServers/{" in done.stdout


def test_healthcheck_reports_whether_it_serves(own):
    one = own()
    port = one.endpoints["http"].rstrip("/").rsplit(":", 1)[1]
    assert run_command("healthcheck", "--http-port", port).returncode == 0
    one.stop()
    done = run_command("healthcheck", "--http-port", port)
    assert done.returncode not in (0, USAGE) and done.returncode > 0


def test_json_logs_are_json(own):
    one = own("--log-format", "json")
    one.arm.get(one.arm.subscription)
    one.stop()
    lines = [json.loads(line) for line in one.log_text().splitlines()]
    assert any("/subscriptions" in json.dumps(line) for line in lines)


def test_each_request_is_one_line_with_its_id(own):
    one = own()
    response = one.arm.request("GET", one.arm.subscription)
    request_id = response.headers["x-ms-request-id"]
    wait_until(lambda: request_id in one.log_text(), 5, "the log line")
    [line] = [line for line in one.log_text().splitlines() if request_id in line]
    assert "GET" in line and "200" in line


def test_servers_have_addresses_of_their_own_with_the_standard_port():
    with Malachite(ports=False) as one:
        first, second = (one.provision(name) for name in ("one", "two"))
        hosts = [server.postgres.host for server in (first, second)]
        assert len(set(hosts)) == 2 and all(host.startswith("127.74.") for host in hosts)
        for server, host in zip((first, second), hosts):
            connection = psycopg2.connect(
                make_dsn(host=host, port=5432, user=server.login, dbname="postgres", password=server.password)
            )
            connection.close()


def test_starting_again_is_quick(own):
    one = own()
    one.stop()
    began = time.monotonic()
    one.start()
    assert time.monotonic() - began < patience(2)


def test_it_needs_no_home_directory(tmp_path):
    kept = {key: value for key, value in environment().items() if key not in ("HOME", "XDG_STATE_HOME")}
    done = subprocess.run([binary(), "version"], env=kept, capture_output=True, timeout=patience(10), check=False)
    assert done.returncode == 0
