"""Random foreign keys and random transactions, on a target whose login may not set session_replication_role. By hand:

    MALACHITE_TEST_SEED=7 MALACHITE_TEST_SCHEMAS=200 pytest tests/api/online/test_online_order_random.py
"""

import os
import random

import pytest

from arm import patience, unique
from malachite import Pair
from online import cut_over, differences, put_online, reach_wait
from databases.random_keys import RandomSchema

SCHEMAS = int(os.environ.get("MALACHITE_TEST_SCHEMAS", "8"))
TRANSACTIONS = 25

pytestmark = [pytest.mark.timeout(patience(180 + 4 * SCHEMAS)), pytest.mark.slow]


def test_random_foreign_keys(malachite, attached, database, postgres_source, postgres_target):
    seed = int(os.environ.get("MALACHITE_TEST_SEED", random.SystemRandom().randrange(10**6)))
    print(f"MALACHITE_TEST_SEED={seed}")
    dice, name, login = random.Random(seed), database(), unique("ordinary")
    for server in (postgres_source, postgres_target):
        server.psql(f"CREATE ROLE {login} LOGIN CREATEDB PASSWORD 'ordinary-password'")
    try:
        pair = Pair(
            malachite,
            attached.source,
            malachite.attach(login, postgres_target, login=login, password="ordinary-password"),
        )
        postgres_source.create_database(name, owner=login)
        schemas = [RandomSchema(dice, f"s{i}") for i in range(SCHEMAS)]
        postgres_source.psql(f"SET ROLE {login};" + ";\n".join(schema.script() for schema in schemas), name)
        migration = put_online(pair, [name])
        reach_wait(migration)
        connection = postgres_source.connect(name)
        with connection.cursor() as cursor:
            done = sum(dice.choice(schemas).transaction(cursor) for _ in range(TRANSACTIONS * SCHEMAS))
        connection.close()
        assert done > TRANSACTIONS * SCHEMAS / 2
        try:
            cut_over(migration, 60 + SCHEMAS)
        except AssertionError as failure:
            refused = [line for line in postgres_target.log_text().splitlines() if "ERROR" in line or "DETAIL" in line]
            raise AssertionError(f"{failure}\n" + "\n".join(refused[-5:])) from None
        assert differences(pair, name) == []
    finally:
        for server in (postgres_source, postgres_target):
            server.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE); DROP ROLE IF EXISTS {login}")
