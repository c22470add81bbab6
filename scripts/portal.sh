#!/usr/bin/env bash
# Bundles the portal into one C source, or writes an empty one and says why: portal.sh yes|no OUTPUT.c
# Never fails for the sake of the portal: everything else works without it. build/portal/missing holds the reason.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=${1:?usage: portal.sh yes|no OUTPUT.c}
output=${2:?usage: portal.sh yes|no OUTPUT.c}
reason_file=build/portal/missing
log=build/portal/log

leave_out() { # REASON
    # Without the choice the next make tries again, unless the portal is not wanted at all.
    [[ $wanted == no ]] || rm -f build/portal/choice
    echo "$1" >"$reason_file"
    echo "Portal: not built: $1" >&2
    # Untouched when it is the same, so that nothing is compiled and linked again for it.
    printf '#include "server/portal.h"\nconst struct portal_file portal_files[1];\nconst size_t portal_file_count = 0;\n' \
        >"$output.new"
    if cmp -s "$output.new" "$output"; then rm -f "$output.new"; else mv -f "$output.new" "$output"; fi
    exit 0
}

require_node() {
    local major
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        leave_out "node and npm are not installed. To install them: scripts/setup.sh portal; then run make again."
    fi
    major=$(node -p 'process.versions.node.split(".")[0]')
    [[ $major -ge 18 ]] || leave_out "node is version $major, and the portal needs 18 or newer."
}

# Few retries: without a network the build must not wait a minute for npm.
fetch_parts() {
    local installed=portal/node_modules/.package-lock.json
    if [[ -e $installed && ! portal/package-lock.json -nt $installed ]]; then return; fi
    if ! (cd portal && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
        --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=20000) >"$log" 2>&1; then
        grep -v '^$' "$log" | head -n 3 >&2 || true
        leave_out "npm could not fetch the portal's parts (log: $log). When its registry can be reached, run make again."
    fi
    touch "$installed"
}

mkdir -p build/portal
[[ $wanted != no ]] || leave_out "PORTAL=no was given."
require_node
fetch_parts
node portal/build.mjs "$output" || exit 1
rm -f "$reason_file"
