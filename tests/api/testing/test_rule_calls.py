"""The calls of rules: what they refuse and list, long polls, requests that a rule holds or answers, tags."""

import threading
import time

import pytest
import requests

from arm import patience, unique, wait_until
from rules import RULES, Rule
from samples import drop, load_shop
from universe import Universe


@pytest.fixture
def shop(provisioned):
    names = []

    def make():
        names.append(unique("shop"))
        load_shop(provisioned.source.postgres, names[-1], 50)
        return names[-1]

    yield make
    for server in (provisioned.source.postgres, provisioned.target.postgres):
        drop(server, *names)


@pytest.mark.parametrize(
    "body, named",
    [
        ({"at": "copy.row", "do": {"hold": {}}}, "copy.rows"),
        ({"do": {"hold": {}}}, "copy.rows"),
        ({"at": "copy.rows", "match": {"tabel": "a.b"}, "do": {"hold": {}}}, "table"),
        ({"at": "copy.rows", "match": {"operation": "Migrations_Get"}, "do": {"hold": {}}}, "database"),
        ({"at": "copy.rows", "match": {"table": "a.b.c"}, "do": {"hold": {}}}, "schema.table"),
        ({"at": "copy.rows", "match": {"server": "nobody"}, "do": {"hold": {}}}, "provisioned-source"),
        ({"at": "copy.rows", "match": {"substate": "Nowhere"}, "do": {"hold": {}}}, "MigratingData"),
        ({"at": "request", "match": {"operation": "Nothing"}, "do": {"hold": {}}}, "Migrations_Get"),
        ({"at": "copy.rows", "do": {"explode": {}}}, "hold"),
        ({"at": "copy.rows", "do": {"answer": {"status": 200}}}, "slow"),
        ({"at": "copy.rows", "do": {"hold": {}, "delay": {"ms": 1}}}, "one thing"),
        ({"at": "copy.rows", "do": {"delay": {}}}, "do.delay.ms"),
        ({"at": "copy.rows", "do": {"fail": {"sqlstate": "5310"}}}, "SQLSTATE"),
        ({"at": "copy.rows", "do": {"cut": {"side": "left"}}}, "source"),
        ({"at": "copy.rows", "skip": -1, "do": {"hold": {}}}, "skip"),
        ({"at": "copy.rows", "do": {"hold": {}}, "time": 3}, "times"),
        ({"at": "request", "do": {"answer": {"status": 429, "headers": {"Content-Length": "3"}}}}, "Content-Length"),
        ({"at": "request", "do": {"answer": {"status": 429, "headers": {"X-A": "b\r\nX-C: d"}}}}, "X-A"),
        ({"at": "request", "do": {"answer": {"status": 429, "headers": {"X A": "b"}}}}, "X A"),
        ({"at": "copy.rows", "do": {"server": {"name": "nobody", "action": "crash"}}}, "provisioned-source"),
        ({"at": "copy.rows", "do": {"server": {"name": "provisioned-source", "action": "melt"}}}, "diskFull"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_exists(provisioned, body, named):
    if "at" in body:
        subscription = provisioned.arm.subscription.rsplit("/", 1)[1]
        body = {**body, "match": {"subscription": subscription, **body.get("match", {})}}
    answer = provisioned.arm.request("PUT", f"{RULES}/bad", json=body, status=400)
    assert named in answer.json()["error"]["message"]
    provisioned.arm.request("GET", f"{RULES}/bad", status=404)


def test_an_unknown_table_of_a_known_database_is_refused(provisioned, shop):
    name = shop()
    arm = provisioned.arm

    def put(status, table, database=name, server="provisioned-source", at="copy.rows", **match):
        match.update(server=server, database=database, table=table)
        body = {"at": at, "match": match, "do": {"hold": {}}}
        return arm.request("PUT", f"{RULES}/table", json=body, status=status).json()

    for wrong in ("sales.order", "orders2", 'Sales."Orders"', "public.orders"):
        assert "sales.orders" in put(400, wrong)["error"]["message"]
    for right in ("sales.orders", "orders", "SALES.Orders"):
        put((200, 201), right)
    put(200, "sales.order", database="nobody")  # neither exists yet
    put(400, "sales.orders", server="nobody")
    put(400, "sales.orders", subscription="11111111-2222-4333-8444-555555555555")
    arm.request("DELETE", f"{RULES}/table", status=200)


def test_a_fault_of_an_attached_server_is_a_conflict(attached):
    match = {"subscription": attached.arm.subscription.rsplit("/", 1)[1]}
    do = {"server": {"name": "attached-source", "action": "crash"}}
    body = {"at": "copy.rows", "match": match, "do": do}
    attached.arm.request("PUT", f"{RULES}/bad", json=body, status=409)


def test_points_show_what_they_allow(arm):
    points = {point["name"]: point for point in arm.get("/_malachite/points")["value"]}
    assert len(points) == 21
    assert points["copy.rows"]["counts"] == "a row" and "slow" in points["copy.rows"]["actions"]
    assert set(points["request"]["actions"]) == {"hold", "delay", "cut", "answer", "server"}


def test_put_is_idempotent_and_the_newer_rule_wins(arm):
    match = {"operation": "ResourceGroups_Get", "client": unique("c")}
    headers = {"x-ms-client-request-id": match["client"]}
    arm.put_group("ruled")
    older = Rule(arm, at="request", match=match, do={"answer": {"status": 503, "code": "Older", "retryAfter": 7}})
    newer = Rule(arm, at="request", match=match, times=2, do={"answer": {"status": 429, "code": "Newer"}})
    names = [rule["name"] for rule in arm.get(RULES)["value"]]
    assert names.index(older.name) < names.index(newer.name)
    url = f"{arm.endpoint}{arm.group_id('ruled')}?api-version=2022-12-01"
    answers = [requests.get(url, headers=headers, timeout=20) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 429, 503, 200]
    assert answers[2].headers["Retry-After"] == "7" and answers[2].json()["error"]["code"] == "Older"
    again = arm.request("PUT", newer.path, json={**newer.get()}, status=200).json()
    assert (again["hits"], again["fired"]) == (4, 2)
    for rule in (older, newer):
        rule.delete()


def test_rules_of_one_name_in_two_subscriptions_do_not_meet(worlds):
    with Universe(worlds) as first, Universe(worlds) as second:
        match = {"operation": "ResourceGroups_Get"}
        name, worlds_of_it = unique("same"), (first, second)
        path = f"{RULES}/{name}"
        mine, theirs = [Rule(one.arm, name, at="request", match=match, do={"hold": {}}) for one in worlds_of_it]
        assert mine.shown["match"] != theirs.shown["match"]

        def ask(method, status, of=None, below="", **body):
            params = {"subscription": of.id} if of else {}
            return first.arm.request(method, path + below, params=params, status=status, **body)

        answers = []
        asking = threading.Thread(target=lambda: answers.append(first.arm.request("GET", first.arm.group_id("rg"))))
        asking.start()
        assert len(ask("GET", 200, first, "/wait?held=1&timeout=20").json()["held"]) == 1
        assert ask("GET", 200, second).json()["hits"] == 0
        for method, below in (("GET", ""), ("GET", "/wait"), ("POST", "/release"), ("DELETE", "")):
            assert "?subscription=" in ask(method, 409, None, below).json()["error"]["message"]
        # A rule for all would replace both.
        first.arm.request("PUT", path, json={"at": "request", "do": {"delay": {"ms": 0}}}, status=409)
        assert ask("POST", 200, second, "/release", json={}).json()["released"] == 0
        ask("DELETE", 200, second)
        assert len(ask("GET", 200).json()["held"]) == 1, "the other subscription's rule stays as it is"
        second.arm.request("GET", second.arm.group_id("rg"), status=200)
        assert ask("POST", 200, first, "/release", json={}).json()["released"] == 1
        asking.join()
        assert answers[0].status_code == 200
        ask("DELETE", 204, second)
        ask("DELETE", 200, first)


def test_a_held_request_holds_no_thread(arm):
    match = {"operation": "ResourceGroups_Get"}
    arm.put_group("ruled")
    answers = []
    with Rule(arm, at="request", match=match, times=20, do={"hold": {}}) as rule:
        threads = [
            threading.Thread(
                target=lambda: answers.append(
                    requests.get(arm.endpoint + arm.group_id("ruled") + "?api-version=2022-12-01", timeout=60)
                )
            )
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        assert len(rule.wait(held=20)["held"]) == 20
        arm.get(RULES)
        assert rule.release(count=5)["released"] == 5
        wait_until(lambda: len(answers) == 5, 20, "five answers")
        assert rule.release()["released"] == 15
        for thread in threads:
            thread.join()
    assert [answer.status_code for answer in answers] == [200] * 20


def test_a_cut_request_ends_the_connection(arm):
    arm.put_group("ruled")
    match = {"operation": "ResourceGroups_Get"}
    with Rule(arm, at="reply", match=match, do={"cut": {"rst": True}}):
        with pytest.raises(requests.ConnectionError):
            requests.get(arm.endpoint + arm.group_id("ruled") + "?api-version=2022-12-01", timeout=20)
    arm.get(arm.group_id("ruled"))


def test_a_wait_ends_in_time_and_a_rule_expires(arm):
    rule = Rule(arm, at="copy.rows", match={"database": "nobody"}, ttlSeconds=int(patience(1)) + 1, do={"hold": {}})
    began = time.monotonic()
    assert rule.wait(timeout=1, status=408, fired=1)["fired"] == 0
    assert time.monotonic() - began >= 1
    wait_until(lambda: arm.request("GET", rule.path).status_code == 404, 10, "the end of the rule")


def test_a_rule_is_gone_after_a_restart_and_the_log_says_how_many(own):
    one = own()
    for name in ("a", "b"):
        Rule(one.arm, name, at="copy.rows", do={"hold": {}})
    one.kill()
    one.start()
    assert one.arm.get(RULES)["value"] == []
    assert "dropped the rules of tests" in one.log_text() and "count=2" in one.log_text().replace('"', "")


def test_cancel_ends_a_held_migration(provisioned, shop):
    name = shop()
    with Rule(provisioned.arm, at="copy.rows", match={"database": name}, do={"hold": {}}) as rule:
        migration = provisioned.put([name])
        rule.wait(held=1)
        migration.cancel()
        migration.wait("Canceled", timeout=20)
        assert rule.get()["held"] == []


def test_released_as_a_failure(provisioned, shop):
    name = shop()
    with Rule(provisioned.arm, at="database.begin", match={"database": name}, do={"hold": {}}) as rule:
        migration = provisioned.put([name])
        rule.wait(held=1)
        rule.release(**{"as": {"fail": {"sqlstate": "42501", "message": "not today"}}})
        assert "not today" in migration.fail()


def test_tags_hold_and_fail(provisioned, shop):
    name = shop()
    arm = provisioned.arm
    tags = {"malachite.hold": "MigratingData", "malachite.fail": "copy.rows sales.orders 20 53100"}
    body = {**provisioned.body([name]), "tags": tags}
    migration = provisioned.arm.put_migration(provisioned.source, provisioned.target, [name], body=body)
    identity = migration.get()["properties"]["migrationId"]
    rules = {rule["name"]: rule for rule in arm.get(RULES)["value"] if rule.get("origin") == identity}
    assert len(rules) == 2
    wait_until(lambda: arm.get(f"{RULES}/tag.{identity}.hold")["held"], 20, "the hold")
    arm.request("PATCH", migration.path, json={"tags": {"malachite.fail": tags["malachite.fail"]}}, status=200)
    assert "53100" in migration.fail()
    assert not [rule for rule in arm.get(RULES)["value"] if rule.get("origin") == identity]


@pytest.mark.parametrize(
    "tag, value, named",
    [
        ("malachite.hold", "Nowhere", "MigratingData"),
        ("malachite.fail", "copy.row 53100", "copy.rows"),
        ("malachite.pace", "soon", "5s"),
    ],
)
def test_bad_tags_are_refused(provisioned, tag, value, named):
    body = {**provisioned.body(["nobody"]), "tags": {tag: value}}
    path = f"{provisioned.target.id}/migrations/{unique('m')}"
    answer = provisioned.arm.request("PUT", path, json=body, status=400)
    assert named in answer.json()["error"]["message"]


def test_killed_while_held_the_migration_resumes(own, postgres_source, postgres_target, database):
    one = own("--lease-seconds", 2)
    source = one.attach("src", postgres_source, "servers")
    target = one.attach("dst", postgres_target)
    name = database()
    load_shop(postgres_source, name, 50)
    rule = Rule(one.arm, at="copy.rows", match={"database": name}, skip=10, do={"hold": {}})
    migration = one.arm.put_migration(source, target, [name])
    rule.wait(held=1)
    one.kill()
    one.start()
    migration.succeed()


def test_a_restart_at_a_point_is_overcome(provisioned, shop):
    name = shop()
    do = {"server": {"name": "provisioned-target", "action": "restart"}}
    with Rule(provisioned.arm, at="table.begin", match={"database": name}, do=do) as rule:
        migration = provisioned.put([name])
        rule.wait(fired=1)
        provisioned.arm.begin_attempt()
        migration.succeed()
        assert "trouble" not in rule.get()


def test_slow_limits_the_bytes(provisioned, shop):
    name = shop()
    match = {"database": name, "table": "sales.orders"}
    with Rule(provisioned.arm, at="copy.rows", match=match, do={"slow": {"bytesPerSecond": 2000}}) as rule:
        began = time.monotonic()
        migration = provisioned.put([name])
        rule.wait(fired=1)
        migration.succeed()
        assert rule.get()["fired"] == 100
        assert time.monotonic() - began > 1.5
