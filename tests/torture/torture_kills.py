"""Rounds of an online migration that is killed: in every phase, inside the cutover, while it waits for the setup."""

import time

from arm import state_of, substate_of
from samples import has_database
from torture import SETUP, Round

BASE_MOMENTS = ["publication", "slot", "schema", "copy", "index", "helper", "any", "any"]


def kill_round(pair, seed, most=6, **options):
    """Kills in every phase, then one of the ends. Returns the number of kills."""
    with Round(pair, seed, **options) as r:
        if r.chance(0.15):
            r.put_cut_off()
        else:
            r.put()
        for _ in range(r.random.randint(1, max(1, most // 2))):
            moment = r.random.choice(BASE_MOMENTS)
            r.wait_for_moment(moment)
            r.kill(moment)
        how = r.random.choice(["quiet", "quiet", "busy", "busy", "early", "cancel", "cancel early", "drop"])
        r.tell(how)
        if how == "early":
            r.sleep(1)
            r.cut_over_busy(kill=True)
            return r.kills
        if how == "cancel early":
            r.sleep(2)
            if r.chance(0.5):
                r.wait_for_moment(r.random.choice(BASE_MOMENTS))
            r.cancel(kill=True)
            return r.kills
        r.reach_wait()
        for _ in range(r.random.randint(0, most // 2)):
            r.sleep(0.8)
            r.kill("following")
        if how == "cancel":
            r.sleep(0.3)
            r.cancel(kill=True)
        elif how == "drop":
            drop_target_underneath(r)
        elif how == "quiet":
            r.cut_over_quiet(kill=True)
        else:
            r.cut_over_busy(kill=True)
        return r.kills


def cutover_round(pair, seed, **options):
    """Killed again and again inside the cutover."""
    with Round(pair, seed, rows=200, slow=0, row_seconds=0.004, **options) as r:
        r.put()
        r.reach_wait()
        r.sleep(1)
        quiet = r.chance(0.5)
        committed = r.writers.stop() if quiet else r.writers.committed()
        r.patch(triggerCutover="True")
        for _ in range(r.random.randint(1, 5)):
            time.sleep(r.random.choice((r.random.uniform(0, 0.05), r.random.uniform(0, 0.3), r.random.uniform(0, 1))))
            r.kill("cutover", again=0)
        r.check_cut_over(committed, quiet)
    return r.kills


def setup_round(pair, seed, **options):
    """An attached source that is not set up for logical replication: kills in that wait, before and after its restart."""
    source = pair.source.postgres
    source.configure(wal_level="replica")
    source.restart()
    with Round(pair, seed, outages=True, **options) as r:
        r.put()
        r.reach(lambda body: substate_of(body) == SETUP, "the wait for the setup")
        r.sleep(0.2)
        r.kill("setup not allowed")
        r.patch(setupLogicalReplicationOnSourceDbIfNeeded="True")
        r.sleep(0.2)
        r.kill("setup allowed")
        r.reach(lambda body: "error" in body["properties"]["currentStatus"], "the wait for the restart")
        assert (
            source.value("SELECT count(*) FROM pg_file_settings WHERE name = 'wal_level' AND setting = 'logical'") == 1
        )
        if r.chance(0.5):
            r.kill("restart awaited")
        source.stop("fast")
        if r.chance(0.5):
            r.kill("source is down")
        source.start()
        r.sleep(1)
        r.kill("source is up")
        r.reach_wait()
        r.cut_over_quiet(kill=True)
    return r.kills


def drop_target_underneath(r):
    """The target database goes, before or after the trigger: the migration fails and leaves nothing."""
    target = r.pair.target.postgres
    late = r.chance(0.4)
    if not late:
        target.execute(f'DROP DATABASE "{r.name}" WITH (FORCE)')
        r.tell("dropped")
        if r.chance(0.5):
            r.kill("dropped")
    else:
        # Killed inside the cutover, which then finds no database any more: that may have been finished just before.
        r.patch(triggerCutover="True")
        r.sleep(0.1)
        r.pair.malachite.kill()
        r.kills += 1
        target.execute(f'DROP DATABASE IF EXISTS "{r.name}" WITH (FORCE)')
        r.tell("killed and dropped")
        r.pair.malachite.start()
    finished = late and state_of(r.get()) == "Succeeded"
    if not finished:
        r.reach_end("Failed")
    r.writers.stop()
    r.check_nothing_is_left()
    assert not has_database(target, r.name)
