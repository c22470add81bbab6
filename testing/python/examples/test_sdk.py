"""Tests of a program that uses Azure's SDK for Python, as Debian packages it: apt-get install python3-azure."""

import pytest

ABSENT = "Azure's SDK for Python is absent: apt-get install python3-azure"
exceptions = pytest.importorskip("azure.core.exceptions", reason=ABSENT)
policies = pytest.importorskip("azure.core.pipeline.policies", reason=ABSENT)
postgresql = pytest.importorskip("azure.mgmt.rdbms.postgresql_flexibleservers", reason=ABSENT)
resource = pytest.importorskip("azure.mgmt.resource", reason=ABSENT)

SERVER = {
    "location": "eastus",
    "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
    "administrator_login": "boss",
    "administrator_login_password": "Secret-1234",
}


class Credential:
    """Any: a local Malachite asks for no sign-in."""

    def get_token(self, *_scopes, **_options):
        raise AssertionError("nobody asks for a token")


@pytest.fixture
def connect(malachite):
    def make(kind):
        # The SDK sends tokens over HTTPS only.
        options = {"authentication_policy": policies.SansIOHTTPPolicy(), "base_url": malachite.endpoint}
        return kind(Credential(), malachite.subscription, **options)

    malachite.arm("PUT", "/resourceGroups/rg", {"location": "eastus"})
    return make


def test_the_poller_raises_what_failed(malachite, connect):
    client = connect(postgresql.PostgreSQLManagementClient)
    malachite.rule(
        at="provision", match={"server": "new"}, do={"fail": {"sqlstate": "53100", "message": "no room for you"}}
    )
    with pytest.raises(exceptions.HttpResponseError, match="no room for you"):
        client.servers.begin_create("rg", "new", SERVER, polling_interval=0.1).result(60)
    assert client.servers.get("rg", "new").state == "Inaccessible"


def test_a_throttled_call_is_repeated(malachite, connect):
    client = connect(resource.ResourceManagementClient)
    rule = malachite.rule(
        at="request",
        match={"operation": "ResourceGroups_Get"},
        times=2,
        do={"answer": {"status": 429, "code": "TooManyRequests", "retryAfter": 0}},
    )
    assert client.resource_groups.get("rg").location == "eastus"
    assert rule.wait(fired=2)["fired"] == 2
    assert len(malachite.wait_requests("ResourceGroups_Get", count=3)) == 3


def test_a_migration_of_the_generic_client_fails_at_row_1000(malachite, shop, connect):
    client = connect(resource.ResourceManagementClient)
    fail = {"fail": {"sqlstate": "53100", "message": "could not extend file: No space left on device"}}
    malachite.rule(at="copy.rows", match={"table": "public.orders"}, skip=1000, do=fail)
    servers = f"/subscriptions/{malachite.subscription}{shop.servers}"
    properties = {
        "sourceDbServerResourceId": f"{servers}/old",
        "dbsToMigrate": ["shop"],
        "migrationMode": "Offline",
        "secretParameters": {"adminCredentials": shop.credentials},
    }
    m1 = f"{servers}/new/migrations/m1"
    client.resources.begin_create_or_update_by_id(m1, "2025-08-01", {"location": "eastus", "properties": properties})
    malachite.wait("m1", state="Failed")
    status = client.resources.get_by_id(m1, "2025-08-01").properties["currentStatus"]
    assert status["state"] == "Failed" and "No space left on device" in status["error"]
