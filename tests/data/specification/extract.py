#!/usr/bin/env python3
"""Makes paths.json and properties.json of this folder from the published specifications.

    extract.py SPECIFICATIONS BICEP_TYPES

SPECIFICATIONS: a folder per api-version with the Swagger files of Microsoft.DBforPostgreSQL, from
https://github.com/Azure/azure-rest-api-specs. BICEP_TYPES: a folder per api-version with a types.json, from
https://github.com/Azure/bicep-types-az (generated/postgresql/microsoft.dbforpostgresql). Both are MIT-licensed.
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
METHODS = ("get", "put", "patch", "post", "delete", "head")
REQUIRED, READ_ONLY, WRITE_ONLY = 1, 2, 4  # flags of a property in types.json


def normal(path):
    """Names of parameters and the case of letters make no difference."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/").lower()


def paths_of(folder):
    found = {}
    for version in sorted(path for path in folder.iterdir() if re.match(r"\d{4}-", path.name)):
        for file in sorted(version.glob("*.json")):
            for path, methods in json.loads(file.read_text()).get("paths", {}).items():
                for method in METHODS:
                    if method in methods:
                        found.setdefault(f"{method.upper()} {normal(path)}", []).append(version.name)
    return found


class Types:
    def __init__(self, file):
        self.all = json.loads(file.read_text())

    def get(self, reference):
        return self.all[int(reference["$ref"].rsplit("/", 1)[1])]

    def resources(self):
        for kind in self.all:
            if kind["$type"] == "ResourceType":
                yield kind["name"].split("@")[0], self.get(kind["body"])

    def properties(self, kind, path="", seen=(), above=0):
        """(path, flags) of all members, those of lists as name[]. What stands in a read-only object is read-only."""
        if kind["$type"] == "ArrayType":
            yield from self.properties(self.get(kind["itemType"]), path + "[]", seen, above)
        if kind["$type"] not in ("ObjectType", "DiscriminatedObjectType") or id(kind) in seen:
            return
        members = {**kind.get("properties", {}), **kind.get("baseProperties", {})}
        for name, member in members.items():
            below = f"{path}.{name}" if path else name
            flags = member["flags"] | above
            yield below, flags
            yield from self.properties(self.get(member["type"]), below, (*seen, id(kind)), flags & READ_ONLY)
        for element in kind.get("elements", {}).values():
            yield from self.properties(self.get(element), path, (*seen, id(kind)), above)


def properties_of(folder):
    """{type: {path: [first version, last version, access]}}"""
    found = {}
    for version in sorted(path for path in folder.iterdir() if (path / "types.json").exists()):
        types = Types(version / "types.json")
        for name, body in types.resources():
            for path, flags in types.properties(body):
                access = "read" if flags & READ_ONLY else "write" if flags & WRITE_ONLY else "both"
                row = found.setdefault(name, {}).setdefault(path, [version.name, None, None])
                row[1:] = [version.name, access]
    return found


def main():
    specifications, bicep = map(pathlib.Path, sys.argv[1:])
    for name, found in (("paths", paths_of(specifications)), ("properties", properties_of(bicep))):
        lines = json.dumps(found, indent=1, sort_keys=True)
        lines = re.sub(r"\[\s+([^\]]*?)\s+\]", lambda match: "[" + re.sub(r"\s+", " ", match[1]) + "]", lines)
        (HERE / f"{name}.json").write_text(lines + "\n")


main()
