"""What must hold for every answer that tests see, whatever they ask for.

`check_answer` is about HTTP and Resource Manager, `MigrationWatch` about a migration over its life.
"""

import re
import uuid

TERMINAL = {"Succeeded", "Failed", "Canceled", "ValidationFailed"}

# The legal pairs of state and substate.
SUBSTATES = {
    "InProgress": {
        "PerformingPreRequisiteSteps",
        "ValidationInProgress",
        "WaitingForDataMigrationWindow",
        "MigratingData",
        "CompletingMigration",
        "CancelingRequestedDBMigrations",
    },
    "WaitingForUserAction": {
        "WaitingForLogicalReplicationSetupRequestOnSourceDB",
        "WaitingForDBsToMigrateSpecification",
        "WaitingForTargetDBOverwriteConfirmation",
        "WaitingForDataMigrationScheduling",
        "WaitingForCutoverTrigger",
    },
    **{state: {"Completed"} for state in TERMINAL},
}
# Here, error tells what the owner of the source has to do.
# Where currentStatus.error may say what the user has to do.
MAY_WAIT = ("WaitingForLogicalReplicationSetupRequestOnSourceDB", "WaitingForCutoverTrigger", "CompletingMigration")
DATABASE_STATES = {"InProgress", "WaitingForCutoverTrigger", "Failed", "Canceled", "Succeeded", "Canceling"}
TABLE_COUNTERS = ("fullLoadQueuedTables", "fullLoadLoadingTables", "fullLoadCompletedTables", "fullLoadErroredTables")
GROWING = ("cdcInsertCounter", "cdcUpdateCounter", "cdcDeleteCounter", "appliedChanges")
FIGURES = (*GROWING, "incomingChanges", "latency")
FLAGS = (
    "setupLogicalReplicationOnSourceDbIfNeeded",
    "overwriteDbsInTarget",
    "migrateRoles",
    "startDataMigration",
    "triggerCutover",
    "cancel",
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")
MIGRATION_TYPE = "Microsoft.DBforPostgreSQL/flexibleServers/migrations"
ARM_HEADERS = (
    "x-ms-request-id",
    "x-ms-correlation-request-id",
    "x-ms-routing-request-id",
    "Date",
    "Cache-Control",
    "X-Content-Type-Options",
)


def check_answer(response, secrets=()):
    """No 5xx, the ARM headers, the ARM error body on every error, no secret."""
    where = f"{response.request.method} {response.url} -> {response.status_code}"
    assert response.status_code < 500, f"{where}: {response.text}"
    if "/subscriptions" in response.url or "/providers/" in response.url:
        for name in ARM_HEADERS:
            assert name in response.headers, f"{where} has no header {name}"
        assert is_uuid(response.headers["x-ms-request-id"]), where
    if response.status_code >= 400 and response.request.method != "HEAD":
        assert response.headers["Content-Type"] == "application/json; charset=utf-8", where
        check_error(response.json(), where)
    text = response.text + "\n".join(response.headers.values())
    for secret in secrets:
        assert secret not in text, f"{where} tells a secret"


def check_error(body, where):
    assert set(body) == {"error"}, f"{where}: {body}"
    error = body["error"]
    assert set(error) <= {"code", "message", "target", "details", "additionalInfo"}, f"{where}: {body}"
    assert isinstance(error["code"], str) and re.fullmatch(r"[A-Za-z]+", error["code"]), f"{where}: {body}"
    assert isinstance(error["message"], str) and error["message"], f"{where}: {body}"


def is_uuid(text):
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def nulls(value, path=""):
    """Paths of all nulls in a JSON value."""
    if value is None:
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, member in items for found in nulls(member, f"{path}/{key}")]


