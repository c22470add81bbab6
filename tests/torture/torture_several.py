"""A round of torture with several databases in one migration: some are cut over, some canceled, one by one."""

import random
import time

from arm import details_of
from online import WAITS, Writer, assert_nothing_is_left, differences, put_online, source_as_before
from samples import drop, load_shop


def several_round(pair, seed, count=3):
    """Returns the number of kills."""
    chance = random.Random(seed)
    names = [load_shop(pair.source.postgres, f"several{seed}x{number}", rows=50) for number in range(count)]
    kills = 0

    def kill(most):
        nonlocal kills
        time.sleep(chance.uniform(0, most))
        pair.malachite.kill()
        pair.malachite.start()
        kills += 1

    def ended(body, name):
        return details_of(body, name).get("migrationState") in ("Succeeded", "Canceled")

    try:
        with source_as_before(pair, *names):
            writers = {name: Writer(pair.source.postgres, name) for name in names}
            for writer in writers.values():
                writer.__enter__()
            migration = put_online(pair, names)
            for _ in range(chance.randint(0, 3)):
                kill(1.5)
            canceled = set()
            left = names.copy()
            chance.shuffle(left)
            if chance.random() < 0.5:  # maybe while others are still copied
                canceled.add(left[0])
                migration.cancel(dbsToCancelMigrationOn=[left[0]])
                kill(0.3)
            migration.wait(WAITS, 90)
            left = [name for name in left if name not in canceled]
            while len(left) > 1:
                name = left.pop()
                writers[name].stop()
                migration.patch(triggerCutover="True", dbsToTriggerCutoverOn=[name])
                kill(0.25)
                migration.wait(lambda body, name=name: ended(body, name), 60)
            writers[left[0]].stop()
            migration.patch(triggerCutover="True", dbsToTriggerCutoverOn=left)
            kill(0.25)
            body = migration.succeed(60)
            for writer in writers.values():
                writer.stop()
            assert_nothing_is_left(pair, *names, within=20)
        for name in names:
            if name in canceled:
                assert details_of(body, name)["migrationState"] == "Canceled", body
            else:
                assert details_of(body, name)["migrationState"] == "Succeeded", body
                assert differences(pair, name) == [], name
    finally:
        for server in (pair.source, pair.target):
            drop(server.postgres, *names)
    return kills
