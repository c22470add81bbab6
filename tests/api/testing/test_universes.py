"""Subscriptions as worlds of their own (--subscriptions any): nobody sees another, and removal leaves nothing."""

import concurrent.futures
import json
import os
import re
import threading
import time
import uuid

import pytest
import requests

from arm import ARM_API_VERSION, PROVIDER, Server, details_of, patience, unique, wait_until
from malachite import run_command
from samples import drop, load_slow
from universe import Universe

WORKERS, PROVISIONED = 8, 3
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [
        {
            "type": "Microsoft.Network/virtualNetworks",
            "apiVersion": "2024-05-01",
            "name": "deployed",
            "location": "eastus",
            "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}},
        }
    ],
}


def subscriptions(malachite):
    path = malachite.endpoints["http"].rstrip("/") + "/subscriptions"
    answer = requests.get(path, params={"api-version": ARM_API_VERSION}, timeout=30).json()
    return [item["subscriptionId"] for item in answer["value"]]


def folders(malachite):
    return sorted(os.listdir(f"{malachite.data_dir}/instances"))


# -- which subscriptions exist ------------------------------------------------------------------------------------


def test_the_first_call_makes_a_subscription_and_its_removal_leaves_nothing(worlds):
    universe = Universe(worlds)
    assert universe.id in subscriptions(worlds)
    assert universe.arm.get(universe.arm.subscription)["subscriptionId"] == universe.id
    universe.remove()
    assert universe.id not in subscriptions(worlds)
    universe.remove()  # of nothing


def test_without_the_option_there_is_one_subscription(own):
    malachite = own()
    other = f"/subscriptions/{uuid.uuid4()}/resourceGroups/rg"
    malachite.arm.error("GET", other.rsplit("/", 2)[0], 404, "SubscriptionNotFound")
    server = malachite.arm.server_id("x").replace(malachite.arm.subscription, other.rsplit("/", 2)[0])
    body = malachite.arm.migration_body(server, Server(server, "x", "flexibleServers", "u", "p"), ["x"])
    malachite.arm.error("PUT", f"{server}/migrations/m", 404, "SubscriptionNotFound", json=body)
    malachite.arm.error("PUT", other, 404, "SubscriptionNotFound", json={"location": "eastus"})
    body = {"advance": "PT1H", "subscription": other.split("/")[2]}
    malachite.arm.error("POST", "/_malachite/clock", 404, "SubscriptionNotFound", json=body)
    assert subscriptions(malachite) == [malachite.arm.subscription.split("/")[-1]]


def test_a_registration_is_of_one_subscription(worlds, universe):
    path = f"{universe.arm.subscription}/providers/Microsoft.DataMigration"
    default = f"{worlds.arm.subscription}/providers/Microsoft.DataMigration"
    before = universe.arm.get(default)["registrationState"]
    for word, expected in (("register", "Registered"), ("unregister", "NotRegistered")):
        universe.arm.request("POST", f"{path}/{word}", status=200)
        assert universe.arm.get(path)["registrationState"] == expected
        assert universe.arm.get(default)["registrationState"] == before


def test_a_list_of_subscriptions_admits_these_and_the_default(own):
    ids = [str(uuid.uuid4()) for _ in range(2)]
    one = own("--subscriptions", ",".join(ids))
    for subscription in ids:
        path = f"/subscriptions/{subscription.upper()}/resourceGroups/rg"
        one.arm.request("PUT", path, {"location": "eastus"}, status=201)
    one.arm.error("GET", f"/subscriptions/{uuid.uuid4()}/resourceGroups", 404, "SubscriptionNotFound")
    assert sorted(subscriptions(one)[1:]) == sorted(ids)


@pytest.mark.parametrize("value", ["some", "", "any,one", f"{uuid.UUID(int=1)},", f"{uuid.UUID(int=1)},x"])
def test_a_bad_value_of_the_option_is_refused(value):
    ended = run_command("serve", "--subscriptions", value)
    assert ended.returncode == 2 and "--subscriptions" in ended.stderr


# -- isolation ----------------------------------------------------------------------------------------------------


