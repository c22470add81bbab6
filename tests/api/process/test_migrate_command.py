"""`malachite migrate` and `malachite watch`, as a person runs them: between real servers, killed, interrupted, asked."""

import json
import os
import signal
import subprocess

import pytest
from arm import wait_until
from client_command import private_servers, uri
from compare import compare_databases
from malachite import run_command
from online import replication_of
from samples import SHOP, SLOW, load

CUTOVER = ("--online", "--cutover", "when-caught-up")


def assert_equal(source, target, name):
    assert compare_databases(source.dsn(name), target.dsn(name)) == []


def test_offline_then_a_target_that_is_not_empty(words, secrets, database, state_dir, postgres_source, postgres_target):
    name = load(postgres_source, database(), SHOP, rows=200)
    done = run_command(*words(name), timeout=60, **secrets)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Succeeded after ") and f"{name}: Succeeded, 6 tables, 803 rows" in done.stdout
    assert "\033" not in done.stderr and "100 %" in done.stderr  # plain lines for a file
    assert_equal(postgres_source, postgres_target, name)
    assert os.listdir(state_dir) == []

    refused = run_command(*words(name), timeout=60, **secrets)
    assert refused.returncode == 1 and "--overwrite replaces them" in refused.stderr
    assert refused.stdout.startswith("Canceled after ")
    postgres_source.execute("INSERT INTO empty_table VALUES (1)", dbname=name)
    evidence = state_dir + "/evidence.json"
    again = run_command(*words(name, "--overwrite", "--evidence-file", evidence), timeout=60, **secrets)
    assert again.returncode == 0, again.stderr
    assert_equal(postgres_source, postgres_target, name)
    with open(evidence) as file:
        details = json.load(file)
    assert details["state"] == "Succeeded" and len(details["tables"][name]) == 6


def test_online_shows_the_evidence_and_leaves_nothing(
    words, secrets, database, state_dir, postgres_source, postgres_target
):
    name = load(postgres_source, database(), SHOP, rows=100)
    done = run_command(*words(name, *CUTOVER), timeout=90, **secrets)
    assert done.returncode == 0, done.stderr
    assert f"Evidence for {name}" in done.stdout and "tables with equal row counts: 6 of 6" in done.stdout
    assert "sequences with equal values: 2 of 2" in done.stdout
    assert_equal(postgres_source, postgres_target, name)
    assert replication_of(postgres_source, name) == [] and replication_of(postgres_target, name) == []
    assert os.listdir(state_dir) == [] and private_servers(state_dir) == []


def test_refusals_end_without_a_migration(words, secrets, database, state_dir, postgres_source, postgres_target):
    name = load(postgres_source, database(), "CREATE TABLE t (a int)")
    wrong = run_command(*words(name), timeout=60, **{**secrets, "MALACHITE_TARGET_PASSWORD": "Wrong-1"})
    assert wrong.returncode == 1 and "The target server: " in wrong.stderr
    assert "password authentication failed" in wrong.stderr and "Wrong-1" not in wrong.stdout + wrong.stderr
    assert os.listdir(state_dir) == []
    unknown = run_command(*words("", "--database", "no such"), timeout=60, **secrets)
    assert unknown.returncode == 1 and "no database 'no such'" in unknown.stderr
    for more, variables, message in (
        (["--online"], secrets, "--cutover when-caught-up"),
        (["--cutover", "never"], secrets, "none of ask"),
        (["--cutover", "manual"], secrets, "--online"),
        ([], {"PGPASSFILE": "/dev/null"}, "MALACHITE_SOURCE_PASSWORD"),
        (["--nonsense"], secrets, "unknown option"),
        (["--target", "mysql://u:Sec-ret@h/d"], secrets, "not a connection string"),
        (["--target", "postgresql://u:Sec-ret@h/other"], secrets, "databases keep their names"),
        (["--target", "postgresql://u:Sec-ret@h/?sslcert=x"], secrets, "'sslcert' is not supported"),
        (["--target", "postgresql://u:Sec-ret@%2Ftmp/"], secrets, "over TCP only"),
    ):
        done = run_command(*words(name, *more), **{"HOME": state_dir, **variables})
        assert done.returncode == 2 and message in done.stderr, done.stderr
        assert "Sec-ret" not in done.stderr + done.stdout


def test_passwords_come_from_a_passfile_or_a_uri_and_are_never_listed(
    words, run, database, state_dir, postgres_source, postgres_target
):
    name = load(postgres_source, database(), SLOW, rows=400, bytes=400 * 1000, row_seconds=0.05)
    passfile = state_dir + "/pass:file"
    with open(passfile, "w") as file:
        file.write(f"# a comment\nother:*:*:*:no\n*:{postgres_target.port}:*:postgres:{postgres_target.password}\n")
    os.chmod(passfile, 0o644)
    source = uri(postgres_source, name, postgres_source.password)
    arguments = words("", "--source", source, "--passfile", passfile)
    open_to_all = run_command(*arguments)
    assert open_to_all.returncode == 2 and "chmod 600" in open_to_all.stderr
    os.chmod(passfile, 0o600)
    running = run(arguments, {})
    running.wait_for("MigratingData")
    listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    shown = [line for line in listed.splitlines() if state_dir in line]
    assert len(shown) >= 2 and all(postgres_source.password not in line for line in shown), shown
    assert "warning: a password in the arguments" in running.read()
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 130


