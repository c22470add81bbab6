#!/usr/bin/env bash
# The first hour on a pristine Debian 12: every command of the README (and of docs/servers.md and docs/data.md, which
# continue it) and every line that the demo prints, as a newcomer would paste them, and what happens when something is
# missing. Needs root and debootstrap; some 10 minutes, half of it for the first root. `make test-fresh` runs it; CI does
# with MALACHITE_CI_FRESH=1.
#   run.sh [CASE...]           only these; by default all, in the order below
#   FRESH_ROOT=FOLDER          where the root is made (/var/tmp/malachite-fresh)
#   FRESH_KEEP=1               the root of the run before, as it is, with this checkout
#   FRESH_TEST=1               also `make test` in it (half an hour)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
here=$PWD/tests/fresh
root=${FRESH_ROOT:-/var/tmp/malachite-fresh}
cases=(missing_tools plain_user_without_sudo no_network read_only first_demo printed_lines demo_at_a_terminal
    demo_in_a_pipe ports_taken failed_demo demo_clean user_demo two_users one_thing_missing path_with_a_space readme
    no_registry test_leaves_out)
passed=0 failed=0
log=$(mktemp -d)
# shellcheck source=tests/fresh/lib.sh
. "$here/lib.sh"

case_missing_tools() {
    local target
    for target in build lint test-unit test-api; do
        fails "make $target" "cd /root/malachite && make $target"
        says "This needs gcc.*To install: apt-get update && apt-get install"
        lines_at_most 3
    done
    works "make help" "cd /root/malachite && make help"
    works "make clean" "cd /root/malachite && make clean"
}

case_plain_user_without_sudo() {
    fails "make demo as a user without sudo" "$(as_user 'make demo')"
    says "you are not root, and sudo is missing. As root, run: apt-get update && apt-get install .*postgresql-15"
    lines_at_most 4
}

case_no_network() {
    fails "make demo without a network" "cd /root/malachite && make demo"
    says "could not install gcc, .*own words are above.*run: apt-get update"
    fails "what keeps Debian's cluster away is left behind" "test -e $drop_in"
}

case_read_only() {
    fails "make in a read-only checkout" "mount --bind /root/malachite /mnt && mount -o remount,ro,bind /mnt && make -C /mnt"
    says "'/mnt' is read-only"
    lines_at_most 4
}

# With the network of this machine, as packages and the portal's parts are fetched; at a terminal without rows.
case_first_demo() {
    local began=$SECONDS
    on_this_network=true terminal="0 0" works "the first make demo" "cd /root/malachite && time make demo && make demo-stop"
    echo "        took $((SECONDS - began)) s, load $(cut -d ' ' -f 1-3 /proc/loadavg); make demo alone:"
    grep -aE '^(real|user|sys)' "$output" | sed 's/^/        /'
    says "are the same on both sides"
    says "^Portal  *http://127.0.0.1:"
    says_not "Roles are missing"
    fails "what keeps Debian's cluster away is left behind" "test -e $drop_in"
}

