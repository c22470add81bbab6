#!/usr/bin/env bash
# Fetches pg_dump, pg_restore, psql and their like of a newer major than Debian 12 has, out of the packages of Debian's
# newer suites. Nothing is installed and /etc/apt stays as it is: apt works here in a folder of its own, as if for an
# empty system, and checks the signatures as always. Root is not needed.
#
# Why not apt-get install: those packages want a newer libc, and it would replace this system's. So their libc is
# unpacked beside them, and small wrappers run each program with the loader and the libraries it was built for.
set -euo pipefail
umask 022 # Malachite runs as another user than the one who fetches them

force=false
work=

usage() {
    cat <<'TEXT'
usage: scripts/get-pgclient.sh [--force] MAJOR...

Puts the client programs of PostgreSQL MAJOR (17 or 18) into CACHE/MAJOR/client/bin. CACHE is
$MALACHITE_POSTGRES_CACHE, or /var/cache/malachite/postgresql for root, or
${XDG_CACHE_HOME:-~/.cache}/malachite/postgresql for anybody else.

  --force  fetch them although they are there, for a newer minor version
TEXT
}

die() {
    echo "get-pgclient.sh: $*" >&2
    exit 1
}

# The same as in get-postgres.sh: each of the two stands alone.
cache_root() {
    if [[ -n ${MALACHITE_POSTGRES_CACHE:-} ]]; then
        echo "$MALACHITE_POSTGRES_CACHE"
    elif [[ $(id -u) -eq 0 ]]; then
        echo /var/cache/malachite/postgresql
    else
        echo "${XDG_CACHE_HOME:-${HOME:?is not set, nor is MALACHITE_POSTGRES_CACHE}/.cache}/malachite/postgresql"
    fi
}

# The suites that may have a major, the steadiest first.
suites_of() { # MAJOR
    case $1 in
    17) echo trixie ;;
    18) echo forky sid ;;
    *) return 1 ;;
    esac
}

# "SUITE URI" of each source this machine uses. Asked of apt, because the sources come in two formats and in many
# files; its answer needs no package lists, which images often have removed.
machine_sources() {
    apt-get update --print-uris 2>/dev/null | sed -n "s#^'\(.*\)/dists/\([^']*\)/InRelease'.*#\2 \1#p"
}

# This machine's mirror of Debian, and of its security updates, also carry the newer suites.
write_sources() { # SUITE
    local codename main security keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=''
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    main=$(machine_sources | awk -v suite="$codename" '$1 == suite { print $2; exit }')
    security=$(machine_sources | awk -v suite="$codename-security" '$1 == suite { print $2; exit }')
    [[ -n $main ]] || die "apt on this machine has no source for Debian '$codename' to take $1 from"
    if [[ -r $keyring ]]; then signed="[signed-by=$keyring]"; fi
    echo "deb $signed $main $1 main" >"$work/sources.list"
    if [[ $1 == trixie && -n $security ]]; then
        echo "deb $signed $security $1-security main" >>"$work/sources.list"
    fi
}

private_apt() { # COMMAND ARGUMENT...
    "$1" -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State="$work/state" -o Dir::State::status="$work/state/status" -o Dir::Cache="$work/cache" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=false -o Acquire::Languages=none \
        -o Acquire::Retries=3 "${@:2}"
}

make_private_apt() { # SUITE
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
    : >"$work/state/status" # an empty system: libc and all count as missing
    write_sources "$1"
    private_apt apt-get update || die "cannot read the package lists of Debian $1 (see above)"
}

has_package() { # NAME
    private_apt apt-cache show "$1" >/dev/null 2>&1
}

# The client itself and the libraries of what it depends on. Perl, which only Debian's own wrappers need, is left out.
packages_for() { # MAJOR
    private_apt apt-get --print-uris install "postgresql-client-$1" |
        sed -n "s#^'.*' \([^_ ]*\)_.*#\1#p" |
        grep -E '^(lib|zlib1g|postgresql-client-[0-9])' | grep -Ev '^lib(perl|gdbm|db5|c-gconv)'
}

