#!/usr/bin/env bash
# Ends the Malachite that `make demo` left running, with its two PostgreSQL servers. Its data stays until the next demo.
set -euo pipefail
home=${MALACHITE_DEMO_HOME:-$([[ $(id -u) -eq 0 ]] && echo /var/lib/malachite-demo || echo "${XDG_STATE_HOME:-$HOME/.local/state}/malachite-demo")}
pid_file=$home/pid

# The pid file may be older than the process that has this number now.
is_ours() {
    [[ -r /proc/$1/cmdline ]] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -q "malachite serve .*$home/data"
}

[[ -r $pid_file ]] || exit 0
pid=$(cat "$pid_file")
if is_ours "$pid"; then
    kill -TERM "$pid"
    for _ in $(seq 100); do
        is_ours "$pid" || break
        sleep 0.1
    done
fi
rm -f "$pid_file"
