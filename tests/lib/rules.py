"""Testers' rules as tests need them: rule = Rule(arm, at="copy.rows", do={"hold": {}})."""

from arm import patience, unique

RULES = "/_malachite/rules"


class Rule:
    """A rule of Malachite, deleted at the end of a with block."""

    def __init__(self, arm, name=None, **body):
        self.arm = arm
        self.name = name or unique("rule")
        self.path = f"{RULES}/{self.name}"
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
