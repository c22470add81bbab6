"""Rounds of torture in which servers and network go away, and come back in time or too late."""

import time

from malachite import Pair
from proxy import Proxy
from torture import Round
from torture_kills import BASE_MOMENTS
from torture_workload import check_ledger


class ProxiedPair(Pair):
    """Two attached servers behind a proxy each."""

    def __init__(self, malachite, source, target):
        self.proxies = {"source": Proxy(source.host, source.port), "target": Proxy(target.host, target.port)}
        super().__init__(
            malachite,
            self._attach(malachite, "source", source, "servers"),
            self._attach(malachite, "target", target, "flexibleServers"),
        )

    def _attach(self, malachite, side, postgres, kind):
        proxy = self.proxies[side]
        server = malachite.arm.put_server(
            f"proxied-{side}",
            kind,
            login=postgres.superuser,
            password=postgres.password,
            attach=(proxy.host, proxy.port),
        )
        server.postgres = postgres
        return server

    def close(self):
        for proxy in self.proxies.values():
            proxy.close()


class OutageRound(Round):
    def __init__(self, pair, seed, **options):
        super().__init__(pair, seed, outages=True, lenient=True, **options)

    def hit(self, kind, side, seconds=None):
        """One outage of a server, from beginning to end."""
        postgres, proxy = getattr(self.pair, side).postgres, self.pair.proxies[side]
        seconds = (
            self.random.choice((0, self.random.uniform(0, 1), self.random.uniform(1, 4)))
            if seconds is None
            else seconds
        )
        self.hits += 1
        self.tell(f"{kind} of the {side}, {seconds:.1f} s")
        if side == "target" and kind == "immediate":
            self.migration.watch.figures_may_shrink = True
        if kind in ("fast", "immediate"):
            postgres.stop(kind)
            time.sleep(seconds)
            if self.chance(0.3):
                self.kill("the server is away", again=0)
            postgres.start()
        elif kind == "terminate":
            postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'malachite'"
            )
        elif kind == "terminate one":
            postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'malachite'"
                " ORDER BY random() LIMIT 1"
            )
        elif kind == "cut":
            proxy.cut()
        else:
            proxy.silence()
            time.sleep(seconds)
            if self.chance(0.5):
                proxy.cut()
            proxy.resume()

    def hit_somehow(self):
        kind = self.random.choice(
            ["fast", "immediate", "immediate", "terminate", "terminate one", "terminate one", "cut", "silence"]
        )
        self.hit(kind, self.random.choice(["source", "target"]))


def outage_round(pair, seed, most=4, **options):
    """Outages that end in time: the migration ends as without them. Returns their number."""
    with OutageRound(pair, seed, **options) as r:
        r.put()
        r.reach(lambda body: "sourceDbServerMetadata" in body["properties"], "the servers were reached")
        if r.chance(0.3):
            r.hit_somehow()
        for _ in range(r.random.randint(0, most // 2)):
            moment = r.random.choice(BASE_MOMENTS)
            r.wait_for_moment(moment)
            r.tell(moment)
            r.hit_somehow()
        r.reach_wait(timeout=120)
        for _ in range(r.random.randint(1, most)):
            r.sleep(1)
            r.hit_somehow()
        how = r.random.choice(["quiet", "busy", "cancel"])
        if how == "cancel":
            r.patch(cancel="True")
            r.sleep(0.1)
            r.hit_somehow()
            r.reach_end("Canceled", timeout=90)
            r.writers.stop()
            r.check_nothing_is_left(within=60)
            return r.hits
        committed = r.writers.stop() if how == "quiet" else r.writers.committed()
        r.patch(triggerCutover="True")
        r.sleep(0.15)
        r.hit_somehow()
        r.reach_end("Succeeded", timeout=90)
        if how == "busy":
            r.writers.stop()
        r.check_nothing_is_left(within=60)
        check_ledger(r.pair.target.postgres, r.name, committed)
        r.check_equal(rows=how == "quiet")
        return r.hits


def too_long_round(pair, seed, side, kind, phase, within=60, **options):
    """An outage that lasts longer than --reconnect-seconds: Failed, and what was left is removed once the server is back."""
    with OutageRound(pair, seed, **options) as r:
        postgres, proxy = getattr(pair, side).postgres, pair.proxies[side]
        r.put()
        if phase == "copy":
            r.wait_for_moment("copy")
        else:
            r.reach_wait()
            if phase == "cutover":
                r.writers.stop()
        if kind == "silence":
            proxy.silence()
        else:
            postgres.stop(kind)
        r.tell(f"{kind} of the {side} begins")
        if phase == "cutover":
            r.patch(triggerCutover="True")
        body = r.reach_end("Failed", timeout=within)
        error = body["properties"]["currentStatus"]["error"]
        assert side in error and f"proxied-{side}" in error, error
        if r.chance(0.5):
            r.kill("in debt")
        proxy.resume()
        postgres.start()
        r.tell("the server is back")
        r.hits += 1
        for writer in r.writers.all:
            writer._stop.set()  # pylint: disable=protected-access
        try:
            r.writers.stop()
        except AssertionError:
            pass
        r.check_nothing_is_left(within=90)
        return r.hits
