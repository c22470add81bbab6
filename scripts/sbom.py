#!/usr/bin/python3
"""The software bill of materials of Malachite, as SPDX 2.3 JSON on standard output.

  sbom.py program FILE    the program: Debian's packages that FILE links with
  sbom.py status FILE     an image: all of Debian's packages in FILE, a copy of /var/lib/dpkg/status

What the portal bundles comes from portal/package-lock.json. The same input and SOURCE_DATE_EPOCH give the same bytes."""

import base64
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOCK = ROOT / "portal/package-lock.json"
BUNDLED = {"preact"}  # the other packages of the lock file only build
MALACHITE = "SPDXRef-Package-malachite"


def spdx_id(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", lambda odd: f"-{ord(odd[0]):x}-", name)


def package(identity, name, version, locator, **more):
    return {
        "SPDXID": identity,
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}
        ],
        **more,
    }


def purl(text):
    """Of characters that a version may have, "+" and ":" need a code."""
    return text.replace("%", "%25").replace("+", "%2B").replace(":", "%3A")


def read_status(text):
    """Stanzas of dpkg's database, of packages that are installed."""
    for stanza in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.M))
        if fields.get("Status", "").endswith(" installed"):
            yield fields


def distribution(folder):
    """For purls: "debian-12". The folder of a copied status may have a copy of os-release, too."""
    copied = folder / "os-release"
    text = (copied if copied.exists() else pathlib.Path("/etc/os-release")).read_text()
    fields = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)', text, re.M))
    return f"{fields['ID']}-{fields.get('VERSION_ID', 'unknown')}"


def debian_package(fields, distro):
    name, version, source = fields["Package"], fields["Version"], fields.get("Source", fields["Package"])
    locator = f"pkg:deb/debian/{purl(name)}@{purl(version)}?arch={fields['Architecture']}&distro={distro}"
    return package(
        spdx_id("deb", f"{name}-{fields['Architecture']}"),
        name,
        version,
        locator,
        supplier="Organization: Debian",
        sourceInfo=f"built from the source package {source}",
        licenseComments=f"see /usr/share/doc/{name}/copyright",
    )


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def owners_of(libraries):
    """With merged /usr, dpkg may know a library by either of two paths."""
    paths = {library: {library, f"/usr{library}", library.removeprefix("/usr")} for library in libraries}
    every = sorted(set().union(*paths.values()))
    # It fails when one of the paths is unknown, and prints the others.
    found = subprocess.run(["dpkg-query", "-S", *every], capture_output=True, text=True, check=False).stdout
    owners = {path: names.split(",")[0] for names, path in re.findall(r"^(\S.*?): (/.*)$", found, re.M)}
    for library, candidates in paths.items():
        if not candidates & set(owners):
            sys.exit(f"sbom.py: no package of Debian owns {library}")
    return sorted(set(owners.values()))


def linked_packages(program):
    libraries = set(re.findall(r"(/\S+) \(0x", run("ldd", program)))
    return list(read_status(run("dpkg-query", "-s", *owners_of(libraries)))) if libraries else []


def npm_packages():
    if "portal_file_count = 0" in (ROOT / "build/portal/files.c").read_text():
        return  # built without the portal
    for folder, fields in sorted(json.loads(LOCK.read_text())["packages"].items()):
        name = folder.split("node_modules/")[-1]
        if not folder or "/" in name:  # the builds of esbuild for each machine are parts of esbuild
            continue
        algorithm, digest = fields["integrity"].split("-", 1)
        yield package(
            spdx_id("npm", name),
            name,
            fields["version"],
            f"pkg:npm/{name}@{fields['version']}",
            downloadLocation=f"https://registry.npmjs.org/{name}/-/{name}-{fields['version']}.tgz",
            licenseDeclared=fields["license"],
            checksums=[{"algorithm": algorithm.upper(), "checksumValue": base64.b64decode(digest).hex()}],
        )


def document(stanzas, distro):
    version = (ROOT / "VERSION").read_text().strip()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or run("git", "-C", ROOT, "log", "-1", "--format=%ct"))
    debian = sorted((debian_package(one, distro) for one in stanzas), key=lambda one: one["SPDXID"])
    npm = list(npm_packages())
    own = package(MALACHITE, "malachite", version, f"pkg:generic/malachite@{version}", licenseDeclared="MIT")
    own.update(licenseConcluded="MIT", primaryPackagePurpose="APPLICATION")
    links = [("SPDXRef-DOCUMENT", "DESCRIBES", MALACHITE)]
    links += [(MALACHITE, "DEPENDS_ON", one["SPDXID"]) for one in debian]
    links += [
        (MALACHITE, "CONTAINS", one["SPDXID"])
        if one["name"] in BUNDLED
        else (one["SPDXID"], "BUILD_TOOL_OF", MALACHITE)
        for one in npm
    ]
    content = {
        "packages": [own, *debian, *npm],
        "relationships": [
            {"spdxElementId": source, "relationshipType": kind, "relatedSpdxElement": target}
            for source, kind, target in links
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"malachite-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/malachite-{version}-{digest}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: malachite-sbom-{version}"],
        },
        **content,
    }


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("program", "status"):
        sys.exit("usage: sbom.py program FILE | status FILE")
    kind, file = sys.argv[1:]
    stanzas = linked_packages(file) if kind == "program" else read_status(pathlib.Path(file).read_text())
    print(json.dumps(document(stanzas, distribution(pathlib.Path(file).parent)), indent=1))


if __name__ == "__main__":
    main()
