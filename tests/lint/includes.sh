#!/usr/bin/env bash
# Keeps the include rule of the rooms (tests/lint/allow.txt). Only server/main.c and server/routes.c see everything.
set -euo pipefail
cd "$(dirname "$0")/../.."
allow=tests/lint/allow.txt
bad=0

complain() {
    echo "$1: may not include $2"
    bad=1
}

allowed_prefix() { # room, header
    local prefix
    for prefix in $(awk -v room="$1" '$1 == room { $1 = ""; print }' "$allow"); do
        [[ $2 == "$prefix"* ]] && return 0
    done
    return 1
}

allowed_library() { # room, header
    local rooms
    rooms=$(awk -v header="$2" '$1 == "library" && $2 == header { $1 = $2 = ""; print }' "$allow")
    [[ -z $rooms || " $rooms " == *" $1 "* ]]
}

while IFS=: read -r file header; do
    room=${file%%/*}
    allowed_prefix "$room" "$header" || complain "$file" "\"$header\""
done < <(grep -oE '^#include "[^"]+"' core/*.[ch] store/*.[ch] engine/*.[ch] executor/*.[ch] handlers/*.[ch] server/*.[ch] |
    sed -E 's/#include "([^"]+)"/\1/')

while IFS=: read -r file header; do
    allowed_library "${file%%/*}" "$header" || complain "$file" "<$header>"
done < <(grep -oE '^#include <[^>]+>' core/*.[ch] store/*.[ch] engine/*.[ch] executor/*.[ch] handlers/*.[ch] server/*.[ch] |
    sed -E 's/#include <([^>]+)>/\1/')

exit "$bad"
