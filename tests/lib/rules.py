"""Testers' rules as tests need them: rule = Rule(arm, at="copy.rows", do={"hold": {}}). They concern the subscription of
arm, unless match names another one, and points that know no subscription.
"""

from arm import patience, unique

RULES = "/_malachite/rules"


class Rule:
    """A rule of Malachite, deleted at the end of a with block."""

    def __init__(self, arm, name=None, **body):
        self.arm = arm
        self.name = name or unique("rule")
        self.path = f"{RULES}/{self.name}"
        if body.get("at") != "lease.renew":
            body["match"] = {"subscription": arm.subscription.rsplit("/", 1)[1], **body.get("match", {})}
        self.shown = arm.request("PUT", self.path, json=body, status=(200, 201)).json()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.delete()

    def get(self):
        return self.arm.request("GET", self.path, status=200).json()

    def wait(self, timeout=20, status=200, **counts):
        query = {**(counts or {"fired": 1}), "timeout": int(patience(timeout))}
        url = self.arm.endpoint + self.path + "/wait"
        answer = self.arm.session.get(url, params=query, timeout=patience(timeout + 20))
        assert answer.status_code == status, answer.text
        return answer.json()

    def release(self, **body):
        return self.arm.request("POST", self.path + "/release", json=body, status=200).json()

    def delete(self):
        self.arm.request("DELETE", self.path, status=(200, 204))


# The points of a migration: those that an offline copy visits, in its order, and what an online one visits besides.
OFFLINE_POINTS = [
    "substate.enter",
    "connect",
    "database.begin",
    "schema.entry",
    "table.begin",
    "copy.rows",
    "table.end",
    "index.begin",
    "constraint.begin",
    "sequences",
    "largeobjects",
    "substate.leave",
]
FOLLOW_POINTS = ["follow.begin", "follow.transaction"]
CUTOVER_POINTS = ["cutover.begin", "cutover.applied", "cutover.compare"]
# Where sessions are open, which a rule may cut.
COPY_SESSIONS = OFFLINE_POINTS[3:11]
ONLINE_SESSIONS = ["follow.transaction", "cutover.compare"]
