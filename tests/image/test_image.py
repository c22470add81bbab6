"""The container images, run as a container engine runs them."""

import hashlib
import json
import os
import pathlib
import re
import sys
import tarfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from container import IMAGES, SUBSCRIPTION, Container, Malachite, image  # noqa: E402

from arm import wait_until  # noqa: E402
from malachite import Pair  # noqa: E402
from online import cut_over, differences, put_online, reach_wait  # noqa: E402
from postgres import Postgres  # noqa: E402
from spdx import SCHEMA, names_of  # noqa: E402

TABLE = "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT i, 'n' || i FROM generate_series(1, 500) i"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/from-json"
REQUESTS = json.dumps([{"method": "PUT", "path": f"{GROUP}?api-version=2022-12-01", "body": {"location": "eastus"}}])


@pytest.fixture
def volume(tmp_path):
    """An empty volume: the engine gives it the owner and the mode that the folder has in the image."""
    folder = tmp_path / "volume"
    folder.mkdir()
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(0o755)
    inside = (IMAGES / "latest/rootfs/var/lib/malachite").stat()
    os.chown(folder, inside.st_uid, inside.st_gid)
    folder.chmod(inside.st_mode & 0o7777)
    return folder


@pytest.mark.parametrize("target", ["slim", "latest"])
def test_the_image_documents_how_to_run_it(target):
    config = image(target)
    assert config["User"] == "65534:65534"
    assert list(config["Volumes"]) == ["/var/lib/malachite"]
    assert set(config["ExposedPorts"]) == {"8080/tcp", "8443/tcp"}
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert config["Labels"]["org.opencontainers.image.version"] == pathlib.Path("VERSION").read_text().strip()
    assert (IMAGES / target / "rootfs/bin/sh").exists()
    # No private key that all users of the image would share.
    assert not list((IMAGES / target / "rootfs/etc/ssl/private").glob("*"))


