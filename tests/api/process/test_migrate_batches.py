"""`malachite migrate` with more databases than one migration moves, and without the Malachite that it has started."""

import os
import signal

import pytest
from arm import patience, unique, wait_until
from client_command import private_servers
from malachite import run_command
from samples import SLOW, load

TABLE = "CREATE TABLE t AS SELECT generate_series(1, 10) AS a"
# Slow enough to be interrupted on any machine; without its check it is copied at once.
ENDLESS = {"rows": 1000, "bytes": 1000 * 1000, "row_seconds": 0.05}
WITHOUT_WAITS = "ALTER TABLE slow DROP CONSTRAINT slow_a_check"


def named(names):
    return [word for name in names for word in ("--database", name)]


def kill(running, state_dir):
    """The command and its Malachite, at the same moment."""
    running.process.kill()
    for pid in private_servers(state_dir):
        os.kill(pid, signal.SIGKILL)
    running.process.wait()
    wait_until(lambda: not private_servers(state_dir), 10, "the end of the private Malachite")


@pytest.mark.timeout(patience(200))  # it creates and drops 18 databases
def test_nine_databases_are_two_migrations_that_resume_and_are_reported(
    own, words, run, secrets, database, state_dir, postgres_source, postgres_target
):
    names = [load(postgres_source, database(), TABLE) for _ in range(8)]
    names.append(load(postgres_source, database(), SLOW, **ENDLESS))
    role = unique("owner")
    postgres_source.execute(f"CREATE ROLE {role}")
    postgres_source.execute(f"ALTER TABLE t OWNER TO {role}", dbname=names[1])
    # The first migration fails before it copies anything.
    postgres_source.execute(f"ALTER DATABASE {names[2]} ALLOW_CONNECTIONS false")
    evidence = f"{state_dir}/evidence.json"
    arguments = words("", *named([*names, names[0]]), "--roles", "--evidence-file", evidence)
    try:
        running = run(arguments, secrets)
        running.wait_for(r"migration 1 of 2, databases: (?s:.*)migration 2 of 2, databases: (?s:.*)MigratingData")
        kill(running, state_dir)
        # What failed is not repeated, though it would succeed now.
        postgres_source.execute(f"ALTER DATABASE {names[2]} ALLOW_CONNECTIONS true")
        postgres_source.execute(WITHOUT_WAITS, dbname=names[8])
        resumed = run_command(*arguments, timeout=60, **secrets)
        assert resumed.returncode == 1, resumed.stderr
        assert "Resuming the job migrate-" in resumed.stderr and "Failed in an earlier run" in resumed.stderr
        assert "1 of 2 migrations succeeded:" in resumed.stdout
        assert f'  2. Succeeded: ["{names[8]}"]' in resumed.stdout and "  1. Failed: " in resumed.stdout
        assert postgres_target.value("SELECT count(*) FROM slow", dbname=names[8]) == ENDLESS["rows"]
        assert os.path.exists(f"{evidence}.1") and os.path.exists(f"{evidence}.2")
        there = "SELECT count(*) FROM pg_database WHERE datname = ANY (%s)"
        assert postgres_target.value(there, (names[:8],)) == 0

        load(postgres_target, names[0], "CREATE TABLE t AS SELECT 11 AS a")
        anew = [*arguments, "--server", own().endpoints["http"]]
        refused = run_command(*anew, timeout=60, **secrets)
        assert refused.returncode == 1 and "--overwrite replaces them" in refused.stderr
        assert "0 of 2 migrations succeeded:" in refused.stdout and "  1. Canceled: " in refused.stdout
        assert "  2. not completed: " in refused.stdout
        assert postgres_target.value("SELECT a FROM t", dbname=names[0]) == 11
        done = run_command(*anew, "--overwrite", timeout=100, **secrets)
        assert done.returncode == 0 and "Resuming the job" not in done.stderr, done.stderr
        assert "2 of 2 migrations succeeded:" in done.stdout
        for name in names[:8]:
            assert postgres_target.value("SELECT count(*) FROM t", dbname=name) == 10
        owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'"
        assert postgres_target.value(owner, dbname=names[1]) == role
    finally:
        for postgres in (postgres_source, postgres_target):
            postgres.drop_database(names[1])
            postgres.execute(f"DROP ROLE IF EXISTS {role}")


def test_the_end_of_the_private_malachite_is_reported(words, run, secrets, database, state_dir, postgres_source):
    name = load(postgres_source, database(), SLOW, **ENDLESS)
    for end in (signal.SIGKILL, signal.SIGTERM):
        running = run(words(name), secrets)
        running.wait_for("MigratingData")
        for pid in private_servers(state_dir):
            os.kill(pid, end)
        assert running.end() == 69
        assert "Run the same command again: the migration resumes" in running.text, running.text
    postgres_source.execute(WITHOUT_WAITS, dbname=name)
    done = run_command(*words(name), timeout=60, **secrets)
    assert done.returncode == 0 and "Resuming the migration" in done.stderr, done.stderr
