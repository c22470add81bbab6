#!/usr/bin/python3
"""Whether the Markdown pages lead somewhere: links and files that they name exist, and the README stays short.

Prints one line per fault. A file counts as named when it stands in backquotes with its folder: `store/rows/rows.h`.
"""

import pathlib
import re
import subprocess
import sys

README_LINES = 150
LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:c|h|py|sh|mjs|jsx|txt|sql|md|json|http))`")


def pages():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [pathlib.Path(path) for path in listed if path and pathlib.Path(path).exists()]


def faults_of(page):
    for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
        for target in (match.group(1) for match in LINK.finditer(line)):
            if not (page.parent / target).exists():
                yield f"{page}:{number}: the link leads nowhere: {target}"
        for path in FILE.findall(line):
            if not path.startswith("build/") and not pathlib.Path(path).exists():
                yield f"{page}:{number}: no such file: {path}"
    lines = page.read_text(encoding="utf-8").count("\n")
    if str(page) == "README.md" and lines > README_LINES:
        yield f"{page}: {lines} lines, at most {README_LINES} are allowed"


def main():
    faults = [fault for page in pages() for fault in faults_of(page)]
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
