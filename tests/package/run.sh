#!/usr/bin/env bash
# Installs the package of `make package` in a minimal Debian 12, tries what it brings, and purges it. Needs root,
# mmdebstrap and the network of the package lists. `make test-package` runs it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
[[ $(id -u) -eq 0 ]] || { echo "run.sh: chroot needs root" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "run.sh: mmdebstrap is not installed: apt-get install mmdebstrap" >&2; exit 1; }
# Its own mount namespace: nothing remains, however it ends.
if [[ ${1:-} != --inside ]]; then exec unshare --mount --pid --fork --kill-child "$0" --inside; fi
packages=(build/package/malachite_*.deb)
package=${packages[0]}
[[ -s $package ]] || { echo "run.sh: $package is not there: run make package" >&2; exit 1; }
work=$(mktemp -d /var/tmp/malachite-package.XXXXXX)
root=$work/root
output=$work/output
passed=0 failed=0
leave() {
    umount --lazy "$root/dev" "$root/proc" 2>/dev/null
    rm -rf --one-file-system "$work"
}
trap leave EXIT

works() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$output" 2>&1 </dev/null; then
        echo "ok      $name"
        passed=$((passed + 1))
    else
        echo "FAILED  $name"
        tail -n 30 "$output" | sed 's/^/        /'
        failed=$((failed + 1))
    fi
}

inside() { # COMMAND
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive bash -c "$1"
}

# With a loopback of its own: ports that are in use on this machine do not matter.
alone() { # COMMAND
    export root
    export -f inside
    # shellcheck disable=SC2016
    unshare --net bash -c 'ip link set lo up && inside "$0"' "$1"
}

# The same files with a lower version: what an upgrade starts from.
make_older() {
    dpkg-deb -R "$package" "$work/older" &&
        sed -i 's/^Version: .*/Version: 0.0.1/' "$work/older/DEBIAN/control" &&
        echo "# of the older version" >>"$work/older/etc/default/malachite" &&
        (cd "$work/older" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | xargs -0 md5sum >DEBIAN/md5sums) &&
        dpkg-deb --root-owner-group -b "$work/older" "$root/tmp/malachite-older.deb"
}

make_root() {
    local tarball=build/package-root.tar
    [[ -s $tarball ]] || mmdebstrap --quiet --variant=minbase bookworm "$tarball" || return
    mkdir "$root" && tar -xpf "$tarball" -C "$root" || return
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" || return
    # No services in a chroot, and no cluster that would only be in the way.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mkdir -p "$root/etc/postgresql-common/createcluster.d"
    echo "create_main_cluster = false" >"$root/etc/postgresql-common/createcluster.d/test.conf"
    cp "$package" "$root/tmp/malachite.deb"
    make_older || return
    cp debian/tests/migrate "$root/tmp/migrate"
    inside 'apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        bash-completion curl man-db postgresql-15 socat systemd systemd-sysv'
}

