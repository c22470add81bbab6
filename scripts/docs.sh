#!/usr/bin/env bash
# Renews the blocks of the README that come from the program itself: options, routes, the substate diagram.
#   docs.sh [--check] PROGRAM      --check changes nothing and fails when a block is out of date
set -euo pipefail
cd "$(dirname "$0")/.."
check=false
if [[ ${1:-} == --check ]]; then
    check=true
    shift
fi
program=${1:?usage: docs.sh [--check] PROGRAM}
new=$(mktemp)
trap 'rm -f "$new"' EXIT

block() { # name
    case $1 in
    options) "$program" help --markdown ;;
    routes) printf '```\n' && "$program" routes && printf '```\n' ;;
    fsm) printf '```mermaid\n' && "$program" fsm && printf '```\n' ;;
    esac
}

while IFS= read -r line; do
    if [[ $line =~ ^'<!-- begin '([a-z]+)' -->'$ ]]; then
        printf '%s\n' "$line"
        block "${BASH_REMATCH[1]}"
        while IFS= read -r line && [[ $line != '<!-- end -->' ]]; do :; done
    fi
    printf '%s\n' "$line"
done <README.md >"$new"

if $check; then
    diff -u README.md "$new"
elif ! cmp -s README.md "$new"; then
    cp "$new" README.md
fi
