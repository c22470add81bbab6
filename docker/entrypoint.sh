#!/bin/sh
# Starts Malachite, and then what lies in /docker-entrypoint-init.d, in the order of the names:
#   *.sh     is run, with MALACHITE_URL in its environment
#   *.json   is a list of requests: [{"method": "PUT", "path": "/subscriptions/...", "body": {...}}, ...]
# A script that fails stops the start. The container is healthy when all have run. Data that a volume has kept is not
# initialised twice.
set -u
data=${MALACHITE_DATA_DIR:-/var/lib/malachite}
marker=$data/.initialized
state=${TMPDIR:-/tmp}/malachite-init-runs
init=${MALACHITE_INIT_DIR:-/docker-entrypoint-init.d}

if [ "${1:-}" = --is-ready ]; then
    [ ! -e "$state" ] && exec env MALACHITE_LISTEN=127.0.0.1 malachite healthcheck
    exit 1
fi
if [ "${1:-}" != serve ]; then exec malachite "$@"; fi

has_scripts() {
    for file in "$init"/*.sh "$init"/*.json; do [ -e "$file" ] && return 0; done
    return 1
}
rm -f "$state"
if [ -e "$marker" ] || ! has_scripts; then exec malachite "$@"; fi

: >"$state" || exit 1
stopping=false pid='' step=
# As process 1, the shell alone hears the signal: it stops the script of the init folder that runs, too.
# shellcheck disable=SC2086
trap 'stopping=true; kill -TERM $pid $step 2>/dev/null' TERM INT
malachite "$@" &
pid=$!
$stopping && kill -TERM $pid 2>/dev/null

fail() {
    echo "malachite-entrypoint: $*" >&2
    kill -TERM $pid 2>/dev/null
    wait $pid
    exit 1
}

MALACHITE_URL=http://127.0.0.1:${MALACHITE_HTTP_PORT:-8080}
export MALACHITE_URL

# A signal interrupts wait, but not a command in the foreground.
run_step() {
    "$@" &
    step=$!
    $stopping && kill -TERM $step 2>/dev/null
    wait $step
    result=$?
    step=
    return $result
}

until $stopping || MALACHITE_LISTEN=127.0.0.1 malachite healthcheck >/dev/null 2>&1; do
    kill -0 $pid 2>/dev/null || fail "Malachite did not start"
    sleep 0.2
done
for file in "$init"/*; do
    $stopping && break
    case $file in
    *.sh)
        echo "malachite-entrypoint: running $file" >&2
        run_step sh "$file" || $stopping || fail "$file failed"
        ;;
    *.json)
        echo "malachite-entrypoint: sending $file" >&2
        run_step malachite request "$file" --server "$MALACHITE_URL" || $stopping || fail "$file failed"
        ;;
    esac
done
# A start that was stopped half-way begins again with the first file.
if ! $stopping; then
    : >"$marker" || fail "cannot write $marker"
    rm -f "$state"
fi
# A signal ends wait early; the program's own status comes when it is gone.
while :; do
    wait $pid
    status=$?
    kill -0 $pid 2>/dev/null || break
done
# 143: it was stopped before it listened to signals, and had not begun anything.
$stopping && [ "$status" -eq 143 ] && status=0
exit "$status"
