"""Resource groups and what else belongs to a subscription."""

import pytest

from arm import LOCATION, new_secret, unique, wait_until


@pytest.fixture
def group(arm):
    return arm.put_group(unique("g"))


def test_a_new_group_is_201_and_a_known_one_200(arm):
    path = arm.group_id(unique("g"))
    body = {"location": "West Europe", "tags": {"a": "b"}}
    created = arm.request("PUT", path, body, status=201).json()
    assert created["type"] == "Microsoft.Resources/resourceGroups"
    assert created["properties"]["provisioningState"] == "Succeeded"
    assert created["location"].replace(" ", "").lower() == "westeurope"
    assert created["tags"] == {"a": "b"} and created["id"] == path
    assert arm.request("PUT", path, body, status=200).json()["id"] == path
    assert arm.get(path)["tags"] == {"a": "b"}


def test_groups_are_found_in_any_case_and_keep_their_own(arm):
    name = unique("MixedCase")
    arm.put_group(name)
    assert arm.get(arm.group_id(name).lower())["name"] == name
    assert arm.get(arm.group_id(name).upper())["name"] == name
    assert arm.request("HEAD", arm.group_id(name.lower()), status=204)


def test_the_list_has_them(arm, group):
    names = [item["name"] for item in arm.list(f"{arm.subscription}/resourcegroups")]
    assert group in names and "rg" in names and len(names) == len(set(names))


def test_patch_changes_tags(arm, group):
    arm.request("PATCH", arm.group_id(group), {"tags": {"x": "y"}}, status=200)
    body = arm.get(arm.group_id(group))
    assert body["tags"] == {"x": "y"} and body["location"] == LOCATION
    arm.request("PATCH", arm.group_id(group), {"tags": {"x": None, "z": "1"}}, status=200)
    assert arm.get(arm.group_id(group))["tags"] == {"z": "1"}
    arm.request("PATCH", arm.group_id(group), {"tags": None}, status=200)
    assert not arm.get(arm.group_id(group)).get("tags")
    arm.request("PUT", arm.group_id(group), {"location": LOCATION, "tags": {"a": "b"}}, status=200)
    arm.request("PUT", arm.group_id(group), {"location": LOCATION}, status=200)
    assert not arm.get(arm.group_id(group)).get("tags")


def test_a_group_keeps_its_location(arm, group):
    arm.error("PUT", arm.group_id(group), 409, "InvalidResourceGroupLocation", json={"location": "westus"})


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "LocationRequired"),
        ({"location": ""}, None),
        ({"location": 5}, None),
        ({"location": "eastus", "tags": []}, None),
        ({"location": "eastus", "tags": {"a": 1}}, None),
        ({"location": ["eastus"]}, None),
    ],
)
def test_bad_bodies_are_refused(arm, body, code):
    path = arm.group_id(unique("g"))
    arm.error("PUT", path, 400, code, json=body)
    arm.request("HEAD", path, status=404)


@pytest.mark.parametrize(
    "name, fine",
    [
        ("a", True),
        ("A-b_c.(d)1", True),
        ("x" * 90, True),
        ("x" * 91, False),
        ("ends.", False),
        ("a b", False),
        ("a*b", False),
    ],
)
def test_names_follow_the_rule(arm, name, fine):
    name = name if len(name) > 1 and not fine or len(name) > 20 else unique(name)
    response = arm.request("PUT", arm.group_id(name), {"location": LOCATION})
    assert response.status_code in ((200, 201) if fine else (400,)), response.text


def test_deleting_is_followed_with_location(arm, group):
    response = arm.request("DELETE", arm.group_id(group), status=202)
    assert int(response.headers["Retry-After"]) >= 1

    def gone():
        answer = arm.request("GET", response.headers["Location"], status=(200, 202))
        assert answer.status_code == 200 or "Location" in answer.headers
        return answer.status_code == 200

    wait_until(gone, 10, "the deletion")
    arm.request("HEAD", arm.group_id(group), status=404)
    arm.error("GET", arm.group_id(group), 404, "ResourceGroupNotFound")
    arm.error("DELETE", arm.group_id(group), 404, "ResourceGroupNotFound")


def test_a_group_takes_its_servers_with_it(arm, malachite, group):
    server = malachite.provision(unique("pg"), group=group)
    pid = malachite.postmasters()[server.name]
    response = arm.request("DELETE", arm.group_id(group), status=202)
    wait_until(lambda: arm.request("GET", response.headers["Location"]).status_code == 200, 20, "the deletion")
    assert server.name not in malachite.postmasters() and pid not in malachite.postmasters().values()
    assert server.name not in [
        item["name"] for item in arm.list(f"{arm.subscription}/providers/Microsoft.DBforPostgreSQL/flexibleServers")
    ]


def test_the_subscription_and_its_locations(arm, malachite):
    body = arm.get(arm.subscription)
    assert body["subscriptionId"] == malachite.endpoints["subscriptionId"] and body["state"] == "Enabled"
    assert body["id"] == arm.subscription and body["tenantId"] == malachite.endpoints["tenantId"]
    assert malachite.endpoints["subscriptionId"] in [item["subscriptionId"] for item in arm.list("/subscriptions")]
    assert {"eastus", "canadacentral"} <= {item["name"] for item in arm.list(f"{arm.subscription}/locations")}
    assert [item["tenantId"] for item in arm.list("/tenants")] == [malachite.endpoints["tenantId"]]


def ended(status):
    return status if status["status"] != "InProgress" else None


def test_a_group_deleted_while_servers_are_created_cancels_their_creation(own):
    one = own()
    arm = one.arm
    arm.put_group("passing")
    bodies = [arm.server_body("pgadmin", new_secret(), 15) for _ in range(3)]
    arm.secrets |= {body["properties"]["administratorLoginPassword"] for body in bodies}
    creations = [arm.request("PUT", arm.server_id(unique(), group="passing"), body, status=202) for body in bodies]
    deletion = arm.request("DELETE", arm.group_id("passing"), status=202)
    for creation in creations:
        url = creation.headers["Azure-AsyncOperation"]
        status = wait_until(lambda url=url: ended(arm.get(url)), 60, "the end of the creation")
        assert status["status"] == "Canceled", status
        assert status["error"]["code"] == "OperationCanceled" and "passing" in status["error"]["message"], status
    wait_until(lambda: arm.request("GET", deletion.headers["Location"], status=(200, 202)).status_code == 200, 60)
    arm.error("GET", arm.group_id("passing"), 404, "ResourceGroupNotFound")
    assert not one.postmasters()
