"""Lists of migrations: what is in them, in which order, page by page."""

import pytest

from arm import unique
from samples import load_shop


@pytest.fixture
def target(arm, malachite, postgres_target):
    """A target without migrations."""
    return malachite.attach(unique("list"), postgres_target)


@pytest.fixture
def mixed(arm, attached, target, database, postgres_source):
    """One migration in each kind of state: {state: Migration}."""
    made = {
        "Succeeded": arm.put_migration(attached.source, target, [load_shop(postgres_source, database(), rows=1)]),
        "Failed": arm.put_migration(attached.source, target, ["not-there"]),
        "Canceled": arm.put_migration(attached.source, target, None),
        "WaitingForUserAction": arm.put_migration(attached.source, target, None),
    }
    made["Canceled"].cancel()
    for state, migration in made.items():
        migration.wait(state)
    yield made
    made["WaitingForUserAction"].cancel()


def listed(arm, target, **params):
    return [item["name"] for item in arm.list(f"{target.id}/migrations", params=params)]


def test_the_list_of_a_new_server_is_empty(arm, target):
    for params in ({}, {"migrationListFilter": "Active"}, {"migrationListFilter": "All"}):
        assert arm.get(f"{target.id}/migrations", params=params) == {"value": []}


def test_the_filter_selects_active_ones(arm, target, mixed):
    active = [mixed["WaitingForUserAction"].name]
    everything = {migration.name for migration in mixed.values()}
    assert listed(arm, target) == listed(arm, target, migrationListFilter="Active") == active
    assert listed(arm, target, migrationListFilter="active") == active
    assert set(listed(arm, target, migrationListFilter="All")) == everything
    arm.error("GET", f"{target.id}/migrations", 400, params={"migrationListFilter": "Some"})


def test_the_newest_comes_first(arm, target, mixed):
    names = [migration.name for migration in mixed.values()]
    assert listed(arm, target, migrationListFilter="All") == names[::-1]


def test_items_are_the_resources(arm, target, mixed):
    items = {item["name"]: item for item in arm.list(f"{target.id}/migrations", params={"migrationListFilter": "All"})}
    for migration in mixed.values():
        item, body = items[migration.name], migration.get()
        for metadata in ("sourceDbServerMetadata", "targetDbServerMetadata"):
            body["properties"].pop(metadata, None)
            assert metadata not in item["properties"]
        assert item == body
        migration.watch.see(item)


def test_each_target_has_its_own(arm, attached, target, mixed):
    others = set(listed(arm, attached.target, migrationListFilter="All"))
    assert not others & {migration.name for migration in mixed.values()}


def test_long_lists_come_in_pages(arm, attached, target):
    body = arm.migration_body(attached.source, target, None)
    names = [f"page-{number}" for number in range(230)]
    for name in names:
        arm.request("PUT", f"{target.id}/migrations/{name}", body, status=201)
    first = arm.get(f"{target.id}/migrations", params={"migrationListFilter": "All"})
    assert "$skipToken" in first["nextLink"] or "%24skipToken" in first["nextLink"]
    assert "api-version=2025-08-01" in first["nextLink"] and "migrationListFilter=All" in first["nextLink"]
    assert first["nextLink"].startswith(arm.endpoint)
    assert listed(arm, target, migrationListFilter="All") == listed(arm, target) == names[::-1]
    # What happens between two pages neither repeats nor loses items.
    arm.request("PUT", f"{target.id}/migrations/meanwhile", body, status=201)
    second = arm.get(first["nextLink"])
    page = [item["name"] for item in second["value"]]
    assert page[0] == names[::-1][len(first["value"])] and "meanwhile" not in page
    for name in names + ["meanwhile"]:
        arm.request("PATCH", f"{target.id}/migrations/{name}", {"properties": {"cancel": "True"}}, status=200)


@pytest.mark.parametrize("token", ["x", "m1-", "m1-zz", "-1", "m1-" + "f" * 40, "%00"])
def test_an_invented_page_token_is_refused(arm, target, token):
    arm.error("GET", f"{target.id}/migrations?api-version=2025-08-01&$skipToken={token}", 400)


def test_a_list_of_a_missing_server_is_404(arm):
    arm.error("GET", arm.server_id("no-server") + "/migrations", 404, "ParentResourceNotFound")


def pages_of(arm, path, **query):
    """The names on each page, over all pages."""
    pages, options = [], {"params": query}
    while path:
        page = arm.get(path, **options)
        pages.append([item["name"] for item in page["value"]])
        path, options = page.get("nextLink"), {}
    return pages


def test_lists_are_answered_page_by_page(arm, attached):
    tag = unique("page")
    names = sorted(unique(f"{tag}{number}") for number in range(5))
    for name in names:
        arm.request("PUT", arm.group_id(name), {"location": "eastus", "tags": {tag: "ä & b"}}, status=201)
    path, tagged = f"{arm.subscription}/resourcegroups", f"tagName eq '{tag}' and tagValue eq 'ä & b'"
    for top, sizes in ((1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (9, [5])):
        pages = pages_of(arm, path, **{"$top": top, "$filter": tagged})
        assert [len(page) for page in pages] == sizes
        assert sorted(name for page in pages for name in page) == names
    assert pages_of(arm, path, **{"$top": 0, "$filter": tagged}) == [[]]
    servers = f"{attached.target.id.rsplit('/', 1)[0]}"
    arm.put_migration(attached.source, attached.target, None).cancel()
    group = arm.group_id(arm.group)
    child = f"{attached.target.id}/firewallRules"
    for number in range(2):
        rule = {"properties": {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.1"}}
        arm.request("PUT", f"{child}/{tag}{number}", rule, status=202)
    for path in (
        f"{arm.subscription}/resources",
        servers,
        f"{attached.target.id}/databases",
        f"{attached.target.id}/migrations",
        child,
        f"{attached.source.id}/databases",
        f"{arm.subscription}/locations",
        f"{group}/providers/Microsoft.Network/virtualNetworks",
        f"{group}/providers/Microsoft.Resources/deployments",
        "/providers/Microsoft.DBforPostgreSQL/operations",
    ):
        every = {"migrationListFilter": "All"} if path.endswith("/migrations") else {}
        everything = [name for page in pages_of(arm, path, **every) for name in page]
        one_by_one = pages_of(arm, path, **{"$top": 1, **every})
        assert [name for page in one_by_one for name in page] == everything, path
        assert len(one_by_one) == max(len(everything), 1), path
        for token in ("x", "p1-", "p1--1", "p1-99999999999999999999", *(["m1-1"] if not every else [])):
            arm.error("GET", path, 400, "InvalidParameterValue", params={"$skipToken": token})
    for name in names:
        arm.request("DELETE", arm.group_id(name), status=202)
