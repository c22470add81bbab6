#!/usr/bin/env bash
# Runs the unit tests of one build mode: unit.sh DIRECTORY. Prints the output of those that fail, then the counts.
set -uo pipefail
directory=${1:?usage: unit.sh DIRECTORY}
passed=0
failed=0
skipped=0

count_in() { # word: PASSED, FAILED or SKIPPED, as cmocka prints them
    grep -oE "\[  $1  \] [0-9]+ test" <<<"$output" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }'
}

for program in "$directory"/*/test_*; do
    [[ -x $program && ! -d $program && $program != *.d ]] || continue
    output=$(timeout 300 "$program" 2>&1)
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
