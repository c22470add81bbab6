#!/usr/bin/env bash
# Runs what `make asan` or `make tsan` has built: sanitized.sh asan | tsan [smoke | PYTEST_ARGUMENT...].
# Without arguments all unit and black-box tests; "smoke" is the part that `make test` has time for; else pytest with
# the arguments.
# A report of a sanitizer fails the test that caused it. MALACHITE_TEST_SLOWNESS multiplies the tests' deadlines.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
kind=${1:?usage: sanitized.sh asan | tsan [smoke | PYTEST_ARGUMENT...]}
shift
status=0
results=$(mktemp)
trap 'rm -f "$results"' EXIT

if [[ $kind == asan ]]; then
    build=$PWD/build/address-undefined
    slowness=4
    export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=print_stacktrace=1
else
    build=$PWD/build/thread
    slowness=8
    export TSAN_OPTIONS=second_deadlock_stack=1:history_size=4:suppressions=$PWD/tests/thread-suppressions.txt
fi
export MALACHITE_TEST_SLOWNESS=${MALACHITE_TEST_SLOWNESS:-$slowness}

unit() { # [PATTERN...]
    scripts/unit.sh "$build/unit" "$@" | tee -a "$results"
    [[ ${PIPESTATUS[0]} -eq 0 ]] || status=1
}

api() { # PYTEST_ARGUMENT...
    MALACHITE_BINARY=$build/malachite "${PYTHON:-/usr/bin/python3}" -m pytest -q -n 2 -p no:cacheprovider \
        --timeout 3600 "$@" | tee -a "$results"
    [[ ${PIPESTATUS[0]} -eq 0 ]] || status=1
}

count() { # word, over both runners
    grep -oE "[0-9]+ $1" "$results" | awk '{ sum += $1 } END { print sum + 0 }'
}

if [[ $# -eq 0 ]]; then
    unit
    api tests/api tests/lib
elif [[ $1 == smoke ]]; then
    unit core handlers server store # these start no PostgreSQL
    if [[ $kind == asan ]]; then
        api tests/api/offline/test_migration_offline.py tests/api/offline/test_failures.py
    else # where the most threads meet
        api tests/api/online/test_migration_online.py tests/api/servers/test_races.py
    fi
else
    api "$@"
fi
failed=$(($(count failed) + $(count error)))
[[ $status -eq 0 || $failed -gt 0 ]] || failed=1
echo "$kind: $(count passed) passed, $failed failed, $(count skipped) skipped"
exit "$status"
