"""What SPDX 2.3 requires of a JSON document, as far as ours uses it: the fields and words of its published schema."""

TEXT = {"type": "string", "minLength": 1}
ID = {"type": "string", "pattern": r"^SPDXRef-[A-Za-z0-9.-]+$"}
LICENSE = {"type": "string", "pattern": r"^(NOASSERTION|NONE|[A-Za-z0-9.+() -]+)$"}


def fields(required, **more):
    return {
        "type": "object",
        "properties": {**required, **more},
        "required": sorted(required),
        "additionalProperties": False,
    }


CHECKSUM = fields(
    {
        "algorithm": {"enum": ["SHA1", "SHA256", "SHA384", "SHA512"]},
        "checksumValue": {"type": "string", "pattern": "^[0-9a-f]{40,128}$"},
    }
)
REFERENCE = fields(
    {
        "referenceCategory": {"enum": ["OTHER", "PERSISTENT-ID", "SECURITY", "PACKAGE-MANAGER"]},
        "referenceLocator": {"type": "string", "pattern": "^pkg:[a-z]+/[^ @]+@[^ @]+$"},
        "referenceType": {"const": "purl"},
    }
)
PACKAGE = fields(
    {
        "SPDXID": ID,
        "name": TEXT,
        "downloadLocation": {"type": "string", "pattern": "^(NOASSERTION|NONE|https://.+)$"},
        "versionInfo": TEXT,
        "externalRefs": {"type": "array", "items": REFERENCE, "minItems": 1},
        "filesAnalyzed": {"const": False},
    },
    licenseConcluded=LICENSE,
    licenseDeclared=LICENSE,
    licenseComments=TEXT,
    copyrightText=TEXT,
    sourceInfo=TEXT,
    supplier={"type": "string", "pattern": "^(Person|Organization): .+|NOASSERTION$"},
    checksums={"type": "array", "items": CHECKSUM},
    primaryPackagePurpose={"enum": ["APPLICATION", "LIBRARY", "CONTAINER", "OPERATING_SYSTEM", "OTHER"]},
)
RELATIONSHIP = fields(
    {
        "spdxElementId": ID,
        "relatedSpdxElement": ID,
        "relationshipType": {"enum": ["DESCRIBES", "CONTAINS", "DEPENDS_ON", "BUILD_TOOL_OF"]},
    }
)
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **fields(
        {
            "spdxVersion": {"const": "SPDX-2.3"},
            "dataLicense": {"const": "CC0-1.0"},
            "SPDXID": {"const": "SPDXRef-DOCUMENT"},
            "name": TEXT,
            "documentNamespace": {"type": "string", "pattern": "^https://[^# ]+$"},
            "creationInfo": fields(
                {
                    "created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                    "creators": {
                        "type": "array",
                        "items": {"type": "string", "pattern": "^(Tool|Person|Organization): .+"},
                        "minItems": 1,
                    },
                }
            ),
            "packages": {"type": "array", "items": PACKAGE, "minItems": 1},
            "relationships": {"type": "array", "items": RELATIONSHIP, "minItems": 1},
        }
    ),
}


def names_of(document):
    """The names of the packages of a sound document; every element that a relationship names exists."""
    ids = [package["SPDXID"] for package in document["packages"]]
    assert len(ids) == len(set(ids)), "an id is there twice"
    known = {"SPDXRef-DOCUMENT", *ids}
    related = set()
    for one in document["relationships"]:
        assert {one["spdxElementId"], one["relatedSpdxElement"]} <= known, one
        related |= {one["spdxElementId"], one["relatedSpdxElement"]}
    assert related == known, known - related
    described = [one for one in document["relationships"] if one["relationshipType"] == "DESCRIBES"]
    assert [one["relatedSpdxElement"] for one in described] == ["SPDXRef-Package-malachite"]
    return {package["name"] for package in document["packages"]}
