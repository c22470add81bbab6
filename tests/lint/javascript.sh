#!/usr/bin/env bash
# prettier and eslint over the portal and the tests in JavaScript: javascript.sh [--write]. They come from npm, at the
# versions of package-lock.json here; without node 20 and npm nothing is checked, and the output says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=${1:---check}
tools=tests/lint/node_modules/.bin

if ! command -v npm >/dev/null || [[ $(node -p 'process.versions.node.split(".")[0]') -lt 20 ]]; then
    echo "JavaScript is not checked: prettier and eslint need node 20 and npm"
    exit 0
fi
if ! cmp -s tests/lint/package-lock.json tests/lint/node_modules/.lock; then
    npm ci --prefix tests/lint --ignore-scripts --no-audit --no-fund --loglevel=error
    cp tests/lint/package-lock.json tests/lint/node_modules/.lock
fi
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.js' '*.jsx' '*.mjs')
"$tools/prettier" "$mode" --log-level warn "${files[@]}"
if [[ $mode == --check ]]; then
    "$tools/eslint" --config tests/lint/eslint.config.js --max-warnings 0 "${files[@]}"
fi
