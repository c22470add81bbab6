#!/usr/bin/env bash
# Keeps the include rule of the rooms (tests/lint/allow.txt). Only server/ sees everything.
set -euo pipefail
cd "$(dirname "$0")/../.."

awk '
    FILENAME ~ /allow\.txt$/ {
        if ($1 == "library") {
            for (i = 3; i <= NF; i++) library[$2] = library[$2] " " $i
        } else if ($1 !~ /^#/) {
            for (i = 2; i <= NF; i++) allowed[$1] = allowed[$1] " " $i
        }
        next
    }
    /^#include "/ {
        split($0, part, "\"")
        room = FILENAME
        sub(/\/.*/, "", room)
        good = 0
        count = split(allowed[room], prefixes, " ")
        for (i = 1; i <= count; i++) good = good || index(part[2], prefixes[i]) == 1
        if (!good) { print FILENAME ": may not include \"" part[2] "\""; bad = 1 }
    }
    /^#include </ {
        split($0, part, /[<>]/)
        room = FILENAME
        sub(/\/.*/, "", room)
        if (part[2] in library && index(library[part[2]] " ", " " room " ") == 0) {
            print FILENAME ": may not include <" part[2] ">"
            bad = 1
        }
    }
    END { exit bad }
' tests/lint/allow.txt core/*.[ch] store/*.[ch] engine/*.[ch] executor/*.[ch] handlers/*.[ch] server/*.[ch]
