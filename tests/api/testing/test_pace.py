"""The tag malachite.pace: each substate lasts until a number of polls, or a time, and real work is never shortened."""

import pytest

from arm import substate_of, unique, wait_until
from rules import RULES
from samples import load_shop

PREPARING = "PerformingPreRequisiteSteps"


class Paced:
    """A migration with a pace in a subscription of its own."""

    def __init__(self, universe, source, target, name, pace):
        pair = universe.attached_pair(source, target)
        self.arm = universe.arm
        body = {**pair.body([name]), "tags": {"malachite.pace": pace}}
        self.migration = self.arm.put_migration(pair.source, pair.target, [name], name=unique("m"), body=body)
        own = self.arm.request("GET", f"/_malachite/migrations/{self.migration.name}/wait", params=self._in(universe))
        self.id = own.json()["migrationId"]
        self.rule = f"{RULES}/tag.{self.id}.pace"

    @staticmethod
    def _in(universe):
        return {"subscription": universe.id, "state": "InProgress", "timeout": 20}

    def held(self):
        """Whether it is held now. It is no poll."""
        answer = self.arm.request("GET", self.rule)
        return answer.status_code == 200 and bool(answer.json()["held"])

    def wait_held(self):
        wait_until(self.held, 30, "the hold")

    def substate(self):
        return self.arm.get(f"/_malachite/migrations/{self.id}")["substate"]

    def reach(self, substate):
        wait_until(lambda: self.substate() == substate, 30, substate)
        if substate != "Completed":
            self.wait_held()


@pytest.fixture
def paced(universe, postgres_source, postgres_target, database):
    def make(pace):
        name = database()
        load_shop(postgres_source, name, 20)
        return Paced(universe, postgres_source, postgres_target, name, pace)

    return make


def test_each_substate_lasts_three_polls(paced):
    one = paced("polls:3")
    one.reach(PREPARING)
    for substate, after in ((PREPARING, "MigratingData"), ("MigratingData", "CompletingMigration")):
        for _ in range(3):
            assert one.held()
            assert substate_of(one.migration.get()) == substate
        one.reach(after)
    for _ in range(3):
        assert substate_of(one.migration.get()) == "CompletingMigration"
    one.migration.succeed()
    one.arm.request("GET", one.rule, status=404)


def test_a_cancel_wins_over_the_polls(paced):
    one = paced("polls:1000")
    one.wait_held()
    one.migration.cancel()
    wait_until(lambda: one.substate() == "Completed", 20, "the end")
    assert one.migration.get()["properties"]["currentStatus"]["state"] == "Canceled"
    assert not one.held()


def test_without_the_tag_it_goes_on_at_once(paced):
    one = paced("polls:1000")
    one.wait_held()
    one.arm.request("PATCH", one.migration.path, json={"tags": {}}, status=200)
    one.migration.succeed()


def test_the_azure_pace_is_ten_minutes_of_preparation(paced, universe):
    one = paced("azure")
    one.reach(PREPARING)
    universe.advance("PT9M")
    assert one.held() and one.substate() == PREPARING
    universe.advance("PT1M")
    one.migration.succeed()


def test_a_time_counts_from_the_begin_of_each_substate(paced, universe):
    one = paced("1800s")
    one.reach(PREPARING)
    universe.advance("PT29M")
    assert one.held() and one.substate() == PREPARING
    universe.advance("PT1M")
    one.reach("MigratingData")
    universe.advance("PT30M")
    wait_until(lambda: one.substate() != "MigratingData", 20, "the next substate")
