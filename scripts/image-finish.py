#!/usr/bin/python3
"""Finishes a container image in place: image-finish.py ARCHIVE (docker-archive, of buildah)

Adds a layer with the software bill of materials, /usr/share/doc/malachite/sbom.spdx.json, also written beside the
archive. Removes what buildah draws by chance - container id, host name, the id of the stage before - so that two
builds of the same sources give the same image id, and the same bytes."""

import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

SBOM = "usr/share/doc/malachite/sbom.spdx.json"
# What sbom.py reads. A later layer replaces the file of an earlier one.
SOURCES = {"var/lib/dpkg/status": "status", "usr/lib/os-release": "os-release"}


def make_sbom(archive, layers):
    with tempfile.TemporaryDirectory() as folder:
        for layer in layers:
            with tarfile.open(fileobj=archive.extractfile(layer)) as files:
                for member in files:
                    name = SOURCES.get(member.name.removeprefix("./"))
                    if name and member.isfile():
                        (pathlib.Path(folder) / name).write_bytes(files.extractfile(member).read())
        script = pathlib.Path(__file__).with_name("sbom.py")
        return subprocess.run([script, "status", f"{folder}/status"], check=True, stdout=subprocess.PIPE).stdout


def add_file(files, name, content, epoch, kind=tarfile.REGTYPE, mode=0o644):
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime, member.size = kind, mode, epoch, len(content)
    files.addfile(member, io.BytesIO(content))


def make_layer(sbom, epoch):
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.USTAR_FORMAT) as files:
        add_file(files, str(pathlib.PurePath(SBOM).parent), b"", epoch, tarfile.DIRTYPE, 0o755)
        add_file(files, SBOM, sbom, epoch)
    return output.getvalue()


def clean(config, layer):
    for name in ("container", "container_config", "parent"):
        config.pop(name, None)
    config["config"]["Hostname"] = ""
    for step in config["history"]:
        step.pop("comment", None)  # "FROM" with the id of the stage before
    config["rootfs"]["diff_ids"].append("sha256:" + hashlib.sha256(layer).hexdigest())
    config["history"].append({"created": config["created"], "created_by": f"COPY sbom.spdx.json /{SBOM}"})
    return json.dumps(config, sort_keys=True).encode()


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: image-finish.py ARCHIVE")
    path = pathlib.Path(sys.argv[1])
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    new = path.with_suffix(".new")
    with tarfile.open(path) as archive, tarfile.open(new, "w", format=tarfile.GNU_FORMAT) as output:
        [manifest] = json.load(archive.extractfile("manifest.json"))
        sbom = make_sbom(archive, manifest["Layers"])
        layer = make_layer(sbom, epoch)
        config = clean(json.load(archive.extractfile(manifest["Config"])), layer)
        for name in manifest["Layers"]:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = archive.getmember(name).size, epoch
            output.addfile(member, archive.extractfile(name))
        add_file(output, hashlib.sha256(layer).hexdigest() + ".tar", layer, epoch)
        manifest["Layers"].append(hashlib.sha256(layer).hexdigest() + ".tar")
        manifest["Config"] = hashlib.sha256(config).hexdigest() + ".json"
        add_file(output, manifest["Config"], config, epoch)
        add_file(output, "manifest.json", json.dumps([manifest]).encode(), epoch)
    new.replace(path)
    path.with_suffix(".spdx.json").write_bytes(sbom)


if __name__ == "__main__":
    main()
