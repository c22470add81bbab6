#!/usr/bin/env python3
"""Rounds of torture with DDL: the source does what real sources do while a migration runs. After every round the promise
must hold: equal, or waiting with a message and equal after the DDL was repeated, or Failed with a reason.

    tests/torture/torture_ddl.py --minutes 30 --seed 1
    tests/torture/torture_ddl.py --rounds 1 --seed 17 --mode offline --login ordinary --story

A seed decides what a round does; how its sessions interleave is chance, so a finding may need a few repetitions of it.
"""

import argparse
import collections
import pathlib
import random
import sys
import time
import traceback

import psycopg2

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from malachite import Malachite, Pair  # noqa: E402
from postgres import Postgres  # noqa: E402
from samples import drop, has_database  # noqa: E402
from torture_follow import OnlineRound  # noqa: E402
from torture_rounds import Finding, OfflineRound  # noqa: E402

LOGINS = ("superuser", "ordinary", "administrator")


class Field:
    """The servers of many rounds."""

    def __init__(self, *options, target_bindir=None):
        # As initdb would choose: provisioned servers have it, too.
        conf = {"default_text_search_config": "pg_catalog.english"}
        self.source, self.target = Postgres(name="src", conf=conf), Postgres(
            name="dst", bindir=target_bindir, conf=conf
        )
        self.malachite = Malachite(*options)

    def __enter__(self):
        self.source.start()
        self.target.start()
        self.malachite.start()
        self.target.psql("CREATE ROLE mover LOGIN CREATEDB PASSWORD 'mover-password'")
        source = self.malachite.attach("src", self.source, "servers")
        self.pairs = {
            "superuser": Pair(self.malachite, source, self.malachite.attach("dst", self.target)),
            "ordinary": Pair(
                self.malachite,
                source,
                self.malachite.attach("mover", self.target, login="mover", password="mover-password"),
            ),
        }
        self.pair_source = source
        return self

    def pair(self, login):
        if login == "administrator" and login not in self.pairs:
            self.pairs[login] = Pair(self.malachite, self.pair_source, self.malachite.provision("admin"))
        return self.pairs[login]

    def __exit__(self, *_):
        try:
            if self.malachite.running:
                self.malachite.stop()
        finally:
            self.malachite.close()
            self.source.close()
            self.target.close()


def run_round(pair, login, seed, mode, story=False, without=()):
    """What became of it. A broken promise is a Finding, with its story printed."""
    one = OfflineRound(pair, login, seed) if mode == "offline" else OnlineRound(pair, login, seed, without)
    try:
        outcome = one.run()
        if story or not outcome.startswith("Succeeded"):
            print("  " + "\n  ".join(one.story), flush=True)
        return outcome
    except Exception:
        print(f"seed {seed}, {mode}, {login}, database {one.name}:\n  " + "\n  ".join(one.story), flush=True)
        one.cancel()
        raise
    finally:
        one.close()
        for postgres in (one.source, one.target):
            if has_database(postgres, one.name):
                try:
                    drop(postgres, one.name)
                except psycopg2.Error as error:
                    print("cannot drop:", error)


def torture(field, minutes, seed, rounds=10**9, mode=None, login=None, story=False, without=(), stop=False):
    """Rounds until the time is over. Prints each with its seed, and the sum; returns the number of findings."""
    outcomes, findings, first = collections.Counter(), 0, seed
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until and seed < first + rounds and not (findings and stop):
        chance = random.Random(f"round {seed}")
        this_mode, this_login = mode or chance.choice(["offline", "online", "online"]), login or chance.choice(LOGINS)
        began = time.monotonic()
        try:
            outcome = run_round(field.pair(this_login), this_login, seed, this_mode, story, without)
        except Exception as error:  # pylint: disable=broad-except
            findings += 1
            outcome = f"FINDING {error}"
            if not isinstance(error, Finding):
                traceback.print_exc()
        print(f"seed {seed} {this_mode} {this_login} {time.monotonic() - began:.1f} s: {outcome}", flush=True)
        outcomes[f"{this_mode} {outcome.split(':')[0].splitlines()[0]}"] += 1
        seed += 1
        if not field.malachite.running:
            print("Malachite has ended:", field.malachite.log_text()[-3000:])
            field.malachite.start()
    print(f"{seed - first} rounds, {findings} findings; {dict(outcomes)}", flush=True)
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mode", choices=["offline", "online"])
    parser.add_argument("--login", choices=LOGINS)
    parser.add_argument("--story", action="store_true")
    parser.add_argument("--without", default="", help="names of events that are left out, with commas")
    parser.add_argument("--stop", action="store_true", help="at the first finding")
    options = vars(parser.parse_args())
    options["without"] = options["without"].split(",")
    with Field() as field:
        return 1 if torture(field, **options) else 0


if __name__ == "__main__":
    sys.exit(main())
