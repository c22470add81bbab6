"""What tests of --strict-service share."""

import contextlib

from arm import state_of


def run_sql(postgres, sql, dbname):
    with contextlib.closing(postgres.connect(dbname=dbname)) as connection:
        connection.autocommit = True
        connection.cursor().execute(sql)


def validate(pair, names, **properties):
    """(state, error, all messages) of a run that only validates."""
    migration = pair.put(names, migrationOption="Validate", **properties)
    migration.wait()
    body = migration.get()
    status = body["properties"]["currentStatus"]
    details = status["currentSubStateDetails"]["validationDetails"]
    items = list(details["serverLevelValidationDetails"])
    for database in details["dbLevelValidationDetails"]:
        items += database["summary"]
    messages = [(message["state"], message["message"]) for item in items for message in item.get("messages", [])]
    return state_of(body), status.get("error", ""), messages
