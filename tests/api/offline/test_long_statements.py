"""A long statement is waited for as long as its server lives, even where that server lets nobody in any more."""

import time

from arm import unique, wait_until
from malachite import Pair
from samples import load

# Slow in every session of Malachite, quick where the sample is loaded.
SLOW = """
SET test.fast = 'yes';
CREATE FUNCTION public.slow(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_setting('test.fast', true) IS DISTINCT FROM 'yes' THEN PERFORM pg_sleep(19); END IF;
    RETURN a;
END $$;
CREATE TABLE public.t AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW public.slow_view AS SELECT public.slow(a) AS a FROM public.t;
"""


def test_a_login_that_is_locked_does_not_end_its_running_statement(own, database, postgres_source, postgres_target):
    login = unique("mover")
    postgres_target.execute(f"CREATE ROLE {login} LOGIN CREATEDB PASSWORD 'mover-password'")
    one = own()
    pair = Pair(
        one,
        one.attach("src", postgres_source, "servers"),
        one.attach("dst", postgres_target, login=login, password="mover-password"),
    )
    name = load(postgres_source, database(), SLOW)
    migration = pair.put([name])
    wait_until(lambda: refreshes(postgres_target), 40, "the refresh of the view")
    session = refreshes(postgres_target)
    postgres_target.execute(f"ALTER ROLE {login} NOLOGIN CONNECTION LIMIT 0 PASSWORD 'another'")
    time.sleep(17.5)  # nothing may happen in that time
    assert refreshes(postgres_target) == session
    postgres_target.execute(f"ALTER ROLE {login} LOGIN CONNECTION LIMIT -1 PASSWORD 'mover-password'")
    migration.succeed()
    assert postgres_target.query("SELECT a FROM slow_view", dbname=name) == [(1,)]


def refreshes(postgres):
    """Which session refreshes the slow index, and since when."""
    return postgres.query(
        "SELECT pid, query_start FROM pg_stat_activity" " WHERE query LIKE '%slow_view%' AND wait_event = 'PgSleep'"
    )
