"""What testers can look at: events, coverage, recordings and their replay."""

import concurrent.futures
import copy
import json
import socket
import uuid

import pytest
import requests

from arm import Server, new_secret, patience, unique, wait_until

DIALECTS = ["2025-08-01", "2024-08-01", "2023-12-01-preview", "2021-06-15-privatepreview"]


class Events:
    """The events of a subscription, as a client reads them."""

    def __init__(self, arm, **headers):
        query = {"subscription": arm.subscription.rsplit("/", 1)[1]}
        if "after" in headers:
            query["after"] = headers.pop("after")
        url = f"{arm.endpoint}/_malachite/events"
        self.answer = requests.get(url, params=query, headers=headers, stream=True, timeout=patience(30))
        assert self.answer.status_code == 200, self.answer.text
        assert self.answer.headers["Content-Type"].startswith("text/event-stream")
        self.lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)
        self.id = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()

    def __iter__(self):
        for line in self.lines:
            if line.startswith("id: "):
                self.id = line[4:]
            elif line.startswith("data: "):
                event = json.loads(line[6:])
                assert event["id"] == self.id and event["specversion"] == "1.0"
                yield event

    def until(self, **data):
        """The events up to one with these data."""
        seen = []
        for event in self:
            seen.append(event)
            if data.items() <= event["data"].items():
                return seen
        raise AssertionError(f"the stream ended before {data}: {seen}")


def cancel(migration):
    migration.arm.request("PATCH", migration.path, {"properties": {"cancel": "True"}}, status=200)


def test_events_arrive_immediately_and_resume_where_the_stream_was_cut(attached, arm):
    with Events(arm) as events:
        assert next(events.lines).startswith("retry")
        migration = attached.put(None)
        name = migration.name
        seen = events.until(name=name, substate="WaitingForDBsToMigrateSpecification")
        mine = [event for event in seen if event["data"].get("name") == name]
        assert mine[0]["type"] == "malachite.migration.created"
        assert mine[0]["source"].lower() == migration.path.lower()
        last = events.id
    cancel(migration)  # nobody listens
    with Events(arm, **{"Last-Event-ID": last}) as events:
        resumed = events.until(name=name, state="Canceled")
    with Events(arm, after=last) as events:
        again = events.until(name=name, state="Canceled")
    ids = [int(event["id"]) for event in resumed]
    assert ids == sorted(set(ids)) and ids[0] > int(last)
    assert again == resumed
    substates = [event["data"]["substate"] for event in resumed if event["type"] == "malachite.migration.changed"]
    assert substates == ["CancelingRequestedDBMigrations", "Completed"]
    arm.error("GET", "/_malachite/events?after=x", 400)


