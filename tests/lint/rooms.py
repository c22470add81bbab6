#!/usr/bin/env python3
"""Checks the structure of the sources against tests/lint/rooms.txt.

* A file includes headers of its own room, and public headers of the rooms that the table names.
* A header that ends in _private.h is included in its own room only.
* What a header declares, the source of the same name defines, or one that continues its name: for x.h and x_private.h
  x.c or x_*.c. The header that is named after its room may declare whatever the room defines.
* No two files include each other, directly or around a circle.
"""

import fnmatch
import os
import re
import subprocess
import sys

TABLE = "tests/lint/rooms.txt"
ROOTS = ("core", "store", "engine", "executor", "handlers", "server", "client", "app")


def read_table():
    rooms, libraries, declared_elsewhere, circles = {}, {}, {}, []
    with open(TABLE, encoding="utf-8") as table:
        for line in table:
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "library":
                libraries[words[1]] = words[2:]
            elif words[0] == "declares":
                declared_elsewhere.setdefault(words[1], []).extend(words[2:])
            elif words[0] == "circle":
                circles.append(frozenset(words[1:]))
            else:
                rooms[words[0]] = words[1:]
    return rooms, libraries, declared_elsewhere, circles


def sources():
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *ROOTS], text=True
    ).split("\n")
    return [name for name in listed if name.endswith((".c", ".h")) and os.path.exists(name)]


def matches(room, patterns):
    return any(fnmatch.fnmatch(room, pattern) for pattern in patterns)


def check_includes(texts, rooms, libraries):
    for name, text in texts.items():
        room = os.path.dirname(name)
        if room not in rooms:
            yield f"{name}: its folder is not in {TABLE}"
            continue
        for header in re.findall(r'^#include "([^"]+)"', text, re.M):
            owner = os.path.dirname(header)
            if owner in ("", room):
                continue
            if header.endswith("_private.h"):
                yield f"{name}: may not include {header}, which is private to {owner}/"
            elif not matches(owner, rooms[room]):
                yield f"{name}: {room}/ may not see {owner}/ ({header})"
        for header in re.findall(r"^#include <([^>]+)>", text, re.M):
            if header in libraries and not matches(room, libraries[header]):
                yield f"{name}: may not include <{header}>"


def strip(text):
    """Without comments, strings and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"'(?:\\.|[^'\\])'", "0", text)
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    return re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.M)


def declared(text):
    text = strip(text)
    depth, flat = 0, []
    for character in text:
        depth += character == "{"
        if depth == 0:
            flat.append(character)
        depth -= character == "}"
    for statement in "".join(flat).split(";"):
        found = re.match(r"(?!typedef|static|extern)[\w\s\*]*?\b(\w+)\s*\((?!\*)", statement.strip())
        if found and not re.match(r"\s*(struct|enum|union)\s+\w*\s*$", statement):
            yield found.group(1)


def defined(text):
    return set(re.findall(r"^(?!static\b)[A-Za-z_][\w\s\*]*?\b(\w+)\([^;{]*\)\s*\{", strip(text), re.M))


def check_declarations(texts, declared_elsewhere):
    for name, text in texts.items():
        if not name.endswith(".h"):
            continue
        stem = re.sub(r"(_private)?\.h$", "", name)
        room = os.path.dirname(name)
        pattern = (
            r"\w+\.c" if os.path.basename(stem) == os.path.basename(room) else os.path.basename(stem) + r"(_\w+)?\.c"
        )
        homes = [other for other in texts if re.fullmatch(re.escape(room) + "/" + pattern, other)]
        have = set().union(*(defined(texts[home]) for home in homes)) if homes else set()
        excused = declared_elsewhere.get(name, [])
        for function in declared(text):
            if function not in have and function not in excused and "*" not in excused:
                yield f"{name}: declares {function}(), which {os.path.basename(stem)}.c does not define"


def unit(name):
    """A source, its header and its private header are one."""
    return re.sub(r"(_private)?\.[ch]$", "", name)


def circles_of(texts):
    """Strongly connected components of more than one file, a source and its header being one (Tarjan)."""
    edges = {}
    for name, text in texts.items():
        for header in re.findall(r'^#include "([^"]+)"', text, re.M):
            if header in texts and unit(header) != unit(name):
                edges.setdefault(unit(name), set()).add(unit(header))
        edges.setdefault(unit(name), set())
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in edges[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while not component or component[-1] != node:
                component.append(stack.pop())
                on_stack.discard(component[-1])
            if len(component) > 1:
                found.append(sorted(component))

    sys.setrecursionlimit(10000)
    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def main():
    rooms, libraries, declared_elsewhere, excused_circles = read_table()
    texts = {}
    for name in sources():
        with open(name, encoding="utf-8") as file:
            texts[name] = file.read()
    problems = list(check_includes(texts, rooms, libraries))
    problems += check_declarations(texts, declared_elsewhere)
    problems += [
        "a circle of files: " + " ".join(circle)
        for circle in circles_of(texts)
        if frozenset(circle) not in excused_circles
    ]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
