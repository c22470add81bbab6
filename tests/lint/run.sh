#!/usr/bin/env bash
# All checks of `make lint`; each counts as one test.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
passed=0
failed=0

check() { # name, command...
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      lint: $name"
        passed=$((passed + 1))
    else
        printf '%s\n' "$output"
        echo "FAILED  lint: $name"
        failed=$((failed + 1))
    fi
}

shell_scripts() {
    git ls-files --cached --others --exclude-standard '*.sh' .ci/run
}

check "who includes whom" /usr/bin/python3 tests/lint/rooms.py
check "sizes of files and functions" tests/lint/sizes.sh
check "banned functions" tests/lint/banned.sh
check "words of texts that users see" /usr/bin/python3 tests/lint/words.py
check "format of C" tests/lint/tidy.sh format
check "format of Python" black --check --quiet .
check "flake8" flake8
check "prettier and eslint" tests/lint/javascript.sh
check "lines of Markdown" tests/lint/markdown.py
check "shellcheck" bash -c "$(declare -f shell_scripts); shell_scripts | xargs shellcheck"
check "links and files that pages name" /usr/bin/python3 tests/lint/pages.py
check "generated pages" scripts/docs.sh --check build/release/malachite
check "clang-tidy" tests/lint/tidy.sh tidy
echo "lint: $passed passed, $failed failed"
[[ $failed -eq 0 ]]