def test_a_client_that_does_not_read_holds_up_nobody(attached, arm):
    host, port = arm.endpoint.rsplit("/", 1)[1].split(":")
    silent = []
    try:
        for _ in range(5):
            one = socket.create_connection((host, int(port)))
            one.sendall(b"GET /_malachite/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            silent.append(one)
        with Events(arm) as events:
            migration = attached.put(None)
            cancel(migration)
            events.until(name=migration.name, state="Canceled")
    finally:
        for one in silent:
            one.close()


def test_too_many_streams_are_refused_and_come_free_again(arm):
    url = f"{arm.endpoint}/_malachite/events"
    open_ones = []

    def is_refused():
        answer = requests.get(url, stream=True, timeout=patience(30))
        open_ones.append(answer)
        return answer.status_code == 503

    wait_until(is_refused, 30, "the refusal of one stream too many")
    assert len(open_ones) <= 65
    for one in open_ones:
        one.close()
    wait_until(lambda: not is_refused(), 30, "a free stream")
    for one in open_ones:
        one.close()


def seen(arm, kind, **query):
    body = arm.get("/_malachite/coverage", params=query)[kind]
    assert body["seen"] == sum(one["count"] > 0 for one in body["value"]) <= body["of"] == len(body["value"])
    return {one["name"] for one in body["value"] if one["count"]}, {one["name"] for one in body["value"]}


def test_coverage_counts_what_was_seen_of_all_that_exist(attached, arm):
    migration = attached.put(None)
    cancel(migration)
    wait(arm, migration, state="Canceled")
    arm.error("GET", arm.group_id(unique("none")), 404)
    subscription = arm.subscription.rsplit("/", 1)[1]
    for query in ({}, {"subscription": subscription}):
        states, all_states = seen(arm, "states", **query)
        assert "Canceled" in states and "ValidationFailed" in all_states
        transitions, all_transitions = seen(arm, "transitions", **query)
        assert "CancelingRequestedDBMigrations>Completed" in transitions <= all_transitions
        assert "ResourceGroupNotFound" in seen(arm, "errorCodes", **query)[0]
        assert "Migrations_Create" in seen(arm, "operations", **query)[0]
        version = "Microsoft.DBforPostgreSQL/flexibleServers/migrations@2025-08-01"
        assert version in seen(arm, "apiVersions", **query)[0]
    other = {"subscription": str(uuid.uuid4())}
    assert not seen(arm, "operations", **other)[0] and not seen(arm, "states", **other)[0]


def test_what_a_removed_subscription_has_covered_still_counts(worlds, universe, postgres_source, postgres_target):
    """Each test removes its subscription at its end, and the suite asks for the coverage after all of them."""
    states = {one["name"]: one["count"] for one in worlds.arm.get("/_malachite/coverage")["states"]["value"]}
    cancel(universe.attached_pair(postgres_source, postgres_target).put(None))
    universe.reset()
    assert "Canceled" in seen(universe.arm, "states", subscription=universe.id)[0]
    # Another worker starts anew, and takes nothing from this one.
    for what in ("requests", "coverage"):
        worlds.arm.request("DELETE", f"/_malachite/{what}", params={"subscription": str(uuid.uuid4())}, status=204)
    assert "Canceled" in seen(universe.arm, "states", subscription=universe.id)[0]
    assert universe.arm.get("/_malachite/requests", params={"subscription": universe.id})["count"] > 0
    universe.remove()
    assert not seen(worlds.arm, "states", subscription=universe.id)[0]
    now = {one["name"]: one["count"] for one in worlds.arm.get("/_malachite/coverage")["states"]["value"]}
    assert now["Canceled"] == states["Canceled"] + 1


def test_a_subscription_forgets_its_own_requests_and_coverage(worlds, universe, postgres_source, postgres_target):
    cancel(universe.attached_pair(postgres_source, postgres_target).put(None))
    universe.reset()  # from here on nothing changes its state any more
    own = {"subscription": universe.id}
    everything = worlds.arm.get("/_malachite/requests")["total"]
    for what in ("requests", "coverage"):
        worlds.arm.request("DELETE", f"/_malachite/{what}", params=own, status=204)
    assert worlds.arm.get("/_malachite/requests", params=own)["count"] == 0
    assert not seen(worlds.arm, "states", **own)[0] and not seen(worlds.arm, "operations", **own)[0]
    assert "Canceled" in seen(worlds.arm, "states")[0]
    assert worlds.arm.get("/_malachite/requests")["total"] >= everything


RECORDING = {
    "databases": ["shop"],
    "timeline": [
        {"at": 0, "state": "InProgress", "substate": "PerformingPreRequisiteSteps"},
        {"at": 1, "state": "InProgress", "substate": "MigratingData"},
        {"at": 30, "database": "shop", "state": "InProgress", "rowsCopied": 500, "tablesLoading": 1},
        {"at": 60, "database": "shop", "state": "WaitingForCutoverTrigger", "rowsCopied": 1000, "pendingBytes": 7},
        {"at": 61, "state": "WaitingForUserAction", "substate": "WaitingForCutoverTrigger"},
        {"at": 3600, "state": "InProgress", "substate": "CompletingMigration"},
        {"at": 3660, "database": "shop", "state": "Succeeded", "rowsCopied": 1000},
        {"at": 3661, "state": "Succeeded", "substate": "Completed"},
    ],
}


@pytest.fixture(name="nowhere", scope="module")
def fixture_nowhere(malachite):
    """A target whose PostgreSQL cannot be reached."""
    arm = malachite.arm
    name, password = unique("nowhere"), new_secret()
    path = arm.server_id(name)
    body = arm.server_body("pgadmin", password, attach=("127.0.0.1", 1))
    arm.request("PUT", path, body, status=202)
    wait_until(lambda: arm.get(path)["properties"]["state"] == "Inaccessible", 30, "the state Inaccessible")
    return Server(path, name, "flexibleServers", "pgadmin", password)


def replay(arm, target, name, speed="1000", database="shop", mode="Online"):
    body = arm.migration_body("127.0.0.1:1@nobody", target, [database], migrationMode=mode)
    body["tags"] = {"malachite.replay": name, "malachite.speed": speed}
    return arm.put_migration("127.0.0.1:1@nobody", target, [database], body=body)


def wait(arm, migration, **until):
    query = {"timeout": 60, "subscription": arm.subscription.rsplit("/", 1)[1], **until}
    return arm.get(f"/_malachite/migrations/{migration.name}/wait", params=query)


def test_a_recording_is_played_back_without_any_server(arm, nowhere):
    name = unique("rec")
    path = f"/_malachite/recordings/{name}"
    assert arm.request("PUT", path, RECORDING, status=201).json() == RECORDING
    assert arm.get(path) == RECORDING
    assert name in [one["name"] for one in arm.get("/_malachite/recordings")["value"]]
    first, second = (replay(arm, nowhere, name, database=f"d{n}") for n in range(2))
    canceled = replay(arm, nowhere, name, speed="0.01", database="d2")
    for migration in (first, second):
        # It waits for the cutover of this client, whenever that was recorded.
        wait(arm, migration, substate="WaitingForCutoverTrigger")
        for version in DIALECTS:
            state = arm.get(migration.path, api_version=version)["properties"]["currentStatus"]["state"]
            assert state == "WaitingForUserAction"
    answer = arm.get(first.path)["properties"]["currentStatus"]["currentSubStateDetails"]
    assert answer["dbDetails"]["d0"]["incomingChanges"] == 7
    arm.request("PATCH", first.path, {"properties": {"triggerCutover": "True"}}, status=200)
    ended = wait(arm, first, state="Succeeded")
    assert ended["databases"][0]["rowsCopied"] == 1000
    for migration in (second, canceled):
        cancel(migration)
        wait(arm, migration, state="Canceled")
    # What was played can be recorded again.
    again = arm.get(
        f"/_malachite/migrations/{first.name}/recording", params={"subscription": arm.subscription.rsplit("/", 1)[1]}
    )
    assert again["databases"] == ["d0"] and again["timeline"][0]["at"] == 0
    assert again["timeline"][-1]["state"] == "Succeeded"
    arm.request("PUT", path, again, status=200)
    arm.request("DELETE", path, status=204)
    arm.error("GET", path, 404)


def test_a_real_run_is_recorded_without_secrets_and_played_back(attached, arm, nowhere, postgres_source, database):
    name = database("rec")
    postgres_source.execute(f'CREATE DATABASE "{name}"')
    postgres_source.execute("CREATE TABLE t AS SELECT * FROM generate_series(1, 1000) AS id", dbname=name)
    real = attached.put([name])
    wait(arm, real, state="Succeeded")
    recording = arm.get(
        f"/_malachite/migrations/{real.name}/recording", params={"subscription": arm.subscription.rsplit("/", 1)[1]}
    )
    assert attached.source.password not in json.dumps(recording)
    assert any(entry.get("rowsCopied") == 1000 for entry in recording["timeline"])
    path = f"/_malachite/recordings/{name}"
    arm.request("PUT", path, recording, status=201)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        replays = [replay(arm, nowhere, name, database=unique("d"), mode="Offline") for _ in range(4)]
        answers = list(pool.map(lambda one: wait(arm, one, state="Succeeded"), replays))
    assert {answer["databases"][0]["rowsCopied"] for answer in answers} == {1000}
    arm.request("DELETE", path, status=204)


def changed(**entry):
    bad = copy.deepcopy(RECORDING)
    bad["timeline"][2].update(entry)
    return bad


def test_a_bad_recording_is_refused_with_its_path(arm, nowhere):
    path = f"/_malachite/recordings/{unique('bad')}"
    for body, where in [
        ({}, "databases"),
        ({"databases": ["shop"], "timeline": {}}, "timeline"),
        ({**RECORDING, "databases": ["other"]}, "timeline[2].database"),
        (changed(at=-1), "timeline[2].at"),
        (changed(at="1"), "timeline[2].at"),
        (changed(state="Nope"), "timeline[2].state"),
        (changed(rowsCopied="many"), "timeline[2].rowsCopied"),
        ({**RECORDING, "timeline": RECORDING["timeline"][:1] + RECORDING["timeline"][5:6]}, "timeline[1].substate"),
        ({**RECORDING, "timeline": [{"at": 0, "state": "Failed", "substate": "MigratingData"}]}, "timeline[0].state"),
        ({**RECORDING, "timeline": [5]}, "timeline[0].at"),
    ]:
        assert arm.error("PUT", path, 400, json=body)["target"] == where
    arm.error("GET", path, 404)
    body = arm.migration_body("127.0.0.1:1@nobody", nowhere, ["shop"])
    migration = f"{nowhere.id}/migrations/{unique('m')}"
    for tags, where in [
        ({"malachite.replay": "none"}, "tags.malachite.replay"),
        ({"malachite.replay": "none", "malachite.speed": "fast"}, "tags.malachite.speed"),
    ]:
        assert arm.error("PUT", migration, 400, json={**body, "tags": tags})["target"] == where
    arm.error("GET", migration, 404)