@pytest.mark.parametrize("target", ["slim", "latest"])
def test_two_builds_give_the_same_image(target):
    second = IMAGES / f"again/malachite-{target}.tar"
    if not second.exists():
        pytest.skip("built once only: MALACHITE_IMAGE_TWICE=no")

    def contents(archive):
        with tarfile.open(archive) as files:
            [manifest] = json.load(files.extractfile("manifest.json"))
            return manifest["Config"], manifest["Layers"]

    first = pathlib.Path(f"build/image/malachite-{target}.tar")
    packages = [json.loads(one.with_suffix(".spdx.json").read_text())["packages"] for one in (first, second)]
    assert packages[0] == packages[1], "Debian has published other packages since: run make image again"
    assert contents(first) == contents(second)
    digests = []
    for archive in (first, second):
        with open(archive, "rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    assert digests[0] == digests[1]


@pytest.mark.parametrize("target", ["slim", "latest"])
def test_the_image_has_its_bill_of_materials(target):
    root = IMAGES / target / "rootfs"
    document = json.loads((root / "usr/share/doc/malachite/sbom.spdx.json").read_text())
    status = (root / "var/lib/dpkg/status").read_text()
    stanzas = [one for one in status.split("\n\n") if "\nStatus: install ok installed\n" in one]
    installed = {re.match(r"Package: (\S+)", one)[1] for one in stanzas}
    assert installed and names_of(document) - {"malachite", "preact", "esbuild"} == installed
    assert ("postgresql-15" in installed) == (target == "latest")
    pytest.importorskip("jsonschema", reason="apt-get install python3-jsonschema").validate(document, SCHEMA)


def test_it_migrates_offline_and_online_and_keeps_all_in_the_volume(volume):
    with Container(volume, healthy=True) as container:
        assert container.execute("id", "-u").stdout == "65534\n"
        assert container.execute("touch", "/usr/x").returncode != 0, "the root file system is writable"
        malachite = Malachite(container)
        pair = Pair(malachite, malachite.provision("source"), malachite.provision("target"))
        pair.source.postgres.execute("ALTER SYSTEM SET wal_level = logical")
        for name in ("offline", "online"):
            pair.source.postgres.create_database(name)
            pair.source.postgres.psql(TABLE, name)
        # The image has no LLVM: a query that PostgreSQL would compile runs all the same.
        pair.source.postgres.psql("SET jit = on; SET jit_above_cost = 0; SELECT sum(id + 1) FROM item", "offline")
        offline = pair.put(["offline"])
        offline.succeed()
        assert not differences(pair, "offline")
        online = put_online(pair, ["online"])
        reach_wait(online)
        pair.source.postgres.execute("INSERT INTO item VALUES (501, 'late')", dbname="online")
        cut_over(online)
        assert not differences(pair, "online")
        assert container.stop() == 0, container.text()
    with Container(volume, healthy=True) as container:
        again = Malachite(container)
        names = again.arm.migrations(pair.target)
        assert set(names) == {offline.name, online.name}
        again.find(pair.target)
        assert pair.target.postgres.value("SELECT count(*) FROM item", dbname="online") == 501
        assert container.stop() == 0, container.text()


def test_the_client_of_the_image_migrates_between_servers_of_the_user(volume):
    with Postgres() as source, Postgres() as target:
        source.create_database("shop")
        source.psql(TABLE, "shop")
        uris = [
            f"--{side}=postgresql://{postgres.superuser}@{postgres.host}:{postgres.port}{path}"
            for side, postgres, path in (("source", source, "/shop"), ("target", target, ""))
        ]
        secrets = {"MALACHITE_SOURCE_PASSWORD": source.password, "MALACHITE_TARGET_PASSWORD": target.password}
        with Container(volume, "slim", arguments=["migrate", *uris], environment=secrets) as client:
            assert client.wait(60) == 0, client.text()
        assert target.value("SELECT count(*) FROM item", dbname="shop") == 500
        target.psql("DELETE FROM item", "shop")
        # As in docker/compose.yaml: a server of the same image, and a client that ends.
        with Container(volume, "slim", healthy=True) as server:
            there = ["migrate", "--server=http://127.0.0.1:8080", "--overwrite", *uris]
            with Container(volume, "slim", arguments=there, environment=secrets) as client:
                assert client.wait(60) == 0, client.text()
            assert target.value("SELECT count(*) FROM item", dbname="shop") == 500
            assert server.stop() == 0, server.text()


def test_the_init_folder_runs_once_before_the_container_is_healthy(volume):
    gate = volume / "gate"
    init = {
        "1.json": REQUESTS,
        "2.sh": 'echo "at $MALACHITE_URL"; until [ -e /var/lib/malachite/gate ]; do sleep 0.1; done',
    }
    with Container(volume, "slim", init=init) as container:
        wait_until(lambda: "at http://127.0.0.1:8080" in container.text(), 60, "the script of the init folder")
        assert not container.is_healthy(), "healthy while the init folder runs"
        gate.touch()
        container.wait_until_healthy()
        container.arm().get(GROUP)
        assert container.stop() == 0, container.text()
    with Container(volume, "slim", init=init, healthy=True) as container:
        assert "at http" not in container.text(), "the init folder ran a second time"
        container.arm().get(GROUP)
        assert container.stop() == 0, container.text()


@pytest.mark.parametrize(
    "name, text", [("1.sh", "exit 3"), ("1.json", REQUESTS.replace("eastus", "")), ("1.json", "no JSON")]
)
def test_a_failing_init_file_stops_the_start(volume, name, text):
    with Container(volume, "slim", init={name: text}) as container:
        assert container.wait(60) == 1, container.text()
        assert f"/docker-entrypoint-init.d/{name} failed" in container.text()
    # It is not taken for initialised: the mended folder runs.
    with Container(volume, "slim", init={"1.json": REQUESTS}, healthy=True) as container:
        container.arm().get(GROUP)


def test_a_stop_ends_a_script_of_the_init_folder_in_time(volume):
    with Container(volume, "slim", init={"1.sh": "echo began; sleep 600"}) as container:
        wait_until(lambda: "began" in container.text(), 60, "the script of the init folder")
        assert container.stop() == 0, container.text()
