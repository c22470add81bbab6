"""Does a failed test fail others? A pytest of its own runs tests that fail in the worst moments, then one that needs order."""

import os
import pathlib
import re
import subprocess
import sys

from arm import patience

HERE = pathlib.Path(__file__).resolve().parent

PRELUDE = """
import time

import pytest

from online import put_online, reach_wait
from samples import load_shop, load_slow, wait_for_lock


KEPT = []


def follow(pair, postgres_source, name):
    load_shop(postgres_source, name, rows=20)
    migration = put_online(pair, [name])
    reach_wait(migration)
    return migration
"""

FAILING = [
    """
def test_1_fails_while_following_behind_a_lock(attached, postgres_source, postgres_target):
    follow(attached, postgres_source, "left_locked")
    KEPT.append(postgres_target.connect("left_locked"))
    KEPT[0].cursor().execute("BEGIN; LOCK TABLE empty_table IN ACCESS EXCLUSIVE MODE")
    postgres_source.psql("INSERT INTO empty_table VALUES (1)", "left_locked")
    wait_for_lock(postgres_target, "left_locked")
    assert False, "on purpose"
""",
    """
def test_2_fails_with_roles_settings_and_a_server_that_is_away(attached, database, postgres_source, postgres_target):
    name = load_slow(postgres_source, database(), 30)
    postgres_source.psql("CREATE ROLE left_over; GRANT CREATE ON DATABASE postgres TO left_over;"
                         "ALTER SYSTEM SET work_mem = '1MB'; ALTER ROLE postgres SET DateStyle = 'SQL'")
    postgres_source.psql("SELECT pg_create_logical_replication_slot('left_slot', 'pgoutput')")
    migration = attached.put([name])
    migration.wait(lambda body: "fullLoadLoadingTables" in str(body))
    postgres_target.stop("immediate")
    assert False, "on purpose"
""",
    """
def test_3_kills_the_shared_malachite(attached, malachite, postgres_source):
    follow(attached, postgres_source, "left_killed")
    malachite.kill()
    assert False, "on purpose"
""",
    """
def test_4_fails_with_a_malachite_of_its_own(own_pair, database, postgres_source):
    follow(own_pair(), postgres_source, database())
    assert False, "on purpose"
""",
    """
@pytest.mark.timeout(8)
def test_5_takes_too_long(attached, postgres_source):
    follow(attached, postgres_source, "left_waiting")
    time.sleep(100)
""",
    """
@pytest.fixture
def broken(attached, postgres_source):
    follow(attached, postgres_source, "left_by_fixture")
    assert False, "on purpose"


def test_6_fixture_fails(broken):
    pass
""",
    """
@pytest.fixture
def breaks_late(attached, postgres_source):
    yield follow(attached, postgres_source, "left_by_teardown")
    assert False, "on purpose"


def test_7_teardown_fails(breaks_late):
    pass
""",
]

# After each of them, so that it cannot lean on what a later one cleans up.
PASSING = """

def test_{number}_then_all_is_in_order(attached, malachite, postgres_source, postgres_target):
    from arm import wait_until
    from cleanup import active_migrations, names_on
    from samples import assert_nothing_runs, load_shop
    assert active_migrations(malachite) == set()
    for server in (postgres_source, postgres_target):
        assert names_on(server) == ({{"postgres", "template0", "template1"}}, set())
        assert server.query("SELECT slot_name FROM pg_replication_slots") == []
        wait_until(lambda: not server.query(
            "SELECT FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid()"),
            5, "the end of all sessions")
        assert server.value("SHOW work_mem") == "4MB"
        assert server.value("SHOW DateStyle").startswith("ISO")
    assert malachite.children() == {{}}
    if {number} == 7:
        attached.put([load_shop(postgres_source, "used", rows=5)]).succeed()
        assert_nothing_runs(malachite, ["used"], attached.source, attached.target)
"""


def test_a_failed_test_leaves_nothing_that_fails_others(tmp_path):
    script = PRELUDE + "".join(f"\n\n{test}{PASSING.format(number=number)}" for number, test in enumerate(FAILING, 1))
    (tmp_path / "test_order.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "api"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "conftest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--rootdir",
            str(tmp_path),
            "-rA",
            "--tb=short",
            str(tmp_path),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=patience(200),
        check=False,
    )
    outcomes = {
        (name, outcome) for outcome, name in re.findall(r"(?m)^(PASSED|FAILED|ERROR) \S+::(test_\w+)", done.stdout)
    }
    for number, test in enumerate(FAILING, 1):
        name = re.search(r"def (test_\w+)", test).group(1)
        assert {(name, "FAILED"), (name, "ERROR")} & outcomes, done.stdout[-6000:] + done.stderr[-2000:]
        assert (f"test_{number}_then_all_is_in_order", "PASSED") in outcomes, done.stdout[-6000:]
    assert "cleaning up after a failed test" not in done.stdout, done.stdout[-6000:]
