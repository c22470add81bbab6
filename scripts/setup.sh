#!/usr/bin/env bash
# Installs what is missing to build, run, test or measure Malachite on Debian 12.
# Prints nothing and changes nothing when everything is installed already.
set -euo pipefail
PYTHON=${PYTHON:-/usr/bin/python3}
CC=${CC:-gcc}
NODE_FOR_PORTAL=18

usage() {
    cat <<'TEXT'
usage: scripts/setup.sh [--list | --check] PURPOSE...

  build    compiler and the libraries Malachite links with
  run      PostgreSQL 15 and its client, without Debian's own cluster "main"; what the demo calls
  portal   node, which builds the web portal, and what fetches its parts
  fetch    what fetches other majors of PostgreSQL
  unit     the library of the unit tests
  api      Python and its modules for the black-box tests
  lint     linters and clang
  test     unit, api and lint; the newest minor of PostgreSQL 15 that the package lists know
  browser  the browser that the tests of the portal run in
  bench    load generators and the tools Malachite is compared with
  all      everything above

  --list   only print the packages of the purposes, one a line
  --check  install nothing: name what is missing and the command that installs it
TEXT
}

packages_of() { # PURPOSE
    local purpose compiler=gcc
    if [[ $CC == *clang* ]]; then compiler=clang; fi
    case $1 in
    build) echo "$compiler" libc6-dev make pkg-config libmicrohttpd-dev libgnutls28-dev libjansson-dev libsqlite3-dev \
        libpq-dev libssl-dev libcurl4-gnutls-dev ;;
    run) echo postgresql-15 postgresql-client-15 curl jq ;;
    # Not npm: Debian makes 360 packages of it, and scripts/portal.sh does without.
    portal) echo nodejs curl ca-certificates ;;
    fetch) echo curl ca-certificates ;;
    unit) echo libcmocka-dev ;;
    api) echo python3-pytest python3-pytest-timeout python3-pytest-xdist python3-psycopg2 python3-requests \
        curl jq ca-certificates ;;
    lint) echo git clang clang-tidy clang-format libclang-rt-14-dev shellcheck black flake8 ;;
    test) for purpose in unit api lint; do packages_of "$purpose"; done ;;
    browser) echo chromium ;;
    bench) echo wrk pgcopydb hyperfine ;;
    all) for purpose in build run portal fetch test browser bench; do packages_of "$purpose"; done ;;
    *) return 1 ;;
    esac
}

is_installed() { # PACKAGE
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

has_library() { # PACKAGE, MODULE of pkg-config
    if command -v pkg-config >/dev/null; then pkg-config --exists "$2"; else is_installed "$1"; fi
}

has_node() {
    command -v node >/dev/null && [[ $(node -p 'process.versions.node.split(".")[0]') -ge $NODE_FOR_PORTAL ]]
}

# What a package is for counts, not where it came from: node may be another vendor's, and the system may not be Debian.
is_present() { # PACKAGE
    case $1 in
    gcc) command -v gcc >/dev/null || command -v "$CC" >/dev/null ;;
    libc6-dev) [[ -e /usr/include/stdio.h ]] || is_installed "$1" ;;
    make | pkg-config | curl | jq | git | clang | clang-tidy | clang-format | shellcheck | black | flake8) command -v "$1" >/dev/null ;;
    libmicrohttpd-dev) has_library "$1" libmicrohttpd ;;
    libgnutls28-dev) has_library "$1" gnutls ;;
    libjansson-dev) has_library "$1" jansson ;;
    libsqlite3-dev) has_library "$1" sqlite3 ;;
    libpq-dev) has_library "$1" libpq ;;
    libssl-dev) has_library "$1" openssl ;;
    libcurl4-gnutls-dev) has_library "$1" libcurl ;;
    libcmocka-dev) has_library "$1" cmocka ;;
    nodejs) has_node ;;
    python3-pytest-xdist) "$PYTHON" -c 'import xdist' 2>/dev/null ;;
    python3-*) "$PYTHON" -c "import $(tr - _ <<<"${1#python3-}")" 2>/dev/null ;;
    *) is_installed "$1" ;;
    esac
}

# Each asked-for package that is missing, one a line.
missing_of() {
    local package
    for package in "$@"; do
        is_present "$package" || echo "$package"
    done | awk '!seen[$0]++'
}

