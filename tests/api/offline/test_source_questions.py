"""Questions about a source before there is a migration: testConnectivity and getSourceDatabaseList."""

import pytest
from arm import new_secret, unique


def body_of(arm, source, **properties):
    """The body of the PUT that would follow, without databases and target."""
    secrets = {"adminCredentials": {"sourceServerPassword": getattr(source, "password", "unused")}}
    secrets |= properties.pop("secrets", {})
    properties = {"sourceDbServerResourceId": getattr(source, "id", source), "secretParameters": secrets, **properties}
    return {"properties": properties}


def ask(arm, target, question, body, status=200, **options):
    return arm.request("POST", f"{target.id}/{question}", body, status=status, **options).json()


def test_a_source_that_answers(arm, attached, database, postgres_source):
    name = database("Ünï ")
    postgres_source.create_database(name)
    source, target = attached.source, attached.target
    address = f"{postgres_source.host}:{postgres_source.port}@{postgres_source.superuser}"
    for body in (
        body_of(arm, source),
        body_of(arm, source, sslMode="prefer"),
        body_of(arm, address, secrets={"adminCredentials": {"sourceServerPassword": source.password}}),
    ):
        answer = ask(arm, target, "testConnectivity", body)
        assert answer["status"] == "Succeeded" and answer["version"] == postgres_source.value("SHOW server_version")[:5]
        assert answer["login"] == postgres_source.superuser
        names = [row["name"] for row in ask(arm, target, "getSourceDatabaseList", body)["value"]]
        assert name in names and not {"template0", "template1", "azure_maintenance"} & set(names)
    # The older spelling, in the version that has it.
    old = {"sourceDBServerResourceId": source.id}
    body = {"properties": {**body_of(arm, source)["properties"], **old}}
    del body["properties"]["sourceDbServerResourceId"]
    assert ask(arm, target, "testConnectivity", body, api_version="2022-05-01-preview")["status"] == "Succeeded"
    assert arm.migrations(target, "Active") == [] or name not in str(arm.migrations(target))


def test_a_source_that_refuses(arm, attached):
    source, target = attached.source, attached.target
    wrong = new_secret()
    arm.secrets.add(wrong)
    for body, word in (
        (body_of(arm, source, secrets={"adminCredentials": {"sourceServerPassword": wrong}}), "password"),
        (body_of(arm, source, sslMode="Require"), "SSL"),
        (body_of(arm, "127.0.0.1:1@nobody"), "127.0.0.1"),
        (body_of(arm, source, secrets={"sourceServerUsername": "nobody_at_all"}), "nobody_at_all"),
    ):
        answer = ask(arm, target, "testConnectivity", body)
        assert answer["status"] == "Failed" and word in answer["message"], answer
        error = ask(arm, target, "getSourceDatabaseList", body, status=409)["error"]
        assert error["code"] == answer["code"] and word in error["message"], error


@pytest.mark.parametrize("question", ["testConnectivity", "getSourceDatabaseList"])
def test_bad_questions(arm, attached, question):
    source, target = attached.source, attached.target
    missing = source.id.replace(source.name, unique("none"))
    for body, status, code, path in (
        ({}, 400, "InvalidParameterValue", "properties.sourceDbServerResourceId"),
        (
            {"properties": {"sourceDbServerResourceId": source.id}},
            400,
            "InvalidParameterValue",
            "properties.secretParameters.adminCredentials.sourceServerPassword",
        ),
        (body_of(arm, missing), 404, "ResourceNotFound", "properties.sourceDbServerResourceId"),
        (body_of(arm, "nonsense"), 400, "InvalidInput", "properties.sourceDbServerResourceId"),
        (body_of(arm, source, sslMode="loud"), 400, None, "properties.sslMode"),
    ):
        error = ask(arm, target, question, body, status=status)["error"]
        assert code in (None, error["code"]) and error["target"] == path, error
    ask(arm, missing_target(target), question, body_of(arm, source), status=404)


def missing_target(target):
    class Missing:
        id = target.id.replace(target.name, unique("none"))

    return Missing
