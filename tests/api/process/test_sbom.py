"""The software bill of materials: SPDX 2.3, complete, and the same for the same sources."""

import json
import re
import shutil
import subprocess

import pytest
from malachite import ROOT, binary
from spdx import SCHEMA, names_of

SCRIPT = ROOT / "scripts/sbom.py"
pytestmark = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="the packages are those of Debian")


def make(*words, epoch="1700000000"):
    done = subprocess.run(
        [SCRIPT, *words],
        capture_output=True,
        text=True,
        env={"SOURCE_DATE_EPOCH": epoch, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def of_program():
    return make("program", binary())


def test_the_document_has_what_the_schema_requires(of_program):
    jsonschema = pytest.importorskip("jsonschema", reason="apt-get install python3-jsonschema")
    jsonschema.validate(json.loads(of_program), SCHEMA)


def test_every_library_and_every_part_of_the_portal_is_named(of_program):
    document = json.loads(of_program)
    names = names_of(document)
    linked = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=True).stdout
    for library in ("libpq", "libmicrohttpd", "libsqlite3", "libjansson", "libgnutls", "libssl"):
        assert library in linked and any(name.startswith(library) for name in names), library
    packages = {package["name"]: package for package in document["packages"]}
    if "preact" in names:
        lock = json.loads((ROOT / "portal/package-lock.json").read_text())["packages"]["node_modules/preact"]
        assert packages["preact"]["versionInfo"] == lock["version"]
        assert len(packages["preact"]["checksums"][0]["checksumValue"]) == 128
    installed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "libpq5"], capture_output=True, text=True, check=True
    ).stdout
    assert packages["libpq5"]["versionInfo"] == installed


def test_the_same_sources_give_the_same_document(of_program):
    assert make("program", binary()) == of_program
    later = json.loads(make("program", binary(), epoch="1700000001"))
    assert later["creationInfo"]["created"] == "2023-11-14T22:13:21Z"
    assert later["documentNamespace"] == json.loads(of_program)["documentNamespace"]


def test_an_image_has_all_packages_that_are_installed_there(tmp_path):
    stanza = "Package: {}\nStatus: {}\nArchitecture: amd64\nVersion: 1:2.0+x~1\nDescription: a\n b: c\n"
    status = tmp_path / "status"
    status.write_text(
        "\n".join(
            stanza.format(*row)
            for row in (
                ("libstdc++6", "install ok installed"),
                ("removed", "deinstall ok config-files"),
                ("held", "hold ok installed"),
            )
        )
    )
    (tmp_path / "os-release").write_text('NAME="Debian"\nID=debian\nVERSION_ID="13"\n')
    document = json.loads(make("status", status))
    assert names_of(document) & {"libstdc++6", "removed", "held"} == {"libstdc++6", "held"}
    [locator] = re.findall(r"pkg:deb/debian/libstdc[^\"]*", json.dumps(document))
    assert locator == "pkg:deb/debian/libstdc%2B%2B6@1%3A2.0%2Bx~1?arch=amd64&distro=debian-13"
