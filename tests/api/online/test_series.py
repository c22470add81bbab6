"""How fast a migration moved, as Malachite itself keeps it; and what it says of the source before a cutover."""

import contextlib
from datetime import datetime

from arm import unique, wait_until
from online import cut_over, put_online, reach_wait
from samples import drop, load_shop

ROWS = 5000


def seconds_of(point):
    begin, end = (datetime.fromisoformat(point[key][:26]) for key in ("from", "at"))
    return (end - begin).total_seconds()


def applied(points):
    return sum(point["changesPerSecond"] * seconds_of(point) for point in points)


def test_the_series_and_the_source_before_the_cutover(own_pair, postgres_source, postgres_target):
    pair = own_pair()
    name, quiet = (load_shop(postgres_source, unique("series"), rows=20) for _ in range(2))
    migration = put_online(pair, [name, quiet])
    uuid = reach_wait(migration)["properties"]["migrationId"]
    own = f"/_malachite/migrations/{uuid}"

    def points(**query):
        return pair.arm.get(own + "/series", params=query)["points"]

    def source_of(database):
        return next(row for row in pair.arm.get(own + "/source")["databases"] if row["name"] == database)

    # The source: nobody, then one client that writes. Malachite's own sessions do not count.
    assert source_of(name)["sessions"] == 0 and "lastChangeOn" not in source_of(name)
    with contextlib.closing(postgres_source.connect(name)) as client:
        cursor = client.cursor()
        cursor.execute("SET application_name = 'till'")
        cursor.execute(f"INSERT INTO sales.customer (name) SELECT 'x' FROM generate_series(1, {ROWS})")
        wait_until(lambda: "lastChangeOn" in source_of(name), 20, "the last change")
        found = source_of(name)
        assert [(client["application"], client["sessions"]) for client in found["clients"]] == [("till", 1)]
        assert found["sessions"] == 1 and 0 <= found["secondsSinceLastChange"] < 60
        assert source_of(quiet)["sessions"] == 0

    # The series has these changes, and all its intervals join.
    wait_until(lambda: abs(applied(points()) - ROWS) < ROWS / 100, 20, "the changes in the series")
    before = points()
    assert all(0 < seconds_of(point) for point in before)
    assert all(a["at"] == b["from"] for a, b in zip(before, before[1:]))

    # One call has everything that a page needs; pointsAfter leaves out what the page has.
    newest = before[-1]["at"]
    both = pair.arm.get(own, params={"pointsAfter": newest, "resource": "2025-08-01"})
    assert all(point["at"] > newest for point in both["points"])
    assert both["resource"]["properties"]["migrationId"] == uuid
    assert set(both["resource"]) == set(migration.get())
    pair.arm.error("GET", own + "/series", 400, params={"pointsAfter": "yesterday"})

    # A restart keeps them, and the time of the last change.
    changed = source_of(name)["lastChangeOn"]
    pair.malachite.restart()
    assert points()[: len(before) - 1] == before[:-1]
    wait_until(lambda: points()[-1]["from"] > newest, 20, "new points")
    assert source_of(name)["lastChangeOn"] == changed

    cut_over(migration)
    assert abs(applied(points()) - ROWS) < ROWS / 100
    pair.arm.error("GET", own + "/source", 409)
    for server in (postgres_source, postgres_target):
        drop(server, name, quiet)