# Everything that the demo prints and that is a command.
case_printed_lines() {
    works "the lines that the demo prints" 'cd /root/malachite && export SCALE=0.02 && make demo >/tmp/demo.txt &&
        awk "/^curl /{on=1} on{print} on&&/'"'"'\$/{on=0} /^    (make|PGPASSWORD)/{print \$0 (/psql/ ? \" -c \\\"select 1\\\"\" : \"\")}" \
            /tmp/demo.txt >/tmp/lines.sh && cat /tmp/lines.sh && bash -e /tmp/lines.sh'
    says "first-try"
    says_not "\"error\":{"
    says "(1 row)"
}

case_demo_at_a_terminal() {
    terminal="24 80" works "make demo at a terminal of 80 columns" "cd /root/malachite && SCALE=0.05 make demo"
    says "##"
    progress_fits 80
}

case_demo_in_a_pipe() {
    works "make demo in a pipe" "cd /root/malachite && SCALE=0.02 make demo 2>&1 | cat"
    says_not $'\033'
    says_not $'\r'
    works "make demo without a terminal" "cd /root/malachite && SCALE=0.02 setsid make demo </dev/null >/tmp/out 2>&1; cat /tmp/out"
    says_not $'\033'
}

# Another user's Malachite has the ports and the first address.
case_ports_taken() {
    works "make demo with its ports and addresses taken" "/root/malachite/build/release/malachite serve \
        --data-dir /tmp/other >/tmp/out 2>&1 & until grep -q ^Ready /tmp/out; do sleep 0.1; done; curl -sS -X PUT '$group_url' -H 'Content-Type: application/json' \
        -d '{\"location\": \"eastus\"}' && curl -sS -X PUT '$server_url' -H 'Content-Type: application/json' -d '{\"location\":
        \"eastus\", \"properties\": {\"version\": \"15\", \"administratorLogin\": \"me\", \"administratorLoginPassword\": \"Secret-1\"}}' &&
        cd /root/malachite && scripts/follow.sh '$server_url' && SCALE=0.02 make demo && make demo-stop"
    says "Port 8080 is in use"
    says "psql -h 127.74.0.3 -U shopkeeper"
    says "are the same on both sides"
}

case_failed_demo() {
    fails "a demo that fails" "cd /root/malachite && SOURCE_MAJOR=11 make demo"
    says "PostgreSQL 11 is not installed on this machine"
    says "stopped what it had started"
    fails "something of a failed demo still runs" "cd /root/malachite && SOURCE_MAJOR=11 make demo >/dev/null 2>&1; \
        grep -lsz malachite /proc/[0-9]*/comm"
}

case_demo_clean() {
    works "make demo-clean" "cd /root/malachite && SCALE=0.02 make demo >/dev/null && make demo-clean && ! test -e /var/lib/malachite-demo"
}

case_user_demo() {
    works "make demo as a user without sudo, once the packages are installed" "$(as_user 'SCALE=0.02 make demo && make demo-clean')"
    says "are the same on both sides"
}

# Both provision servers on one machine, each with addresses and ports of its own.
case_two_users() {
    works "two users with a demo each" "cd /root/malachite && SCALE=0.02 make demo &&
        ($(as_user 'SCALE=0.02 make demo && make demo-clean')) && make demo-clean"
    says "Port 8080 is in use"
    says "psql -h 127.74.0.3 -U shopkeeper"
}

# COMMAND while FILE is away. An empty file over it would not do: "command -v" finds files that cannot be run, too.
without() { # FILE COMMAND
    echo "mv '$1' '$1.away' && trap \"mv '$1.away' '$1'\" EXIT && cd /root/malachite && $2"
}

case_one_thing_missing() {
    fails "make without gcc" "$(without /usr/bin/gcc 'make')"
    says "^This needs gcc, not installed here. To install: apt-get update && apt-get install -y --no-install-recommends gcc$"
    fails "make without pkg-config" "$(without /usr/bin/pkg-config make)"
    says "^This needs pkg-config, not installed here"
    fails "make without a library" "$(without /usr/lib/x86_64-linux-gnu/pkgconfig/jansson.pc make)"
    says "^This needs libjansson-dev, not installed here"
    fails "make test-unit without its library" "cd /root/malachite && make test-unit"
    says "^This needs libcmocka-dev, not installed here"
    fails "make test-api without its modules" "cd /root/malachite && make test-api"
    says "^This needs python3-pytest, .*python3-requests, not installed here\|^This needs python3-pytest, .* and python3-requests, not"
    fails "make lint without its tools" "cd /root/malachite && make lint"
    says "^This needs clang, .* and shellcheck, not installed here"
    fails "a demo without jq or a network" "$(without /usr/bin/jq 'make demo')"
    says "could not install jq"
    fails "follow.sh without jq" "$(without /usr/bin/jq 'scripts/follow.sh http://127.0.0.1:8080/')"
    says "jq is not installed. To install it: "
    works "make without node" "$(without /usr/bin/node 'rm -rf build/portal && make')"
    says "Portal: not built: node is not installed. To install it: scripts/setup.sh portal"
}

case_path_with_a_space() {
    works "everything in a path with a space" "mkdir -p '/root/my code' && cp -a /root/malachite '/root/my code/malachite' &&
        cd '/root/my code/malachite' && rm -rf build && make && SCALE=0.02 MALACHITE_DEMO_HOME='/srv/my code/demo' make demo &&
        MALACHITE_DEMO_HOME='/srv/my code/demo' make demo-clean && make install PREFIX='/root/my code/usr' && make clean &&
        '/root/my code/usr/bin/malachite' version"
    says "are the same on both sides"
}

# All bash blocks of the README and of the pages that continue it, in one shell. follow.sh ends with 3 where it waits for
# the user.
case_readme() {
    awk '/^```/{on = $0 == "```bash"; next} on' README.md docs/servers.md docs/data.md >"$root/root/walk"
    {
        echo "trap 'echo \"did not work (\$?): \$BASH_COMMAND\"' ERR"
        cat "$root/root/walk"
    } >"$root/root/walk.sh"
    terminal="24 80" works "the README from top to bottom" "cd /root/malachite && SCALE=0.05 bash -m /root/walk.sh"
    says_not "did not work ([^3]"
    says "^Ready\."
    says "WaitingForCutoverTrigger"
    says "Moving"
    says "Succeeded  Completed"
    fails "Malachite's data is left behind" "ls /var/lib/malachite 2>/dev/null || ls /var/lib/malachite-demo 2>/dev/null"
}

case_no_registry() {
    works "make without a reachable npm registry" "cd /root/malachite && rm -rf build/portal portal/node_modules /root/.npm && make"
    says "Portal: not built: could not fetch the portal's parts"
    works "a demo without the portal" "cd /root/malachite && SCALE=0.02 make demo"
    says "^Portal  *not built"
}

case_test_leaves_out() {
    works "what make test leaves out, with a make that does nothing" "mkdir -p /tmp/nothing && printf '#!/bin/sh\necho 1 passed\n' \
        >/tmp/nothing/make && chmod +x /tmp/nothing/make && cd /root/malachite && PATH=/tmp/nothing:\$PATH scripts/test.sh"
    says "^== clients: left out (.*need node 20): node here is 18"
    says "^== portal: left out (.*need node 20): node here is 18"
    if [[ -z ${FRESH_TEST:-} ]]; then
        echo "left out: make test (FRESH_TEST=1 runs it)"
        return
    fi
    on_this_network=true works "make test" "cd /root/malachite && make test"
    says "clients: left out (.*need node 20): node here is 18"
}

require() { # REASON COMMAND...
    if ! "${@:2}" >/dev/null 2>&1; then
        echo "fresh: left out: $1"
        exit 0
    fi
}

require "it needs root" test "$(id -u)" -eq 0
require "debootstrap is not installed" command -v debootstrap
require "namespaces are not allowed here" unshare --net --mount --pid --fork true
require "ip and script are not installed" command -v ip script
trap '"$here/make-root.sh" --unmount "$root"; rm -rf "$log"' EXIT
if [[ -n ${FRESH_KEEP:-} ]]; then
    "$here/make-root.sh" --mount "$root"
    git archive HEAD | tar -x -C "$root/root/malachite"
else
    "$here/make-root.sh" "$root" >"$log/root" || { cat "$log/root" && exit 1; }
    git clone -q . "$root/root/malachite"
    prepare_user
fi
if [[ $# -gt 0 ]]; then cases=("$@"); fi
for name in "${cases[@]}"; do
    echo "== $name"
    "case_$name"
done
echo "fresh: $passed passed, $failed failed"
[[ $failed -eq 0 ]]