def populate(universe, postgres, other):
    """The same names in every world; only the values of tags, the databases and the ids differ. `other`: a PostgreSQL
    behind the target; None: one that Malachite starts."""
    arm, mark = universe.arm, universe.id
    arm.request("PATCH", arm.group_id("rg"), {"tags": {"world": mark}}, status=200)
    source = universe.attach("old", postgres, "servers")
    target = universe.attach("new", other) if other else universe.provision("new")
    target.postgres.create_database(f"d{mark[:8]}")
    arm.request("PATCH", target.id, {"tags": {"world": mark}}, status=202)
    name = unique("shop")
    postgres.create_database(name)
    postgres.execute("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10)", dbname=name)
    migration = arm.put_migration(source, target, [name], name="m1")
    rule = {"properties": {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.2"}}
    arm.put_and_wait(f"{target.id}/firewallRules/office", rule)
    network = f"{arm.group_id('rg')}/providers/Microsoft.Network/virtualNetworks/net"
    body = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    arm.request("PUT", network, {**body, "tags": {"world": mark}}, status=201)
    arm.request("PUT", f"{network}/subnets/sub", {"properties": {"addressPrefix": "10.0.1.0/24"}}, status=201)
    deployment = f"{arm.group_id('rg')}/providers/Microsoft.Resources/deployments/d1"
    body = {"properties": {"mode": "Incremental", "template": TEMPLATE}, "tags": {"world": mark}}
    arm.request("PUT", deployment, body, status=201)
    migration.succeed()
    wait_until(lambda: arm.get(deployment)["properties"]["provisioningState"] == "Succeeded", 30, "the deployment")
    universe.database = name
    return source, target


def world_of(worlds, postgres, other, ready):
    universe = Universe(worlds)
    try:
        universe.servers = populate(universe, postgres, other)
    finally:
        ready.wait(120)  # nobody ends before all have begun
    return universe


@pytest.fixture(name="full_worlds", scope="module")
def fixture_full_worlds(worlds, postgres_source, postgres_target):
    """At once; the targets of the first ones are provisioned, which takes longer."""
    ready = threading.Barrier(WORKERS)
    others = [None] * PROVISIONED + [postgres_target] * (WORKERS - PROVISIONED)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        made = list(pool.map(lambda other: world_of(worlds, postgres_source, other, ready), others))
        yield made
        list(pool.map(Universe.remove, made))
    drop(postgres_source, *(one.database for one in made))
    drop(postgres_target, *(one.database for one in made), *(f"d{one.id[:8]}" for one in made))
    assert not set(folders(worlds)) & {"new", *(f"new.{i}" for i in range(1000))}


PARAMETERS = {
    "resourceGroupName": "rg",
    "location": "eastus",
    "migrationName": "m1",
    "virtualNetworkName": "net",
    "subnetName": "sub",
    "deploymentName": "d1",
    "firewallRuleName": "office",
    "resourceProviderNamespace": PROVIDER,
    "configurationName": "work_mem",
}


def url_of(route, universe):
    """The route's URL in a world; None for one whose parameters nothing here has."""
    own = {"subscriptionId": universe.id, "serverName": "new" if "flexibleServers" in route["pattern"] else "old"}
    values = {**PARAMETERS, **own}
    names = re.findall(r"{(.*?)}", route["pattern"])
    if any(name not in values for name in names):
        return None
    return re.sub(r"{(.*?)}", lambda match: values[match.group(1)], route["pattern"])


def list_routes(universe):
    routes = universe.arm.get("/_malachite/routes", api_version="")["value"]
    found = [route for route in routes if route["method"] == "GET" and route["list"] and route["implemented"]]
    assert len(found) > 30
    return found


def get_list(arm, path, params):
    answer = arm.request("GET", path, params=params)
    if answer.status_code == 400:  # a type that exists in other api-versions only
        [version] = re.findall(r"api-versions are '([^',]+)", answer.json()["error"]["message"])
        answer = arm.request("GET", path, params=params, api_version=version)
    return answer


def shape(text, universe):
    """An answer without what has to differ between worlds."""
    text = text.replace(universe.database, "DATABASE").replace(f"d{universe.id[:8]}", "OTHER")
    return sorted(item.get("name", "") for item in json.loads(text)["value"] if isinstance(item, dict))


def test_lists_show_one_subscription_only(full_worlds):
    """Each GET list of the route table, so a new one is covered without a change here."""
    first = full_worlds[0]
    seen = 0
    for route in list_routes(first):
        own_call = route["pattern"].startswith("/_malachite")
        if own_call and "subscription:" not in route.get("query", ""):
            continue
        if route["operationId"] == "SingleDatabases_ListByServer":
            continue  # the attached source is one PostgreSQL for all worlds
        answers = []
        for universe in full_worlds[:2]:
            path = url_of(route, universe)
            if path is None:
                break
            params = {"subscription": universe.id} if own_call else {}
            answer = get_list(universe.arm, path, params)
            assert answer.status_code == 200, (route, answer.text)
            for other in full_worlds:
                if other is not universe and route["operationId"] != "Subscriptions_List":
                    for word in (other.id, other.database, f"d{other.id[:8]}"):
                        assert word not in answer.text, (route, other.id, answer.text)
            answers.append(shape(answer.text, universe))
            seen += universe.id in answer.text
        if answers and route["operationId"] not in ("Subscriptions_List", "Malachite_Requests_List"):
            assert answers[0] == answers[1], route
    assert seen >= 20, "the worlds are empty"


def test_ids_of_another_subscription_are_404(full_worlds):
    first, second = full_worlds[:2]
    answer = first.arm.request("POST", f"{first.servers[1].id}/restart", {}, status=202)
    operation = answer.headers["Azure-AsyncOperation"]
    first.arm.wait_operation(answer)
    assert first.arm.request("GET", operation).status_code == 200
    assert second.arm.request("GET", operation.replace(first.id, second.id)).status_code == 404
    body = second.arm.migration_body(first.servers[0], second.servers[1], ["x"])
    path = f"{second.servers[1].id}/migrations/stolen"
    assert second.id not in first.servers[0].id
    second.arm.error("PUT", path, (400, 404), json=body)
    name = {"name": "new", "type": f"{PROVIDER}/flexibleServers"}
    check = f"/providers/{PROVIDER}/checkNameAvailability"
    assert not first.arm.request("POST", first.arm.subscription + check, name).json()["nameAvailable"]
    empty = f"/subscriptions/{uuid.uuid4()}"
    assert first.arm.request("POST", empty + check, name).json()["nameAvailable"]
    first.arm.request("DELETE", f"/_malachite{empty}", status=204)


def test_each_subscription_has_its_own_server_and_rows(full_worlds):
    for universe in full_worlds[:PROVISIONED]:
        names = {row[0] for row in universe.servers[1].postgres.query("SELECT datname FROM pg_database")}
        assert names >= {universe.database, f"d{universe.id[:8]}"}
        assert not names & {other.database for other in full_worlds if other is not universe}


# -- removal and reset --------------------------------------------------------------------------------------------


@pytest.fixture(name="slow_world")
def fixture_slow_world(worlds, postgres_source, database):
    """A world in which a copy runs into a provisioned server."""

    def make(malachite=worlds):
        universe = Universe(malachite)
        name = load_slow(postgres_source, database("slow"), 60)
        source, target = universe.attach("old", postgres_source, "servers"), universe.provision("new")
        migration = universe.arm.put_migration(source, target, [name], name="m1")
        migration.wait(lambda body: details_of(body, name).get("fullLoadCompletedTables") is not None)
        return universe

    return make


def test_removal_while_a_migration_runs(worlds, slow_world):
    before = folders(worlds)
    universe = slow_world()
    assert folders(worlds) != before
    universe.remove()
    assert folders(worlds) == before
    assert universe.id not in subscriptions(worlds)


def test_snapshots_outlive_a_reset_but_not_the_subscription(worlds):
    universe = Universe(worlds)
    arm, params = universe.arm, {"subscription": universe.id}
    arm.request("PUT", "/_malachite/snapshots/s1", params=params, status=(200, 201))
    universe.reset()
    arm.request("POST", "/_malachite/snapshots/s1/restore", params=params, status=(200, 204))
    assert [group["name"] for group in arm.get(arm.subscription + "/resourcegroups")["value"]] == ["rg"]
    universe.remove()
    assert not os.path.exists(f"{worlds.data_dir}/snapshots/{universe.id}")


def test_a_late_removal_reports_what_remains_and_continues(worlds, slow_world):
    universe = slow_world()
    path = f"/_malachite/subscriptions/{universe.id}"
    [left] = universe.arm.request("DELETE", path, params={"timeout": 0}, status=202).json()["left"]
    assert left["subscription"] == universe.id and left["servers"] == 2 and "server new" in left["names"]
    answer = universe.arm.request("PUT", universe.arm.group_id("later"), {"location": "eastus"})
    assert answer.status_code == 409 or universe.id not in subscriptions(worlds)
    wait_until(lambda: universe.id not in subscriptions(worlds), 30, "the end of the removal")
    universe.remove()


def test_reset_empties_a_subscription_and_keeps_it(worlds, slow_world):
    universe = slow_world()
    universe.advance("PT1H")
    universe.reset()
    assert universe.arm.get(universe.arm.subscription + "/resourcegroups")["value"] == []
    assert universe.id in subscriptions(worlds)
    clock = universe.arm.get("/_malachite/clock", params={"subscription": universe.id}, api_version="")
    assert clock["advanced"] == "PT0S"
    universe.arm.put_group("rg")
    universe.remove()


def test_reset_under_load_leaves_nothing(worlds, postgres_source):
    """Other threads make groups, servers and networks in the same subscription while it is emptied."""
    with Universe(worlds) as universe:
        end = threading.Event()

        def load(number):
            arm = universe.arm
            while not end.is_set():
                arm.request("PUT", arm.group_id(f"g{number}"), {"location": "eastus"}, status=(200, 201, 409))
                body = arm.server_body("a", "Secret-1234", attach=(postgres_source.host, postgres_source.port))
                path = f"{arm.group_id(f'g{number}')}/providers/{PROVIDER}/flexibleServers/server{number}"
                arm.request("PUT", path, body, status=(202, 404, 409))
                arm.request("GET", arm.subscription + "/resources", status=200)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            loads = [pool.submit(load, number) for number in range(4)]
            try:
                for _ in range(10):
                    universe.reset()
            finally:
                end.set()
            for one in loads:
                one.result()
        universe.reset()
        assert universe.arm.get(universe.arm.subscription + "/resources")["value"] == []
        assert universe.arm.get(universe.arm.subscription + "/resourcegroups")["value"] == []


def test_reset_of_everything(own):
    one = own("--subscriptions", "any")
    universes = [Universe(one) for _ in range(3)]
    universes[0].provision("new")
    one.arm.request("POST", "/_malachite/reset", status=204)
    for arm in (one.arm, *(universe.arm for universe in universes)):
        assert arm.get(arm.subscription + "/resourcegroups")["value"] == []
    assert folders(one) == [] and one.postmasters() == {}


def test_a_bad_removal_is_refused(worlds):
    arm = worlds.arm
    for path, params in (
        ("/_malachite/reset", {"subscription": "x"}),
        ("/_malachite/reset", {"timeout": "-1"}),
        ("/_malachite/reset", {"timeout": "soon"}),
    ):
        arm.error("POST", path, 400, params=params)
    arm.error("DELETE", "/_malachite/subscriptions/x", 400, "InvalidSubscriptionId")


def test_killed_in_the_middle_of_a_removal(own, slow_world):
    """The next process finishes it."""
    one = own("--subscriptions", "any")
    universe = slow_world(one)
    path = f"/_malachite/subscriptions/{universe.id}"
    universe.arm.request("DELETE", path, params={"timeout": 0}, status=202)
    one.kill()
    one.start()
    wait_until(lambda: universe.id not in subscriptions(one), 30, "the end of the removal")
    assert folders(one) == [] and one.postmasters() == {}
    universe.remove()


def test_reset_without_servers_is_quick(worlds):
    took = []
    for _ in range(20):
        universe = Universe(worlds)
        began = time.monotonic()
        universe.reset()
        took.append(time.monotonic() - began)
        universe.remove()
    assert min(took) < patience(0.02), took  # tests/bench/universes.py has the figure
