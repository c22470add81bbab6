# shellcheck shell=bash disable=SC2154
# What tests/fresh/run.sh is made of: commands inside the root, and checks of what they printed.

export drop_in=/etc/postgresql-common/createcluster.d/malachite.conf
export group_url='http://127.0.0.1:8080/subscriptions/00000000-0000-4000-8000-00000000ca11/resourceGroups/rg?api-version=2024-11-01'
export server_url="${group_url%%\?*}/providers/Microsoft.DBforPostgreSQL/flexibleServers/other-one?api-version=2025-08-01"
# Exported here and not in run(): there, "terminal=... works" would change the variable for good.
export root on_this_network=false log
export terminal=
output=

passes() {
    echo "ok      $1"
    passed=$((passed + 1))
}

complain() {
    echo "FAILED  $1"
    tail -n 30 "$output" 2>/dev/null | sed 's/^/        /'
    failed=$((failed + 1))
}

# Runs COMMAND in the root with an environment of its own, by default without any network but a loopback of its own:
# whatever else uses ports on this machine does not matter, and nothing outlives the command.
inside() { # COMMAND
    local run=(/usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm bash -c "$1")
    # A session of the namespace's own: a shell with job control waits for ever for a terminal whose foreground group is
    # outside of it.
    if [[ -n $terminal ]]; then run=(setsid --ctty --wait "${run[@]}"); fi
    if $on_this_network; then
        chroot "$root" "${run[@]}"
    else
        # shellcheck disable=SC2016
        unshare --net --mount --pid --fork --kill-child bash -c \
            'ip link set lo up && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "${run[@]}"
    fi
}

export -f inside

# With $terminal "ROWS COLUMNS": at a terminal of that size.
run() { # COMMAND
    output=$log/output
    if [[ -z $terminal ]]; then
        inside "$1" >"$output" 2>&1 </dev/null
        return
    fi
    printf '%s' "stty rows ${terminal% *} cols ${terminal#* }; $1" >"$log/command"
    # shellcheck disable=SC2016
    script -qefc 'bash -c "inside \"\$(cat "$log"/command)\""' "$log/typescript" </dev/null >"$output" 2>&1
}

works() { # NAME COMMAND
    if run "$2"; then passes "$1"; else complain "$1"; fi
}

fails() { # NAME COMMAND
    if run "$2"; then complain "does not fail: $1"; else passes "as expected, fails: $1"; fi
}

says() { # PATTERN
    if tr -d '\r' <"$output" | tr '\n' '\n' | grep -q -- "$1"; then passes "says: $1"; else complain "does not say: $1"; fi
}

says_not() { # PATTERN
    if grep -q -- "$1" "$output"; then complain "says: $(printf %q "$1")"; else passes "does not say: $(printf %q "$1")"; fi
}

lines_at_most() { # COUNT
    local count
    count=$(wc -l <"$output")
    if [[ $count -le $1 ]]; then passes "$count lines"; else complain "$count lines, more than $1"; fi
}

# Each state of the line that is rewritten in place.
progress_fits() { # COLUMNS
    local longest
    longest=$(tr '\r' '\n' <"$output" | sed 's/\x1b\[[0-9;]*[mK]//g' | grep -F '[#' | awk '{ if (length > most) most = length } END { print most + 0 }')
    if [[ $longest -lt $1 ]]; then passes "progress in $longest columns"; else complain "progress in $longest columns"; fi
}

prepare_user() {
    chroot "$root" useradd -m dev
    cp -a "$root/root/malachite" "$root/home/dev/malachite"
    chroot "$root" chown -R dev:dev /home/dev/malachite
}

as_user() { # COMMAND
    echo "cd /home/dev/malachite && exec setpriv --reuid dev --regid dev --clear-groups env HOME=/home/dev bash -c '$1'"
}
