"""The time of a subscription: stored instants move into the past, so that days pass in milliseconds."""

import datetime
import threading

import pytest

from arm import details_of, state_of, substate_of
from online import differences, put_online
from samples import load_shop, load_slow
from universe import Universe

HOUR = datetime.timedelta(hours=1)


def moment(**ahead):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**ahead)).isoformat()


def instant(text):
    return datetime.datetime.fromisoformat(text[:26] + "+00:00")


def created(body, arm):
    path = f"/_malachite/migrations/{body['properties']['migrationId']}"
    return instant(arm.get(path, api_version="")["createdAt"])


@pytest.fixture(name="pair")
def fixture_pair(universe, postgres_source, postgres_target):
    return universe.attached_pair(postgres_source, postgres_target)


@pytest.fixture(name="shop")
def fixture_shop(postgres_source, database):
    return load_shop(postgres_source, database(), rows=10)


# -- limits and windows -------------------------------------------------------------------------------------------


def test_a_scheduled_migration_starts_when_its_time_has_come(universe, pair, shop):
    migration = pair.put([shop], migrationWindowStartTimeInUtc=moment(hours=48))
    before = created(migration.wait("WaitingForDataMigrationWindow"), universe.arm)
    universe.advance("PT47H")
    body = migration.get()
    assert substate_of(body) == "WaitingForDataMigrationWindow"
    assert before - created(body, universe.arm) == 47 * HOUR
    ahead = instant(body["properties"]["migrationWindowStartTimeInUtc"]) - instant(moment())
    assert 0.9 * HOUR < ahead <= HOUR
    universe.advance("PT1H")
    migration.succeed()


def test_a_migration_ends_after_168_hours(universe, pair):
    migration = pair.put(None)
    migration.wait("WaitingForDBsToMigrateSpecification")
    universe.advance("PT167H")
    assert state_of(migration.get()) == "WaitingForUserAction"
    universe.advance("PT1H")
    assert "--lifetime-seconds" in migration.fail(timeout=15)


def test_a_running_copy_ends_after_168_hours(universe, pair, postgres_source, database):
    name = load_slow(postgres_source, database(), 60)
    migration = pair.put([name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables") == 1)
    universe.advance("P1W")
    assert "--lifetime-seconds" in migration.fail(timeout=15)


def test_a_cutover_that_nobody_triggers_fails_after_72_hours(universe, pair, shop):
    migration = put_online(pair, [shop])
    migration.wait("WaitingForCutoverTrigger")
    universe.advance("PT71H59M")
    migration.wait("WaitingForCutoverTrigger")
    universe.advance("PT1M")
    assert "--cutover-wait-seconds" in migration.fail(timeout=15)


# -- nothing else moves -------------------------------------------------------------------------------------------


def test_time_passes_in_one_subscription_only(universe, pair, worlds, postgres_source, postgres_target):
    with Universe(worlds) as other:
        theirs = other.attached_pair(postgres_source, postgres_target).put(None)
        before = created(theirs.wait("WaitingForDBsToMigrateSpecification"), other.arm)
        mine = pair.put(None)
        mine.wait("WaitingForDBsToMigrateSpecification")
        universe.advance("P10D")
        mine.fail(timeout=15)
        assert created(theirs.get(), other.arm) == before
        assert state_of(theirs.get()) == "WaitingForUserAction"


def test_time_passes_while_a_copy_runs(universe, pair, postgres_source, database):
    name = load_slow(postgres_source, database(), 2)
    migration = pair.put([name])
    migration.wait(lambda body: details_of(body, name).get("startedOn"))
    started = instant(details_of(migration.get(), name)["startedOn"])
    for _ in range(5):
        universe.advance("PT1H")
    body = migration.succeed()
    assert started - instant(details_of(body, name)["startedOn"]) == 5 * HOUR
    assert differences(pair, name) == []


def test_time_passes_while_changes_follow_and_are_cut_over(universe, pair, postgres_source, shop):
    migration = put_online(pair, [shop])
    migration.wait("WaitingForCutoverTrigger")
    end = threading.Event()
    failures = []

    def pass_time():
        while not end.is_set():
            try:
                universe.advance("PT1M")
            except AssertionError as failure:
                failures.append(failure)

    passing = threading.Thread(target=pass_time)
    passing.start()
    try:
        postgres_source.execute(
            "INSERT INTO sales.customer (name) SELECT 'late' FROM generate_series(1, 50)", dbname=shop
        )
        migration.patch(triggerCutover="True")
        migration.succeed()
    finally:
        end.set()
        passing.join()
    assert not failures
    assert differences(pair, shop) == []


# -- the call -----------------------------------------------------------------------------------------------------


def test_the_clock_shows_the_sum(universe):
    before = datetime.datetime.now(datetime.timezone.utc)
    assert universe.advance("PT36H")["advanced"] == "PT36H"
    assert universe.advance("P1DT12H")["advanced"] == "PT72H"
    clock = universe.arm.get("/_malachite/clock", params={"subscription": universe.id}, api_version="")
    assert clock["advancedSeconds"] == 72 * 3600 and clock["subscription"] == universe.id
    assert 71 * HOUR < instant(clock["now"]) - before < 73 * HOUR


BAD = ("", "72H", "PT", "P", "P1", "PT1", "-PT1H", "PT-1H", "P1Y", "P1M", "pt1h", "PT1H ", "PT1M1H", "PT1H1H", "PT1.5H")
BAD += ("P3651D", "P99999999999999999999D", "PT1.S", "PT.5S", "P1DT", "PT1W", "P1H", "PT1D", 72, None, {}, True)


def test_a_bad_duration_is_refused(universe):
    for advance in BAD:
        body = {"advance": advance, "subscription": universe.id}
        error = universe.arm.error("POST", "/_malachite/clock", 400, json=body)
        assert error.get("target") == "advance", (advance, error)
    universe.advance("P3650D")
    universe.advance("PT0S")
    universe.advance("PT0.000001S", status=400)
    universe.arm.error("POST", "/_malachite/clock", 400, json={"advance": "PT1S", "subscription": "x"})
    assert universe.arm.error("GET", "/_malachite/clock", 400, params={"subscription": "x"})


def test_a_call_without_a_subscription_is_about_the_default(worlds):
    arm = worlds.arm
    before = arm.get("/_malachite/clock", api_version="")["advancedSeconds"]
    arm.request("POST", "/_malachite/clock", {"advance": "PT0.5S"}, status=200)
    clock = arm.get("/_malachite/clock", api_version="")
    assert clock["advancedSeconds"] == before + 0.5 and clock["subscription"] in arm.subscription


def test_the_sum_survives_a_restart(own):
    one = own("--subscriptions", "any")
    universe = Universe(one)
    universe.advance("PT72H")
    one.restart()
    assert universe.advance("PT1S")["advanced"] == "PT72H1S"
