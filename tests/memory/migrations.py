#!/usr/bin/env python3
"""Small migrations in a program whose allocations fail, each at a place (stack) that has not failed yet.

    tests/memory/migrations.py --minutes 5 --seed 1

MALACHITE_BINARY is the program that `make torture-memory` builds. It must survive; every migration ends with equal
rows or Failed with a reason, and leaves no replication slot. The seed decides where failures begin and how dense they
are; threads decide the rest.
"""

import argparse
import os
import random
import sys
import time

sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib")
sys.path.append(os.path.dirname(os.path.abspath(__file__)))

import requests  # noqa: E402

from allocations import Allocations  # noqa: E402
from arm import API_VERSION, patience, state_of, substate_of, unique, wait_until  # noqa: E402
from compare import compare_databases  # noqa: E402
from invariants import TERMINAL, check_answer  # noqa: E402
from malachite import Malachite  # noqa: E402
from postgres import Postgres  # noqa: E402

NEVER = 1 << 40

SHOP = """
    CREATE SCHEMA sales;
    CREATE TABLE sales.customers (id int PRIMARY KEY, name text NOT NULL, born date);
    CREATE TABLE sales.orders (id bigserial PRIMARY KEY, customer int REFERENCES sales.customers, total numeric(10, 2));
    CREATE INDEX ON sales.orders (customer);
    CREATE VIEW sales.sums AS SELECT customer, sum(total) FROM sales.orders GROUP BY customer;
    INSERT INTO sales.customers SELECT i, 'customer ' || i, '2000-01-01'::date + i FROM generate_series(1, 50) AS i;
    INSERT INTO sales.orders (customer, total) SELECT 1 + i % 50, i FROM generate_series(1, 500) AS i;
    COMMENT ON TABLE sales.orders IS 'of all customers';
"""


class Client:
    """Asks again when the answer is that memory was out, as a user would."""

    def __init__(self, malachite):
        self.arm = malachite.arm
        self.malachite = malachite

    def send(self, method, path, body=None):
        deadline = time.monotonic() + patience(60)
        while True:
            assert self.malachite.running, f"it has ended: {self.malachite.log_text()[-6000:]}"
            try:
                response = self.arm.session.request(
                    method,
                    self.arm.endpoint + path,
                    json=body,
                    params={"api-version": API_VERSION},
                    timeout=patience(30),
                )
                if response.status_code < 500:
                    check_answer(response, self.arm.secrets)
                    return response
                assert response.json()["error"]["message"], "an answer of 500 says why"
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                pass  # libmicrohttpd had no memory for the connection
            assert time.monotonic() < deadline, f"{method} {path} is answered with 5xx only"
            time.sleep(0.05)


class Torture:
    def __init__(self, malachite, source, target, allocations, chance):
        self.client = Client(malachite)
        self.malachite = malachite
        self.source, self.target = source, target
        self.allocations = allocations
        self.chance = chance
        self.failed = 0
        self.ends = {}
        self.allocations_of = {"Offline": 0, "Online": 0}

    def body(self, mode):
        return self.malachite.arm.migration_body(self.source, self.target, ["shop"], migrationMode=mode)

    def learn(self):
        """How many allocations a migration makes when none fails."""
        for mode in self.allocations_of:
            self.allocations.fail_at_new_places(NEVER, NEVER)
            path = f"{self.target.id}/migrations/{unique('m')}"
            self.client.send("PUT", path, self.body(mode))
            assert self.wait_for_end(path) == "Succeeded", "a migration succeeds with memory"
            self.allocations_of[mode] = self.allocations.read("count")
            self.allocations.stop()
            self.check(path, "Succeeded")

    def run_one(self):
        mode = self.chance.choice(["Offline", "Offline", "Online"])
        # Most migrations end with their first failure, so it has to come at any moment of them.
        first = self.chance.randrange(1, self.allocations_of[mode])
        every = self.chance.choice([1000, NEVER, NEVER])
        path = f"{self.target.id}/migrations/{unique('m')}"
        self.allocations.fail_at_new_places(first, every)
        response = self.client.send("PUT", path, self.body(mode))
        assert response.status_code in (200, 201), response.text
        state = self.wait_for_end(path)
        self.failed += self.allocations.stop()
        self.ends[(mode, state)] = self.ends.get((mode, state), 0) + 1
        self.check(path, state)

    def wait_for_end(self, path):
        """Triggers the cutover of an online migration when it waits for that."""
        deadline = time.monotonic() + patience(90)
        while True:
            body = self.client.send("GET", path).json()
            if state_of(body) in TERMINAL:
                return state_of(body)
            if substate_of(body) == "WaitingForCutoverTrigger":
                response = self.client.send("PATCH", path, {"properties": {"triggerCutover": "True"}})
                assert response.status_code in (200, 409), response.text
            assert time.monotonic() < deadline, f"does not end: {body['properties']['currentStatus']}"
            time.sleep(0.1)

    def check(self, path, state):
        status = self.client.send("GET", path).json()["properties"]["currentStatus"]
        source, target = self.source.postgres, self.target.postgres
        if state == "Succeeded":
            differences = compare_databases(source.dsn("shop"), target.dsn("shop"))
            assert not differences, differences
        else:
            assert state == "Failed" and status.get("error"), status
        slots = "SELECT count(*) FROM pg_replication_slots"
        wait_until(lambda: source.value(slots) == 0, 60, "the end of the replication slot")
        self.client.send("DELETE", path)
        target.psql("DROP DATABASE IF EXISTS shop WITH (FORCE)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1 << 30))
    options = parser.parse_args()
    print(f"torture-memory: migrations for {options.minutes:g} minutes, MEMORY_SEED={options.seed}", flush=True)
    deadline = time.monotonic() + 60 * options.minutes
    conf = {"wal_level": "logical"}
    with Allocations() as allocations, Postgres(name="src", conf=conf) as source, Postgres(name="dst") as target:
        with Malachite("--workers", "1", MALACHITE_ALLOCATIONS=allocations.path) as malachite:
            source.create_database("shop")
            source.psql(SHOP, "shop")
            torture = Torture(
                malachite,
                malachite.attach("src", source, "servers"),
                malachite.attach("dst", target),
                allocations,
                random.Random(options.seed),
            )
            torture.learn()
            count = 0
            while time.monotonic() < deadline:
                try:
                    torture.run_one()
                except AssertionError:
                    print(malachite.log_text()[-6000:], file=sys.stderr)
                    raise
                count += 1
    ends = ", ".join(f"{mode.lower()} {state} {number}" for (mode, state), number in sorted(torture.ends.items()))
    print(f"torture-memory: migrations: {count} passed, 0 failed; {torture.failed} allocations failed ({ends})")


if __name__ == "__main__":
    main()