download_packages() { # MAJOR
    local packages
    mapfile -t packages < <(packages_for "$1")
    [[ ${#packages[@]} -gt 1 ]] || die "apt found no way to take postgresql-client-$1 apart"
    mkdir -p "$work/debs" "$work/root"
    (cd "$work/debs" && private_apt apt-get download "${packages[@]}") || die "cannot download them (see above)"
    local deb
    for deb in "$work"/debs/*.deb; do
        dpkg-deb -x "$deb" "$work/root"
    done
}

# Of all that was unpacked only the programs, the loader, and what the loader says they load: 10 MB instead of 40.
collect() { # MAJOR TREE
    local loader folders program library
    mkdir -p "$2/bin" "$2/lib" "$2/libexec"
    cp "$work/root/usr/lib/postgresql/$1/bin/"* "$2/libexec/"
    loader=$(find "$work/root" -name 'ld-linux*.so.*' | head -n 1)
    [[ -n $loader ]] || die "no loader among the packages of libc"
    folders=$(find "$work/root" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd :)
    cp -L "$loader" "$2/lib/"
    for program in "$2"/libexec/*; do
        "$loader" --library-path "$folders" --list "$program" >"$work/list" || die "$program cannot be loaded"
        if grep 'not found' "$work/list"; then die "$program lacks libraries (see above)"; fi
        while read -r library; do
            [[ -e $2/lib/${library##*/} ]] || cp -L "$library" "$2/lib/"
        done < <(sed -n "s#.* => \($work/root/[^ ]*\) .*#\1#p" "$work/list")
        write_wrapper "$2/bin/${program##*/}" "${loader##*/}" "${program##*/}"
    done
}

# No process but the exec, unless it was called through a symbolic link. --argv0 names the wrapper, because pg_dumpall
# looks for pg_dump beside itself.
write_wrapper() { # FILE LOADER PROGRAM
    cat >"$1" <<TEXT
#!/bin/sh
self=\$0
if [ -L "\$self" ]; then self=\$(readlink -f "\$self"); fi
home=\${self%/*}/..
exec "\$home/lib/$2" --library-path "\$home/lib" --argv0 "\$self" "\$home/libexec/$3" "\$@"
TEXT
    chmod 755 "$1"
}

version_of() { # CLIENT-FOLDER
    "$1/bin/pg_dump" --version 2>/dev/null | sed -n 's/^pg_dump (PostgreSQL) \([0-9.a-z]*\).*/\1/p'
}

is_present() { # CLIENT-FOLDER MAJOR
    [[ -x $1/bin/pg_dump && -x $1/bin/pg_restore && -x $1/bin/psql && $(version_of "$1") == "$2"[.a-z]* ]]
}

fetch_client() { # MAJOR TREE
    local suite
    for suite in $(suites_of "$1"); do
        rm -rf "$work/state" "$work/cache"
        make_private_apt "$suite"
        has_package "postgresql-client-$1" || continue
        download_packages "$1"
        collect "$1" "$2"
        echo "postgresql-client-$1 of Debian $suite" >"$2/malachite-source"
        is_present "$2" "$1" || die "what was unpacked does not run: $2/bin/pg_dump --version"
        return
    done
    die "none of these suites has postgresql-client-$1 for $(dpkg --print-architecture): $(suites_of "$1")"
}

put_in_place() { # TREE DESTINATION
    mkdir -p "${2%/*}"
    if [[ -e $2 ]]; then mv "$2" "$work/old"; fi
    mv "$1" "$2"
}

install_major() { # MAJOR ROOT
    local client=$2/$1/client
    if ! $force && is_present "$client" "$1"; then
        echo "PostgreSQL client $1: $(version_of "$client") is there already, $client/bin"
        return
    fi
    mkdir -p "$2"
    exec {lock}>"$2/.lock"
    flock "$lock" # somebody else may be fetching the same one
    if $force || ! is_present "$client" "$1"; then
        rm -rf "$2"/.unpack-* # left by somebody who was killed: the lock is ours
        work=$(mktemp -d "$2/.unpack-XXXXXX")
        fetch_client "$1" "$work/client"
        put_in_place "$work/client" "$client"
        clean_up
    fi
    exec {lock}>&-
    echo "PostgreSQL client $1: $(version_of "$client") is now in $client/bin"
}

clean_up() {
    if [[ -n $work ]]; then rm -rf "$work"; fi
    work=
}

require_debian() {
    local command
    for command in apt-get dpkg-deb flock; do
        command -v "$command" >/dev/null || die "$command is missing. This works on Debian; elsewhere install the
client programs of PostgreSQL $* from your system's packages."
    done
}

main() {
    local root major
    [[ ${1:-} != -h && ${1:-} != --help ]] || { usage && exit; }
    if [[ ${1:-} == --force ]]; then force=true && shift; fi
    [[ $# -gt 0 ]] || { usage >&2 && exit 2; }
    for major in "$@"; do
        suites_of "$major" >/dev/null || die "no client '$major' can be fetched, only 17 and 18. For a source of
version 16 or 17: make pgclient MAJOR=17. For 18: make pgclient MAJOR=18. Debian 12's own client reads up to 15."
    done
    root=$(realpath -m "$(cache_root)")
    trap clean_up EXIT
    for major in "$@"; do
        if $force || ! is_present "$root/$major/client" "$major"; then require_debian "$major"; fi
        install_major "$major" "$root"
    done
}

main "$@"
