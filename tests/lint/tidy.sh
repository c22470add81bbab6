#!/usr/bin/env bash
# clang-format and clang-tidy, both at the version of Debian 12 (14).
set -euo pipefail
cd "$(dirname "$0")/../.."
case ${1:-} in
format)
    clang-format --dry-run -Werror core/*.[ch] store/*.[ch] engine/*.[ch] executor/*.[ch] handlers/*.[ch] server/*.[ch] \
        tests/unit/*.[ch]
    ;;
tidy)
    make -s build/release/gen/schema.inc
    printf '%s\n' core/*.c store/*.c engine/*.c executor/*.c handlers/*.c server/*.c |
        xargs -P "$(nproc)" -n 1 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE \
            -DMALACHITE_VERSION="\"lint\"" -I. -Ibuild/release/gen -isystem "$(pg_config --includedir)" 2>/dev/null' tidy
    ;;
*)
    echo "usage: tidy.sh format|tidy" >&2
    exit 2
    ;;
esac
