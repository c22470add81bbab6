#!/usr/bin/env bash
# Installs what is missing to build, run, test or measure Malachite on Debian 12.
# Says nothing and changes nothing when everything is there already.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/setup.sh [--list] PURPOSE...

  build   compiler and the libraries Malachite links with
  run     PostgreSQL 15 and its client, without Debian's own cluster "main"; what the demo calls
  test    test frameworks, linters, clang; the newest minor of PostgreSQL 15 that the package lists know
  portal  the browser that the tests of the portal run in
  bench   load generators and the tools Malachite is compared with
  all     everything above

  --list  only print the packages of the purposes, one a line
TEXT
}

packages_of() {
    case $1 in
    build) echo gcc make pkg-config libmicrohttpd-dev libjansson-dev libsqlite3-dev libpq-dev libssl-dev ;;
    run) echo postgresql-15 postgresql-client-15 curl jq ;;
    test) echo libcmocka-dev python3-pytest python3-pytest-timeout python3-pytest-xdist python3-psycopg2 \
        python3-requests clang clang-tidy clang-format libclang-rt-14-dev shellcheck curl ca-certificates ;;
    portal) echo chromium ;;
    bench) echo wrk pgcopydb hyperfine ;;
    all) for purpose in build run test portal bench; do packages_of "$purpose"; done ;;
    *) return 1 ;;
    esac
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Each asked-for package that is not there, one a line.
missing_of() {
    local package
    for package in "$@"; do
        is_installed "$package" || echo "$package"
    done
}

is_debian_12() {
    [[ -r /etc/os-release ]] || return 1
    # shellcheck source=/dev/null
    (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}

refuse_other_systems() {
    cat >&2 <<TEXT
setup.sh: this is not Debian 12, so nothing was installed. Please install what your system calls
these (Debian's names):
  $*
TEXT
    exit 1
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

require_root_or_sudo() {
    [[ $(id -u) -eq 0 ]] && return
    if ! command -v sudo >/dev/null; then
        echo "setup.sh: not root and there is no sudo. As root, run: apt-get install $*" >&2
        exit 1
    fi
    echo "setup.sh: not root, so apt-get runs through sudo (it may ask for your password)"
}

# Debian's postgresql-15 makes and starts a cluster "main" on port 5432 when it is first installed. Malachite
# starts its own servers, and that one would only be in the way. A machine which has the package keeps what it has.
# A drop-in, not createcluster.conf itself: that file is the package's, and editing it makes dpkg ask questions.
keep_main_cluster_away() {
    local folder=/etc/postgresql-common/createcluster.d
    as_root mkdir -p "$folder"
    echo "create_main_cluster = false" | as_root tee "$folder/malachite.conf" >/dev/null
}

install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

may_install() {
    [[ $(id -u) -eq 0 ]] || sudo -n true 2>/dev/null
}

# Package lists older than a day do not know the newest minor. Without a network the old ones have to do.
refresh_package_lists() {
    [[ -z $(find /var/lib/apt/lists /var/cache/apt/pkgcache.bin -maxdepth 1 -mmin -1440 -print -quit 2>/dev/null) ]] || return 0
    as_root apt-get update -qq || echo "setup.sh: could not refresh the package lists; using those of this machine"
}

# The tests are worth most on the minor that users get today. Upgrading restarts Debian's own clusters, so a machine
# that runs one keeps its minor: tests/lib/test_minor.py says which one it is.
upgrade_postgres() {
    local package candidate outdated=()
    may_install || return 0
    refresh_package_lists
    for package in postgresql-15 postgresql-client-15 libpq5 libpq-dev; do
        is_installed "$package" || continue
        candidate=$(apt-cache policy "$package" | awk '$1 == "Candidate:" { print $2 }')
        if dpkg --compare-versions "$(dpkg-query -W -f '${Version}' "$package")" lt "$candidate"; then
            outdated+=("$package")
        fi
    done
    [[ ${#outdated[@]} -gt 0 ]] || return 0
    if pg_lsclusters -h 2>/dev/null | grep -q ' online'; then
        echo "setup.sh: a newer minor of PostgreSQL 15 exists; not installed, because that restarts this machine's clusters"
        return 0
    fi
    echo "setup.sh: upgrading ${outdated[*]} to $candidate"
    install_packages --only-upgrade "${outdated[@]}" ||
        echo "setup.sh: could not upgrade; the tests run on PostgreSQL $(dpkg-query -W -f '${Version}' postgresql-15)"
}

main() {
    local list=false purpose wanted=() missing=()
    if [[ ${1:-} == --list ]]; then
        list=true
        shift
    fi
    if [[ $# -eq 0 || $1 == -h || $1 == --help ]]; then
        usage
        exit $(($# == 0 ? 2 : 0))
    fi
    for purpose in "$@"; do
        if ! packages_of "$purpose" >/dev/null; then
            echo "setup.sh: unknown purpose '$purpose'" >&2
            usage >&2
            exit 2
        fi
        read -r -d '' -a more < <(packages_of "$purpose" && printf '\0')
        wanted+=("${more[@]}")
    done
    if $list; then
        printf '%s\n' "${wanted[@]}"
        exit
    fi
    is_debian_12 || refuse_other_systems "${wanted[@]}"
    mapfile -t missing < <(missing_of "${wanted[@]}")
    if [[ " $* " == *" test "* || " $* " == *" all "* ]]; then
        upgrade_postgres
    fi
    [[ ${#missing[@]} -gt 0 ]] || exit 0
    echo "setup.sh: installing ${missing[*]}"
    require_root_or_sudo "${missing[@]}"
    if [[ " ${missing[*]} " == *" postgresql-15 "* ]]; then
        keep_main_cluster_away
    fi
    install_packages "${missing[@]}"
}

main "$@"
