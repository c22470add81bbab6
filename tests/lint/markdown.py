#!/usr/bin/python3
"""Lines of Markdown are at most 120 characters long, except for tables and what cannot be broken (a link, a command)."""

import pathlib
import subprocess
import sys

LIMIT = 120
LONGEST_PAGE = 400


def listed():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def complaints(name):
    lines = pathlib.Path(name).read_text(encoding="utf-8").splitlines()
    code = False
    if len(lines) > LONGEST_PAGE and "generated" not in " ".join(lines[:5]):
        yield f"{name}: {len(lines)} lines, at most {LONGEST_PAGE}"
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            code = not code
        breakable = not code and not line.lstrip().startswith("|") and " " in line.strip()[LIMIT // 2 :]
        if len(line) > LIMIT and breakable:
            yield f"{name}:{number}: {len(line)} characters, at most {LIMIT}"
        if line != line.rstrip():
            yield f"{name}:{number}: space at the end of the line"


def main():
    found = [complaint for name in listed() for complaint in complaints(name)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