class MigrationWatch:
    """Looks at every body of one migration, in the order they came."""

    def __init__(self):
        self.forget()

    def forget(self):
        """As if nothing had been seen."""
        self.identity = None
        self.pairs = []  # (state, substate) as they passed, repetitions left out
        self.databases = {}  # name -> the newest details
        self.restarted = False
        self.moments_may_move = False  # a tester lets time pass
        self.figures_may_shrink = False  # a target that crashed has lost its last commits, which come again
        self.terminal = None

    def begin_attempt(self):
        """After a restart of the process or of a server, each database's copy may restart, and reports it."""
        self.restarted = True

    def see(self, body, first=False):
        """`first`: the answer of PUT, where the substate is left out. Returns the body."""
        properties = body["properties"]
        if first and self.identity not in (None, (body["id"].lower(), properties["migrationId"])):
            self.forget()  # another migration with the name of a deleted one
        self._check_envelope(body, properties)
        status = properties["currentStatus"]
        self._check_pair(status, first)
        details = status.get("currentSubStateDetails", {})
        for name, database in details.get("dbDetails", {}).items():
            self._check_database(name, database, status["state"])
        return body

    def _check_envelope(self, body, properties):
        assert not nulls(body), f"null in an answer: {nulls(body)}"
        assert body["type"] == MIGRATION_TYPE
        assert body["id"].startswith("/subscriptions/") and body["id"].endswith(f"/migrations/{body['name']}")
        assert "secretParameters" not in properties
        assert is_uuid(properties["migrationId"])
        for flag in FLAGS:
            assert properties.get(flag, "True") in ("True", "False"), f"{flag}: {properties[flag]!r}"
        identity = (body["id"].lower(), properties["migrationId"])
        assert self.identity in (None, identity), f"{identity} was {self.identity}"
        self.identity = identity
        moments = [value for key, value in properties.items() if key.endswith("InUtc")]
        assert all(MOMENT.fullmatch(moment) for moment in moments), moments

    def _check_pair(self, status, first):
        state = status["state"]
        substate = status.get("currentSubStateDetails", {}).get("currentSubState")
        assert state in SUBSTATES, state
        assert first and substate is None or substate in SUBSTATES[state], f"state {state} with substate {substate}"
        assert isinstance(status.get("error", ""), str)
        told = state in ("Failed", "ValidationFailed") or substate in MAY_WAIT and "error" in status
        assert told == bool(status.get("error")), status
        assert self.terminal in (None, state), f"{self.terminal} became {state}"
        if state in TERMINAL:
            self.terminal = state
        if not self.pairs or self.pairs[-1] != (state, substate):
            self.pairs.append((state, substate))

    def _check_database(self, name, now, state):
        assert now["databaseName"] == name
        assert now["migrationState"] in DATABASE_STATES, now
        if state in TERMINAL:
            assert now["migrationState"] not in ("InProgress", "Canceling"), f"{state}, yet {now}"
        for moment in ("startedOn", "endedOn"):
            assert moment not in now or MOMENT.fullmatch(now[moment]), now
        assert now.get("endedOn", "9") >= now.get("startedOn", "0"), now
        counters = [now.get(counter, 0) for counter in TABLE_COUNTERS]
        assert all(isinstance(counter, int) and counter >= 0 for counter in counters), now
        figures = {figure: now.get(figure, 0) for figure in FIGURES}
        assert all(isinstance(value, int) and value >= 0 for value in figures.values()), now
        before = self.databases.get(name)
        if before and before["migrationState"] != "InProgress" and not self.figures_may_shrink:
            assert all(figures[figure] >= before.get(figure, 0) for figure in GROWING), (before, now)
        said = now.get("migrationOperation", "") + now.get("message", "")
        if self.restarted and ("restart" in said or now["migrationState"] != "InProgress"):
            before = None  # the figures begin again, as the state says
        if before:
            started = before.get("startedOn", now.get("startedOn"))
            assert self.moments_may_move or now.get("startedOn") == started, (before, now)
            assert now.get("fullLoadCompletedTables", 0) >= before.get("fullLoadCompletedTables", 0), (before, now)
            total = sum(before.get(counter, 0) for counter in TABLE_COUNTERS)
            assert total in (0, sum(counters)), f"the number of tables changed: {before} {now}"
        self.databases[name] = now
