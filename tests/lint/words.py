#!/usr/bin/env python3
"""Finds the phrases of words.txt in the texts that users see: string literals of C, and the portal.

Prints FILE:LINE, the phrase, its text and what to write instead, and fails if there is any.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
RUN = re.compile(LITERAL + r"(?:(?:\s|\\\n)*" + LITERAL + r")*")


def phrases():
    for line in (HERE / "words.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, instead = line.split("\t")
            yield re.compile(pattern, re.IGNORECASE), instead


def blank_comments(text, pattern):
    """Comments become blank lines, so that line numbers stay. Strings are matched first, as they may hold "//"."""

    def blank(match):
        return match[0] if match[0][0] in "\"'`" else "\n" * match[0].count("\n")

    return re.sub(pattern, blank, text, flags=re.DOTALL)


def texts_of_c(source):
    source = blank_comments(source, r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/')
    for match in RUN.finditer(source):
        text = "".join(re.findall(LITERAL, match[0]))
        if " " in text:
            yield source.count("\n", 0, match.start()) + 1, text.replace("\\n", " ")


def texts_of_portal(source):
    """Everything but comments: code does not hold these phrases."""
    source = blank_comments(source, r"'(?:[^'\\\n]|\\.)*'|`[^`]*`|/\*.*?\*/|(?<!:)//[^\n]*")
    for match in re.finditer(r"[^<>{}]+", source):
        yield source.count("\n", 0, match.start()) + 1 + leading_lines(match[0]), " ".join(match[0].split())


def leading_lines(text):
    return text[: len(text) - len(text.lstrip())].count("\n")


def sources():
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    for name in names:
        path = ROOT / name
        if name.startswith("tests/") or not path.is_file():
            continue
        if name.endswith((".c", ".h")):
            yield name, texts_of_c(path.read_text())
        elif name.startswith("portal/src/") and name.endswith((".jsx", ".js", ".html")):
            yield name, texts_of_portal(path.read_text())


def main():
    rules = list(phrases())
    found = 0
    for name, texts in sources():
        for line, text in texts:
            for pattern, instead in rules:
                for match in pattern.finditer(text):
                    start, end = max(0, match.start() - 40), match.end() + 40
                    print(f'{name}:{line}: "{match[0].strip()}" in "{text[start:end]}": {instead}')
                    found += 1
    return 1 if found else 0


sys.exit(main())
