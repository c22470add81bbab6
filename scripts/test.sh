#!/usr/bin/env bash
# Everything that `make test` checks, and the sum of it on the last line.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0

stage() { # name, command...
    local name=$1
    shift
    echo "== $name"
    "$@" 2>&1 | tee "$results/$name"
    [[ ${PIPESTATUS[0]} -eq 0 ]] || status=1
}

# The last "N passed", "N failed", "N skipped" of a stage, whatever runner wrote it.
count() { # word
    local sum=0 number file
    for file in "$results"/*; do
        number=$(grep -oE "[0-9]+ $1" "$file" | tail -n 1 | grep -oE '^[0-9]+' || true)
        sum=$((sum + ${number:-0}))
    done
    echo "$sum"
}

# Nothing when node is new enough for the tests. Debian 12's node 18 builds the portal, but does not run them.
why_no_node() {
    local version
    if ! command -v node >/dev/null; then
        echo "node is not installed"
        return
    fi
    version=$(node -p process.versions.node)
    if [[ ${version%%.*} -lt 20 ]]; then
        echo "node here is $version"
    elif ! command -v npm >/dev/null; then
        echo "npm is not installed"
    fi
}

stage build make -s -j"$(nproc)" WERROR=1 build
stage unit make -s -j"$(nproc)" WERROR=1 test-unit
# The same inputs on every run, so that a failure is about the change; `make fuzz` draws a seed.
stage fuzz make -s fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-10}" FUZZ_SEED="${FUZZ_SEED:-1}"
stage api make -s test-api
stage asan make -s asan ARGS=smoke
stage tsan make -s tsan ARGS=smoke
reason=$(why_no_node)
if [[ -z $reason ]]; then
    stage clients make -s test-clients
    stage portal make -s test-portal
else
    echo "== clients: left out (the JavaScript SDK and Postman's runner need node 20): $reason"
    echo "== portal: left out (the portal's tests in a browser need node 20): $reason"
fi
stage lint make -s lint

failed=$(($(count failed) + $(count 'error(s)?( |$)')))
[[ $status -eq 0 || $failed -gt 0 ]] || failed=1
echo "$(count passed) passed, $failed failed, $(count skipped) skipped"
exit "$status"
