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
malachite "$@" &
pid=$!
trap 'kill -TERM $pid 2>/dev/null' TERM INT

fail() {
    echo "malachite-entrypoint: $*" >&2
    kill -TERM $pid 2>/dev/null
    wait $pid
    exit 1
}

MALACHITE_URL=http://127.0.0.1:${MALACHITE_HTTP_PORT:-8080}
export MALACHITE_URL
until MALACHITE_LISTEN=127.0.0.1 malachite healthcheck >/dev/null 2>&1; do
    kill -0 $pid 2>/dev/null || fail "Malachite did not start"
    sleep 0.2
done
for file in "$init"/*; do
    case $file in
    *.sh)
        echo "malachite-entrypoint: running $file" >&2
        sh "$file" || fail "$file failed"
        ;;
    *.json)
        echo "malachite-entrypoint: sending $file" >&2
        malachite request "$file" --server "$MALACHITE_URL" || fail "$file failed"
        ;;
    esac
done
: >"$marker" || fail "cannot write $marker"
rm -f "$state"
status=0
wait $pid || status=$?
# A signal ends the first wait; the second one has the program's own status.
if kill -0 $pid 2>/dev/null || [ $status -gt 128 ]; then
    wait $pid
    status=$?
fi
[ $status -eq 127 ] && status=0
exit $status
