"""A subscription of a test's own in a Malachite that others use, too (--subscriptions any).

    with Universe(malachite) as universe:
        server = universe.provision("new")
        universe.arm.put_migration(...)

At the end everything in it is removed.
"""

import glob
import uuid

from arm import Arm, patience
from malachite import Pair, Servers

REMOVAL_SECONDS = 60


class Universe(Servers):
    """It stands for a Malachite: what it does not know itself is asked of the process."""

    def __init__(self, malachite, group="rg"):
        self.malachite = malachite
        self.id = str(uuid.uuid4())
        self._arm = Arm(None, self.id)
        self.arm.group = self.arm.put_group(group)

    def __getattr__(self, name):
        return getattr(self.malachite, name)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.remove()

    @property
    def arm(self):
        """The process may have been started again, at another port."""
        self._arm.endpoint = self.malachite.arm.endpoint
        return self._arm

    @property
    def data_dir(self):
        return self.malachite.data_dir

    @property
    def endpoints(self):
        return {**self.malachite.endpoints, "subscriptionId": self.id}

    def instance_dir(self, name):
        """Where the files of a provisioned server are: two subscriptions may have servers of one name."""
        found = glob.glob(f"{self.data_dir}/instances/{name}.*")
        return found[0] if found else self.malachite.instance_dir(name)

    def remove(self):
        """Removes the subscription and all it contains."""
        self.arm.request(
            "DELETE",
            f"/_malachite/subscriptions/{self.id}",
            params={"timeout": REMOVAL_SECONDS},
            timeout=patience(REMOVAL_SECONDS + 10),
            status=204,
        )

    def reset(self, status=204, **params):
        return self.arm.request("POST", "/_malachite/reset", params={"subscription": self.id, **params}, status=status)

    def advance(self, duration, status=200):
        """Lets time pass."""
        for watch in self.arm.watches.values():
            watch.moments_may_move = True
        body = {"advance": duration, "subscription": self.id}
        return self.arm.request("POST", "/_malachite/clock", body, status=status).json()

    def attached_pair(self, source, target):
        return Pair(self, self.attach("src", source, "servers"), self.attach("dst", target))
