#!/usr/bin/env bash
# Puts the clients of package-lock.json into DIRECTORY: install.sh DIRECTORY. Does nothing when they are there.
set -euo pipefail
directory=${1:?usage: install.sh DIRECTORY}
here=$(dirname "$0")
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "install.sh: node and npm are not here, so the JavaScript SDK and Postman's runner are not tested" >&2
    exit 0
fi
mkdir -p "$directory"
if ! cmp -s "$here/package-lock.json" "$directory/installed.json"; then
    cp "$here/package.json" "$here/package-lock.json" "$directory"
    (cd "$directory" && npm ci --no-audit --no-fund --loglevel=error)
    cp "$here/package-lock.json" "$directory/installed.json"
fi
