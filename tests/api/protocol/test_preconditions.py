"""If-Match and If-None-Match: 412 where the resource is not as the client knows it, and nothing changes."""

from concurrent.futures import ThreadPoolExecutor

from arm import LOCATION, unique

NETWORK = "2024-05-01"


def conditional(arm, method, path, body=None, status=412, version=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    response = arm.request(method, path, body, api_version=version, status=status, headers=headers)
    if status == 412:
        assert response.json()["error"]["code"] == "PreconditionFailed", response.text
    return response


def test_star_asks_for_existence(arm, attached, database, postgres_target):
    """A group, a firewall rule, a database and a migration: what exists, and what does not."""
    group, name = arm.group_id(unique("cond")), database()
    rule = {"properties": {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.1"}}
    target = attached.target.id
    postgres_target.create_database(name)
    migration = arm.put_migration(attached.source, attached.target, None)
    other = f"{target}/migrations/{unique('m')}"
    body = arm.migration_body(attached.source, attached.target, None)
    for path, put in (
        (group, {"location": LOCATION}),
        (f"{target}/firewallRules/{unique('r')}", rule),
        (other, body),
        (f"{target}/databases/{name}x", {"properties": {}}),
    ):
        conditional(arm, "PUT", path, put, If_Match="*")
        conditional(arm, "PUT", path, put, If_Match='"known"')
        conditional(arm, "DELETE", path, If_Match="*")
        arm.request("GET", path, status=404)
    conditional(arm, "PUT", group, {"location": LOCATION}, status=201, If_None_Match="*")
    conditional(arm, "PUT", group, {"location": LOCATION, "tags": {"a": "b"}}, If_None_Match="*")
    assert "tags" not in arm.get(group) or arm.get(group)["tags"] == {}
    conditional(arm, "PATCH", group, {"tags": {"a": "b"}}, status=200, If_Match="*")
    conditional(arm, "PATCH", group, {"tags": {"a": "c"}}, If_Match='"known"')  # groups have no etag
    assert arm.get(group)["tags"] == {"a": "b"}
    conditional(arm, "PATCH", migration.path, {"properties": {"cancel": "True"}}, If_None_Match="*")
    conditional(arm, "PUT", f"{target}/databases/{name}", {"properties": {}}, If_None_Match="*")
    # Reads are not conditional.
    conditional(arm, "GET", group, status=200, If_Match='"known"')
    conditional(arm, "PATCH", migration.path, {"properties": {"cancel": "True"}}, status=200, If_Match="*")
    conditional(arm, "DELETE", group, status=202, If_Match="*")


def test_etags_of_networks(arm):
    path = f"{arm.group_id(arm.group)}/providers/Microsoft.Network/virtualNetworks/{unique('net')}"
    body = {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    }
    made = conditional(arm, "PUT", path, body, status=201, version=NETWORK, If_None_Match="*").json()
    etag = made["etag"]
    assert etag.startswith('W/"') and arm.get(path, api_version=NETWORK)["etag"] == etag
    subnet = arm.get(f"{path}/subnets/a", api_version=NETWORK)
    assert subnet == made["properties"]["subnets"][0] and subnet["etag"] != etag
    conditional(arm, "PUT", path, body, version=NETWORK, If_Match='W/"other"')
    conditional(arm, "PUT", path, body, version=NETWORK, If_None_Match=f'"other", {etag}')
    body["tags"] = {"a": "b"}
    strong = etag.removeprefix("W/")
    changed = conditional(arm, "PUT", path, body, status=200, version=NETWORK, If_Match=f'"other" , {strong}').json()
    assert changed["etag"] != etag
    conditional(arm, "DELETE", path, version=NETWORK, If_Match=etag)
    conditional(arm, "DELETE", path, status=200, version=NETWORK, If_Match=changed["etag"])


def test_only_one_of_several_creates(arm):
    group = arm.group_id(unique("race"))

    def put(number):
        response = arm.request(
            "PUT", group, {"location": LOCATION, "tags": {"n": str(number)}}, headers={"If-None-Match": "*"}
        )
        return response.status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(put, range(8))) == [201] + [412] * 7
    arm.request("DELETE", group, status=202)
