#!/usr/bin/env bash
# Bundles the portal into one C source, or writes an empty one and says why: portal.sh yes|no OUTPUT.c
# Never fails for the sake of the portal: everything else works without it. build/portal/missing holds the reason.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=${1:?usage: portal.sh yes|no OUTPUT.c}
output=${2:?usage: portal.sh yes|no OUTPUT.c}
reason_file=build/portal/missing
log=build/portal/log
# shellcheck source=scripts/npm-lib.sh
. scripts/npm-lib.sh

leave_out() { # REASON
    # Without the recorded choice the next make retries, unless the portal is disabled.
    [[ $wanted == no ]] || rm -f build/portal/choice
    echo "$1" >"$reason_file"
    echo "Portal: not built: $1" >&2
    # Untouched when it is the same, so that nothing is compiled and linked again for it.
    printf '#include "server/portal/portal.h"\nconst struct portal_file portal_files[1];\nconst size_t portal_file_count = 0;\n' \
        >"$output.new"
    if cmp -s "$output.new" "$output"; then rm -f "$output.new"; else mv -f "$output.new" "$output"; fi
    exit 0
}

require_node() {
    local major
    if ! command -v node >/dev/null; then
        leave_out "node is not installed. To install it: scripts/setup.sh portal; then run make again."
    fi
    major=$(node -p 'process.versions.node.split(".")[0]') || leave_out "node does not run; its own words are above."
    [[ $major -ge 18 ]] || leave_out "node is version $major, and the portal needs 18 or newer."
    if ! command -v npm >/dev/null && ! command -v curl >/dev/null; then
        leave_out "neither npm nor curl is installed. To install curl: scripts/setup.sh portal; then run make again."
    fi
}

# "FOLDER NAME VERSION INTEGRITY" of each package of the lock file that is for this machine.
parts_of_this_machine() {
    node -e '
        const { packages } = JSON.parse(require("fs").readFileSync("portal/package-lock.json", "utf8"))
        const fits = (allowed, here) => !allowed || allowed.includes(here)
        for (const [folder, { version, integrity, os, cpu }] of Object.entries(packages)) {
            if (folder && fits(os, process.platform) && fits(cpu, process.arch)) {
                console.log(folder, folder.split("node_modules/").pop(), version, integrity)
            }
        }'
}

# What npm would install, checked against the same lock file.
fetch_tarballs() {
    local folder name version integrity
    rm -rf portal/node_modules
    parts_of_this_machine >build/portal/parts || return
    while read -r folder name version integrity; do
        if ! npm_download "$name" "$version" build/portal/part.tgz --retry 1 --max-time 120; then
            echo "cannot fetch $name $version"
            return 1
        fi
        if ! npm_has_integrity build/portal/part.tgz "$integrity"; then
            echo "wrong checksum: what the registry gave for $name $version is not what portal/package-lock.json pins"
            return 1
        fi
        mkdir -p "portal/$folder"
        tar -xzf build/portal/part.tgz -C "portal/$folder" --no-same-owner --strip-components=1 || return
    done <build/portal/parts
    rm -f build/portal/part.tgz build/portal/parts
}

fetch_with_npm() {
    # Few retries: without a network the build must not wait a minute for npm.
    (cd portal && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
        --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=20000 --registry="$(npm_registry)")
}

fetch_parts() {
    local installed=portal/node_modules/.package-lock.json fetch=fetch_tarballs
    if [[ -e $installed && ! portal/package-lock.json -nt $installed ]]; then return; fi
    if command -v npm >/dev/null; then fetch=fetch_with_npm; fi
    if ! "$fetch" >"$log" 2>&1; then
        grep -v '^$' "$log" | head -n 3 >&2 || true
        leave_out "could not fetch the portal's parts from $(npm_registry) (log: $log). The next make tries again."
    fi
    touch "$installed"
}

mkdir -p build/portal
[[ $wanted != no ]] || leave_out "PORTAL=no was given."
require_node
fetch_parts
node portal/build.mjs "$output" || exit 1
rm -f "$reason_file"
