"""A migration whose source has DDL, locks and settings in the meantime: the promise holds (tests/torture/torture_ddl.py).

Every test run has two seeded rounds. By hand, as many as fit:

    TORTURE_LONG=1 TORTURE_MINUTES=30 TORTURE_SEED=17 python3 -m pytest -s tests/api/online/test_torture_ddl.py
    tests/torture/torture_ddl.py --minutes 30 --seed 17
"""

import os

import pytest

from arm import patience
from torture_ddl import Field, run_round, torture

LONG = bool(os.environ.get("TORTURE_LONG"))
MINUTES = float(os.environ.get("TORTURE_MINUTES", "30"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))

pytestmark = pytest.mark.timeout(patience(180 + (60 * MINUTES if LONG else 0)))


def test_ddl_in_the_meantime_loses_nothing():
    """Seeds that are quick: tables that are swapped and dropped while they are copied; three events while following."""
    with Field() as field:
        for mode, login, seed in (("offline", "ordinary", 14), ("online", "superuser", 511)):
            assert run_round(field.pair(login), login, seed, mode) == "Succeeded", f"seed {seed}, {mode}, {login}"


@pytest.mark.skipif(not LONG, reason="for TORTURE_LONG=1")
def test_ddl_for_long():
    with Field() as field:
        assert torture(field, MINUTES, SEED) == 0
