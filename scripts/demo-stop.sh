#!/usr/bin/env bash
# Ends the Malachite that `make demo` left running, with its PostgreSQL servers. Its data stays until the next demo;
# demo-stop.sh --clean removes it, too.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/demo-lib.sh
. scripts/demo-lib.sh
home=$(demo_home)
pid_file=$home/pid

# The pid file may be older than the process that has this number now.
is_ours() { # PID, TEXT of its command line
    [[ -r /proc/$1/cmdline ]] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF "$2"
}

stop_process() { # PID, TEXT of its command line, SIGNAL
    is_ours "$1" "$2" || return 0
    kill -"$3" "$1"
    for _ in $(seq 150); do
        is_ours "$1" "$2" || return 0
        sleep 0.1
    done
    echo "demo-stop: process $1 does not end" >&2
    return 1
}

# Servers of a Malachite that was killed are still running.
stop_orphans() {
    local file pid
    for file in "$home"/data/instances/*/data/postmaster.pid; do
        [[ -r $file ]] || continue
        read -r pid <"$file"
        stop_process "$pid" "-D ${file%/postmaster.pid} " INT
    done
}

if [[ -e $pid_file ]]; then
    stop_process "$(cat "$pid_file")" "serve --data-dir $home/data" TERM
    rm -f "$pid_file"
fi
stop_orphans

if [[ ${1:-} == --clean ]]; then
    # Only what the demo makes: the folder may be one that the user has named.
    rm -rf "$home/data"
    rm -f "$home"/{log,output,headers,endpoints.json,source.txt,target.txt,differences.txt}
    if [[ -d $home ]]; then rmdir --ignore-fail-on-non-empty "$home"; fi
fi
