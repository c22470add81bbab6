"""The OpenAPI documents: every answer fits the schema that its own document gives."""

import json
import pathlib

import pytest

from arm import API_VERSION, ARM_API_VERSION, SINGLE_API_VERSION, unique, wait_until
from samples import load_shop

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "openapi/examples"
DIALECTS = sorted(path.name for path in EXAMPLES.iterdir())


@pytest.fixture(scope="module")
def documents(malachite):
    arm = malachite.arm
    index = arm.request("GET", "/_malachite/openapi", api_version="", status=200).json()["value"]
    return {item["apiVersion"]: arm.request("GET", item["url"], api_version="", status=200).json() for item in index}


def resolve(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return resolve(document, schema["allOf"][0]) if "allOf" in schema else schema


def misfits(document, schema, value, path=""):
    """Paths of a value that its schema does not have, or has with another type."""
    schema = resolve(document, schema)
    kind = schema.get("type")
    if kind == "object":
        if not isinstance(value, dict):
            yield f"{path}: not an object"
            return
        for key, member in value.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if inner is None:
                yield f"{path}.{key}"
            elif inner is not True:
                yield from misfits(document, inner, member, f"{path}.{key}")
    elif kind == "array":
        for index, item in enumerate(value):
            yield from misfits(document, schema["items"], item, f"{path}[{index}]")
    elif kind is not None:
        types = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}
        if not isinstance(value, types[kind]) or value not in schema.get("enum", [value]):
            yield f"{path}: {value!r} is not {schema}"


def operation_of(document, operation_id):
    return next(
        operation
        for path in document["paths"].values()
        for operation in path.values()
        if operation["operationId"] == operation_id
    )


def schema_of(document, operation_id, status="200"):
    return operation_of(document, operation_id)["responses"][status]["content"]["application/json"]["schema"]


def assert_fits(document, operation_id, body, status="200"):
    assert list(misfits(document, schema_of(document, operation_id, status), body)) == []


def test_there_is_a_document_for_every_version_of_migrations(arm, documents):
    provider = arm.get(f"{arm.subscription}/providers/Microsoft.DBforPostgreSQL")
    types = {row["resourceType"]: row["apiVersions"] for row in provider["resourceTypes"]}
    assert list(documents) == types["flexibleServers/migrations"]
    assert all(
        document["openapi"] == "3.0.3" and document["info"]["version"] == version
        for version, document in documents.items()
    )


def test_every_implemented_route_is_in_every_document(arm, documents):
    routes = arm.request("GET", "/_malachite/routes", api_version="", status=200).json()["value"]
    for route in routes:
        if route["implemented"] and route["pattern"].startswith("/subscriptions"):
            for document in documents.values():
                operation = document["paths"][route["pattern"]][route["method"].lower()]
                assert operation["operationId"] == route["operationId"]


@pytest.mark.parametrize("version", DIALECTS)
def test_migrations_are_answered_as_the_document_says(arm, attached, documents, version):
    document = documents[version]
    migration = attached.put(None)
    assert_fits(document, "Migrations_Get", arm.get(migration.path, api_version=version))
    migration.cancel()
    migration.wait()
    assert_fits(document, "Migrations_Get", arm.get(migration.path, api_version=version))
    page = arm.get(f"{attached.target.id}/migrations", api_version=version, params={"migrationListFilter": "All"})
    assert_fits(document, "Migrations_ListByTargetServer", page)


@pytest.mark.parametrize("version", DIALECTS)
def test_the_examples_fit_their_document(documents, version):
    document = documents[version]
    for path in sorted((EXAMPLES / version).iterdir()):
        example = json.loads(path.read_text())
        operation = operation_of(document, example["operationId"])
        if "request" in example:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert list(misfits(document, schema, example["request"])) == [], path
        if "response" in example:
            assert_fits(document, example["operationId"], example["response"], str(example["status"]))


def test_other_answers_fit_too(arm, attached, documents):
    document = documents[API_VERSION]
    group = arm.group_id(arm.group)
    failed = attached.put([unique("nowhere")])
    failed.fail()
    calls = [
        ("Servers_Get", attached.target.id, API_VERSION),
        ("SingleServers_Get", attached.source.id, SINGLE_API_VERSION),
        ("Databases_ListByServer", f"{attached.target.id}/databases", API_VERSION),
        ("ResourceGroups_Get", group, ARM_API_VERSION),
        ("ResourceGroups_List", f"{arm.subscription}/resourcegroups", None),
        ("Subscriptions_Get", arm.subscription, ARM_API_VERSION),
        ("Subscriptions_List", "/subscriptions", None),
        ("Subscriptions_ListLocations", f"{arm.subscription}/locations", None),
        ("Tenants_List", "/tenants", None),
        ("Providers_List", f"{arm.subscription}/providers", None),
        ("Malachite_Health", "/_malachite/health", ""),
        ("Malachite_Requests_List", "/_malachite/requests", ""),
        ("Malachite_Migrations_List", "/_malachite/migrations", ""),
        ("Malachite_Migrations_Get", f"/_malachite/migrations/{failed.get()['properties']['migrationId']}", ""),
    ]
    for operation_id, path, version in calls:
        assert_fits(document, operation_id, arm.get(path, api_version=version))


def test_an_error_has_the_shape_of_the_document(arm, documents):
    document = documents[API_VERSION]
    error = arm.request("GET", arm.group_id("nowhere"), status=404).json()
    assert list(misfits(document, document["components"]["schemas"]["Error"], error)) == []


def test_calls_for_testers_describe_a_408_and_a_409(documents):
    """A client that is made from the document must not take them for failures of the call."""
    document = documents[API_VERSION]
    for operation_id, status in (
        ("Malachite_Migrations_Wait", "408"),
        ("Malachite_Requests_Wait", "408"),
        ("Malachite_Rules_Wait", "408"),
        ("Malachite_Requests_Verify", "409"),
    ):
        responses = operation_of(document, operation_id)["responses"]
        assert responses[status]["content"] == responses["200"]["content"], operation_id
    for operation_id in ("Faults_Begin", "Faults_End", "Snapshots_Take", "Rules_Put"):
        responses = operation_of(document, f"Malachite_{operation_id}")["responses"]
        assert responses["409"] == responses["4XX"], operation_id


def test_an_unknown_document_is_404(arm):
    arm.error("GET", "/_malachite/openapi/2099-01-01.json", 404, api_version="")


def test_secrets_may_be_left_out_only_where_the_published_example_does(arm, attached, database, postgres_source):
    """Then both servers' own administrators are meant: 2022-05-01-preview."""
    name = load_shop(postgres_source, database(), rows=10)
    body = attached.body([name])
    del body["properties"]["secretParameters"]
    path = f"{attached.target.id}/migrations/{unique('m')}"
    arm.error("PUT", path, 400, json=body)
    arm.request("PUT", path, body, api_version="2022-05-01-preview", status=201)
    wait_until(lambda: arm.get(path)["properties"]["currentStatus"]["state"] == "Succeeded", 60, "the migration")
