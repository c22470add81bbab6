#!/usr/bin/env bash
# Files of at most 400 lines, functions of at most 80: what a reader can hold in mind.
set -euo pipefail
cd "$(dirname "$0")/../.."

git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.py' '*.sh' '*.sql' | xargs wc -l |
    awk '$2 != "total" && $1 > 400 && $2 !~ /^docker\/sample\// { print $2 ": " $1 " lines"; bad = 1 } END { exit bad }' || exit 1

git ls-files --cached --others --exclude-standard '*.c' | xargs awk '
    FNR == 1 { start = 0; name = "" }
    /^[A-Za-z_].*\(/ && !/;[ \t]*$/ { name = $0 }
    /^\{/ { start = FNR }
    /^\}/ {
        if (start && FNR - start > 80) {
            printf "%s:%d: %d lines: %.60s\n", FILENAME, start, FNR - start, name
            bad = 1
        }
        start = 0
    }
    END { exit bad }'
