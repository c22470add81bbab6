#!/usr/bin/env bash
# clang-format and clang-tidy, both at the version of Debian 12 (14).
set -euo pipefail
cd "$(dirname "$0")/../.."
rooms=(core store engine executor handlers server client app)

sources() { # c or h; the paths have no spaces
    git ls-files --cached --others --exclude-standard -- "${rooms[@]/%//*.$1}"
}

case ${1:-} in
format)
    {
        sources c
        sources h
        git ls-files --cached --others --exclude-standard -- 'tests/unit/*.[ch]' 'tests/fuzz/*.[ch]' 'tests/memory/*.[ch]'
    } | xargs clang-format --dry-run -Werror
    ;;
tidy)
    make -s build/release/gen/schema.inc
    sources c |
        xargs -P "$(nproc)" -n 1 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE \
            -DMALACHITE_VERSION="\"lint\"" -I. -Ibuild/release/gen -isystem "$(pg_config --includedir)" 2>/dev/null' tidy
    ;;
*)
    echo "usage: tidy.sh format|tidy" >&2
    exit 2
    ;;
esac