def test_ctrl_c_cancels_cleanly(words, run, secrets, database, state_dir, postgres_source, postgres_target):
    name = load(postgres_source, database(), SLOW, rows=2000, bytes=2000 * 1000, row_seconds=0.05)
    running = run(words(name, *CUTOVER), secrets)
    running.wait_for(r"MigratingData: .*slow|MigratingData: +\d+ %")
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 130
    running.output.seek(0)
    assert running.output.read().startswith("Canceled after ")
    assert replication_of(postgres_source, name) == [] and private_servers(state_dir) == []


@pytest.mark.parametrize("way", ["kill -9", "second Ctrl-C"])
def test_a_killed_run_resumes(words, run, secrets, database, state_dir, postgres_source, postgres_target, way):
    name = load(postgres_source, database(), SHOP, rows=50)
    running = run(words(name, "--online", "--cutover", "manual"), secrets)
    running.wait_for("The cutover is yours")
    if way == "kill -9":
        running.process.kill()
        for pid in private_servers(state_dir):
            os.kill(pid, signal.SIGKILL)
        running.process.wait()
    else:
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGTERM)
        assert running.end() == 130
    wait_until(lambda: not private_servers(state_dir), 10, "the end of the private Malachite")
    if way == "kill -9":
        postgres_source.execute("INSERT INTO empty_table VALUES (7)", dbname=name)
        other = run_command(*words("", "--database", "postgres"), timeout=60, **secrets)
        assert other.returncode == 1 and "still active" in other.stderr
    done = run_command(*words(name, *CUTOVER), timeout=90, **secrets)
    if "Resuming the migration" not in done.stderr:  # the cancellation of the first Ctrl-C was faster
        assert way != "kill -9", done.stderr
    assert done.returncode == 0 or "Canceled after" in done.stdout, done.stderr
    if done.returncode == 0:
        assert_equal(postgres_source, postgres_target, name)
    assert replication_of(postgres_source, name) == []


def test_a_terminal_gets_a_bar_and_is_asked(words, run, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), SHOP, rows=100)
    load(postgres_target, name, "CREATE TABLE old (a int)")
    running = run(words(name, "--online"), {"PGPASSFILE": "/dev/null"}, terminal=True)
    for role, postgres in (("source", postgres_source), ("target", postgres_target)):
        running.wait_for(f"Password of user postgres on the {role} server .*: ")
        running.type(postgres.password)
    running.wait_for(r"Replace them\? \[y/N\]")
    running.type("y")
    running.wait_for("type 'cutover'")
    running.type("cutover")
    assert running.end() == 0
    assert "\r\033[K" in running.text and "[####" in running.text
    assert postgres_source.password not in running.text
    assert_equal(postgres_source, postgres_target, name)


def test_an_existing_malachite_migrates_and_is_watched(own, run, words, secrets, database, postgres_source, state_dir):
    name = load(postgres_source, database(), SHOP, rows=50)
    one = own("--auth", "strict", "--client-secret", "S3cret-of-it")
    server = ["--server", one.endpoints["http"]]
    refused = run_command(*words(name, *server), **secrets)
    assert refused.returncode == 1 and "Invalid client secret" in refused.stderr
    known = {**secrets, "MALACHITE_CLIENT_SECRET": "S3cret-of-it"}
    https = ["--server", one.endpoints["https"], "--ca-file", one.endpoints["ca"]]
    running = run(words(name, *https, "--online", "--cutover", "manual"), known)
    path = running.wait_for(r"PATCH (\S+) with").group(1)
    watching = run(["watch", path.rsplit("/", 1)[1], *server], known)
    watching.wait_for("WaitingForCutoverTrigger")
    one.arm.request("PATCH", path, {"properties": {"triggerCutover": "True"}}, status=200)
    assert (running.end(), watching.end()) == (0, 0)
    assert os.listdir(state_dir) == []
    assert run_command("watch", "no-such", *server, **known).returncode == 1
    assert run_command("watch", *server, **known).returncode == 2
    assert run_command("watch", "x", "--server", "http://127.0.0.1:9").returncode == 69


def test_tls_that_a_uri_requires_is_required(postgres_source, postgres_target, state_dir, secrets):
    """Neither server here has TLS: both sides refuse, instead of connecting in the clear."""
    plain = {"source": uri(postgres_source, "postgres"), "target": uri(postgres_target)}
    for role in plain:
        uris = {**plain, role: plain[role] + "?sslmode=verify-full"}
        arguments = [part for name in plain for part in (f"--{name}", uris[name])]
        done = run_command("migrate", *arguments, "--state-dir", state_dir, **secrets)
        assert done.returncode != 0
        assert "certificate" in done.stderr or "SSL" in done.stderr, done.stderr