complete_word() { # WORDS -> what bash would offer for the last one
    inside ". /usr/share/bash-completion/bash_completion; _completion_loader malachite
        COMP_WORDS=($1) COMP_LINE='$1' COMP_POINT=${#1}; COMP_CWORD=\$((\${#COMP_WORDS[@]} - 1))
        function=\$(complete -p malachite | sed 's/.*-F \([^ ]*\).*/\1/')
        \$function malachite \"\${COMP_WORDS[-1]}\" \"\${COMP_WORDS[-2]}\"; echo \"\${COMPREPLY[@]}\""
}

completes() { # WORDS EXPECTED
    local offered
    offered=$(complete_word "$1")
    echo "offered: $offered"
    [[ " $offered " == *" $2 "* ]]
}

# The unit's command line with its environment, as a user of the dynamic range, with the folder that systemd would make.
# Says READY=1 to the socket of Type=notify, answers, and ends with 0.
runs_as_the_unit_says() {
    cat >"$root/tmp/serve" <<'SCRIPT'
set -eu
unit=/lib/systemd/system/malachite.service
command=$(sed -n 's/^ExecStart=//p' "$unit")
settings=$(sed -n 's/^Environment=//p' "$unit")
install -d -m 711 -o 61184 -g 61184 /var/lib/private/malachite
chmod 711 /var/lib/private
ln -s private/malachite /var/lib/malachite
socat -u UNIX-RECV:/tmp/notify,mode=666 CREATE:/tmp/notified &
until [ -S /tmp/notify ]; do sleep 0.1; done
setpriv --reuid 61184 --regid 61184 --clear-groups --no-new-privs --bounding-set -all --inh-caps -all \
    env NOTIFY_SOCKET=/tmp/notify $settings $command &
pid=$!
for try in $(seq 300); do
    ! grep -q READY=1 /tmp/notified 2>/dev/null || break
    kill -0 $pid
    sleep 0.1
done
grep READY=1 /tmp/notified
curl -fsS http://127.0.0.1:8080/_malachite/ready
malachite healthcheck
kill -TERM $pid
wait $pid
test "$(stat -c %u /var/lib/malachite/)" = 61184
SCRIPT
    alone "bash /tmp/serve"
}

serves_root_by_hand() {
    alone 'rm -rf /var/lib/malachite /var/lib/private/malachite
        malachite serve & pid=$!
        for try in $(seq 300); do ! malachite healthcheck 2>/dev/null || break; sleep 0.1; done
        malachite healthcheck && kill -TERM $pid && wait $pid && test -d /var/lib/malachite && ! test -L /var/lib/malachite'
}

# The user has changed nothing in /etc: the newer settings replace the older ones without a question.
upgrades() {
    inside 'install -d /var/lib/malachite && echo kept >/var/lib/malachite/file
        test "$(dpkg-query -W -f "\${Version}" malachite)" = 0.0.1 && apt-get install -y -qq --no-install-recommends /tmp/malachite.deb &&
        test "$(dpkg-query -W -f "\${Version}" malachite)" != 0.0.1 && grep kept /var/lib/malachite/file &&
        ! grep "older version" /etc/default/malachite && ls /etc/systemd/system/multi-user.target.wants/malachite.service &&
        rm -r /var/lib/malachite'
}

# But for the page that man-db has kept for itself.
nothing_is_left() {
    local left
    left=$(inside "find / -xdev -ipath '*malachite*' ! -path '/tmp/*' ! -path '/var/cache/man/*' ! -path '/proc/*'")
    echo "left: $left"
    [[ -z $left ]] && ! inside 'dpkg -s malachite' 2>/dev/null
}

works "a minimal Debian 12" make_root
[[ $failed -eq 0 ]] || exit 1
works "apt-get install of an older version" inside 'apt-get install -y -qq --no-install-recommends /tmp/malachite-older.deb'
works "apt-get upgrades it, and keeps the data" upgrades
works "malachite --version" inside "malachite --version | grep -F '$(cat VERSION)'"
works "man malachite" inside 'LC_ALL=C MANPAGER=cat man malachite | grep -A 20 NAME | grep -i "malachite"'
works "bash completes a command" completes "malachite mig" migrate
works "bash completes an option" completes "malachite migrate --cut" --cutover
works "completions for zsh and fish" inside 'ls /usr/share/zsh/vendor-completions/_malachite /usr/share/fish/vendor_completions.d/malachite.fish'
works "the bill of materials" inside 'grep -q SPDX-2.3 /usr/share/doc/malachite/sbom.spdx.json'
works "the service is enabled" inside 'ls /etc/systemd/system/multi-user.target.wants/malachite.service'
works "systemd-analyze verify" inside 'out=$(systemd-analyze verify malachite.service 2>&1); code=$?; echo "$out"; ! echo "$out" | grep malachite && exit $code'
works "systemd-analyze security, at most 2.5" inside 'systemd-analyze security --offline=true --no-pager --threshold=25 /lib/systemd/system/malachite.service'
works "the service's command line as its user" runs_as_the_unit_says
works "a migration (debian/tests/migrate)" alone 'sh /tmp/migrate'
works "malachite serve as root" serves_root_by_hand
works "a second installation" inside 'apt-get install -y -qq --reinstall /tmp/malachite.deb'
works "apt-get remove keeps the data" inside 'apt-get remove -y -qq malachite && test -d /var/lib/malachite && test -e /etc/default/malachite'
works "apt-get purge" inside 'apt-get purge -y -qq malachite'
works "nothing is left" nothing_is_left
echo "package: $passed passed, $failed failed; $(du -k "$package" | cut -f 1) kB"
[[ $failed -eq 0 ]]
