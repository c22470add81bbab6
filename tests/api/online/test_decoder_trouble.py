"""The source's own logical decoding fails: an error of PostgreSQL that may pass, or not."""

import struct

import pytest

from arm import details_of, patience, unique, wait_until
from malachite import Pair
from online import cut_over, differences, put_online, reach_wait
from proxy import Proxy
from samples import load_shop

pytestmark = pytest.mark.timeout(patience(120))


class FailingDecoder(Proxy):
    """Lets logical decoding on the source fail for a number of attempts."""

    failures = 0

    def answer(self, data):
        if self.failures == 0 or not data.startswith(b"Q") or b"START_REPLICATION" not in data:
            return None
        self.failures -= 1
        error = b'SERROR\0VERROR\0CXX000\0Mcould not map filenode "base/5/16385" to relation OID\0\0'
        return b"E" + struct.pack("!i", len(error) + 4) + error + b"Z" + struct.pack("!i", 5) + b"I"


@pytest.fixture
def failing_decoder(malachite, attached, postgres_source):
    proxy = FailingDecoder(postgres_source.host, postgres_source.port)
    source = malachite.arm.put_server(
        unique("decoder"),
        "servers",
        login=postgres_source.superuser,
        password=postgres_source.password,
        attach=(proxy.host, proxy.port),
    )
    source.postgres = postgres_source
    yield proxy, Pair(malachite, source, attached.target)
    proxy.close()


def test_a_source_that_cannot_decode_is_retried_then_the_reason_is_given(failing_decoder, database):
    proxy, pair = failing_decoder
    source = pair.source.postgres
    name = load_shop(source, database(), rows=20)
    migration = put_online(pair, [name])
    reach_wait(migration)
    proxy.failures = 3
    proxy.cut()
    source.psql("INSERT INTO empty_table VALUES (1)", name)
    migration.wait(lambda body: "map filenode" in details_of(body, name).get("migrationOperation", ""), 30)
    wait_until(
        lambda: pair.target.postgres.value("SELECT count(*) FROM empty_table", dbname=name) == 1, 30, "the change"
    )
    assert proxy.failures == 0
    proxy.failures = 1000
    proxy.cut()
    error = migration.fail(60)
    assert "cannot pass it" in error and "map filenode" in error and name in error, error
    assert proxy.failures > 980


def begin(postgres):
    """A transaction that has a number and locks no table."""
    connection = postgres.connect("postgres")
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_current()")
        return connection, cursor.fetchone()[0]


def slot_waits_for(postgres, number):
    """Creating a slot waits for the transactions that it finds running."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted AND transactionid = %s::text::xid"
    wait_until(lambda: postgres.value(waiting, [number % 2**32]) > 0, 30, "the slot to wait for a transaction")


def test_a_slot_whose_last_transaction_is_rolled_back(attached, database, postgres_source):
    """Where another one runs then, the slot's snapshot begins after its end: "13:12:". PostgreSQL does not accept that as text."""
    name = load_shop(postgres_source, database(), rows=20)
    first, number = begin(postgres_source)
    migration = put_online(attached, [name])
    slot_waits_for(postgres_source, number)
    second, number = begin(postgres_source)
    first.commit()
    slot_waits_for(postgres_source, number)
    third, _ = begin(postgres_source)
    second.rollback()
    reach_wait(migration)
    cut_over(migration)
    assert differences(attached, name) == []
    for connection in (first, second, third):
        connection.close()
