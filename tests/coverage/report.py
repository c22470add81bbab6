#!/usr/bin/env python3
"""Lines that ran, per room, as gcov counts them, against the floors in tests/coverage/floors.txt.

    tests/coverage/report.py build/coverage          # fails when a room is below its floor
    tests/coverage/report.py build/coverage --files  # also each file, the least covered first
"""

import collections
import concurrent.futures
import glob
import json
import os
import subprocess
import sys

FLOORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "floors.txt")
# These have rooms within them.
OUTER = ("engine", "executor", "handlers")


def room_of(path):
    parts = path.split("/")[:-1]
    return "/".join(parts[:2]) if parts[0] in OUTER else parts[0]


def read_floors():
    with open(FLOORS) as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return {room: int(percent) for room, percent in rows}


def lines_of(notes):
    """{source: {line: count}} of one object file."""
    answer = subprocess.run(
        ["gcov", "--json-format", "--stdout", notes], capture_output=True, text=True, check=True, timeout=60
    )
    found = {}
    for document in answer.stdout.splitlines():
        if not document.startswith("{"):
            continue
        for file in json.loads(document)["files"]:
            path = os.path.relpath(file["file"])
            if path.endswith(".c") and not path.startswith(("..", "build", "tests")):
                lines = found.setdefault(path, {})
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[number] = max(lines.get(number, 0), line["count"])
    return found


def main():
    build = sys.argv[1]
    notes = [path for path in glob.glob(f"{build}/**/*.gcno", recursive=True) if not path.startswith(f"{build}/unit/")]
    rooms = collections.defaultdict(lambda: [0, 0])
    files = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lines_of, notes):
            for path, lines in found.items():
                ran = sum(1 for count in lines.values() if count > 0)
                files[path] = (ran, len(lines))
                rooms[room_of(path)][0] += ran
                rooms[room_of(path)][1] += len(lines)
    floors = read_floors()
    failed = 0
    for room, (ran, lines) in sorted(rooms.items()):
        percent = 100 * ran / lines
        floor = floors.get(room)
        bad = floor is not None and percent < floor
        failed += bad
        wanted = "no floor" if floor is None else f"floor {floor}"
        print(f"{'FAILED' if bad else 'ok    '}  coverage: {room:<24} {percent:5.1f} % of {lines:5} lines, {wanted}")
    for room in floors.keys() - rooms.keys():
        print(f"FAILED  coverage: {room} has a floor and no lines")
        failed += 1
    if "--files" in sys.argv:
        for path, (ran, lines) in sorted(files.items(), key=lambda item: item[1][0] / max(1, item[1][1])):
            print(f"{100 * ran / max(1, lines):5.1f} % of {lines:4} lines  {path}")
    ran, lines = (sum(row[i] for row in rooms.values()) for i in (0, 1))
    print(
        f"coverage: {100 * ran / max(1, lines):.1f} % of {lines} lines; {len(rooms) - failed} passed, {failed} failed"
    )
    sys.exit(1 if failed or not rooms else 0)


if __name__ == "__main__":
    main()
