#!/usr/bin/env bash
# Runs the unit tests of one build mode: unit.sh DIRECTORY [ROOM...]. Prints the output of those that fail, then the
# counts. MALACHITE_TEST_SLOWNESS (1) multiplies the time that a program has.
set -uo pipefail
directory=${1:?usage: unit.sh DIRECTORY [ROOM...]}
shift
rooms=("${@:-*}")
slowness=${MALACHITE_TEST_SLOWNESS:-1}
passed=0
failed=0
skipped=0

count_in() { # word: PASSED, FAILED or SKIPPED, as cmocka prints them
    grep -oE "\[  $1  \] [0-9]+ test" <<<"$output" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }'
}

programs=()
for room in "${rooms[@]}"; do
    # shellcheck disable=SC2206 # a room may be a pattern
    programs+=("$directory"/$room/test_*)
done
for program in "${programs[@]}"; do
    [[ -x $program && ! -d $program && $program != *.d ]] || continue
    output=$(timeout $((300 * ${slowness%%.*})) "$program" 2>&1)
    status=$?
    good=$(count_in PASSED)
    bad=$(count_in FAILED)
    # A crash or a sanitizer's report ends the program without cmocka's own count.
    [[ $status -ne 0 && $bad -eq 0 ]] && bad=1
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + $(count_in SKIPPED)))
    if [[ $status -ne 0 ]]; then
        printf '%s\nFAILED  %s\n' "$output" "$program"
    fi
done
echo "unit: $passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $passed -gt 0 ]]
