"""Tests of a tool that drives migrations, as its author would write them."""


def test_a_full_disk_at_row_1000_fails_the_migration(malachite, shop):
    rule = malachite.rule(
        at="copy.rows",
        match={"table": "public.orders"},
        skip=1000,
        do={"fail": {"sqlstate": "53100", "message": "could not extend file: No space left on device"}},
    )
    shop.put_migration("m1")
    rule.wait(fired=1)
    assert "No space left on device" in malachite.wait("m1", state="Failed")["error"]


def test_the_tool_creates_one_migration(malachite, shop):
    shop.put_migration("m1")
    assert malachite.wait("m1", timeout=60, state="Succeeded")["databases"][0]["rowsCopied"] == 2000
    assert len(malachite.wait_requests("Migrations_Create")) == 1
    assert malachite.requests(operation="Migrations_Create", status="4xx") == []