is_debian_12() {
    [[ -r /etc/os-release ]] || return 1
    # shellcheck source=/dev/null
    (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}

refuse_other_systems() {
    cat >&2 <<TEXT
setup.sh: this is not Debian 12, so nothing was installed. Please install what your system calls
these (Debian's names): $*
TEXT
    exit 1
}

# "gcc and jq", "gcc, curl and jq"
in_words() {
    local words
    words=$(printf ', %s' "$@")
    words=${words#, }
    if [[ $# -gt 1 ]]; then words="${words%, *} and ${words##*, }"; fi
    echo "$words"
}

command_for() {
    local prefix=''
    [[ $(id -u) -eq 0 ]] || prefix='sudo '
    echo "${prefix}apt-get update && ${prefix}apt-get install -y --no-install-recommends $*"
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
        echo "setup.sh: $(in_words "$@") not installed, you are not root, and sudo is missing. As root, run:" \
            "apt-get update && apt-get install -y --no-install-recommends $*" >&2
        exit 1
    fi
    echo "setup.sh: not root, so apt-get runs through sudo (it may ask for your password)"
}

# Debian's postgresql-15 makes and starts a cluster "main" on port 5432 when it is first installed. Malachite
# starts its own servers, and that one would only be in the way. A machine which has the package keeps what it has.
# A drop-in, not createcluster.conf itself: that file is the package's, and editing it makes dpkg ask questions.
# It goes as soon as the package is installed, so that a later major behaves as its owner expects.
drop_in=/etc/postgresql-common/createcluster.d/malachite.conf

without_main_cluster() { # COMMAND...
    local status=0
    as_root mkdir -p "${drop_in%/*}"
    echo "create_main_cluster = false" | as_root tee "$drop_in" >/dev/null
    trap 'as_root rm -f "$drop_in"' EXIT
    "$@" || status=$?
    as_root rm -f "$drop_in"
    trap - EXIT
    return "$status"
}

# apt-get prints several lines per package. They go to a file, of which the end is shown when it fails.
run_apt() { # LOG ARGUMENT...
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${@:2}" \
        </dev/null >>"$1" 2>&1
}

# Of the last minutes, as when one set-up follows another. ctime, as mtime is that of the mirror.
has_fresh_package_lists() {
    [[ -n $(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -cmin -10 -print -quit 2>/dev/null) ]]
}

install_packages() {
    local log
    log=$(mktemp)
    # Packages that need no newer list are installed even when a source cannot be reached.
    has_fresh_package_lists || run_apt "$log" update || true
    # "--only-upgrade PACKAGE..." passes, too.
    if run_apt "$log" install -y --no-install-recommends "$@"; then
        rm -f "$log"
        return
    fi
    tail -n 15 "$log" >&2
    rm -f "$log"
    echo "setup.sh: apt-get could not install $(in_words "$@"); its own words are above. When its package sources" \
        "can be reached, run: $(command_for "$@")" >&2
    return 1
}

report_missing() {
    if is_debian_12 || command -v apt-get >/dev/null; then
        echo "This needs $(in_words "$@"), not installed here. To install: $(command_for "$@")" >&2
    else
        echo "This needs $(in_words "$@") (Debian's names), not installed here. Install what your system calls these." >&2
    fi
    exit 1
}

install_missing() {
    is_debian_12 || refuse_other_systems "$@"
    require_root_or_sudo "$@"
    echo "setup.sh: installing $*"
    if [[ " $* " == *" postgresql-15 "* ]]; then
        without_main_cluster install_packages "$@"
    else
        install_packages "$@"
    fi
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
    local mode=install purpose wanted=() missing=() more
    case ${1:-} in
    --list | --check)
        mode=${1#--}
        shift
        ;;
    -h | --help) usage && exit ;;
    esac
    [[ $# -gt 0 ]] || { usage && exit 2; }
    for purpose in "$@"; do
        if ! packages_of "$purpose" >/dev/null; then
            echo "setup.sh: unknown purpose '$purpose'" >&2
            usage >&2
            exit 2
        fi
        mapfile -t more < <(packages_of "$purpose" | tr ' ' '\n')
        wanted+=("${more[@]}")
    done
    if [[ $mode == list ]]; then
        printf '%s\n' "${wanted[@]}" | awk '!seen[$0]++'
        exit
    fi
    mapfile -t missing < <(missing_of "${wanted[@]}")
    if [[ $mode == check ]]; then
        [[ ${#missing[@]} -eq 0 ]] || report_missing "${missing[@]}"
        exit
    fi
    if [[ ${#missing[@]} -gt 0 ]]; then install_missing "${missing[@]}"; fi
    if is_debian_12 && [[ " $* " == *" test "* || " $* " == *" all "* ]]; then
        upgrade_postgres
    fi
}

main "$@"
