# shellcheck shell=bash
# Packages of an npm registry without npm, which Debian makes of 360 packages: where it is, a tarball, its checksum.

npmrc_registry() { # FILE
    [[ -r $1 ]] || return 0
    sed -n 's/^[[:space:]]*registry[[:space:]]*=[[:space:]]*//p' "$1" | tail -n 1 | tr -d "\"' \r"
}

# Whatever this machine's npm uses, because many sites have a mirror of their own; without npm, what npm would use.
npm_registry() {
    local base=${MALACHITE_NPM_REGISTRY:-${NPM_CONFIG_REGISTRY:-${npm_config_registry:-}}}
    [[ -n $base ]] || base=$(npmrc_registry "${HOME:-/nonexistent}/.npmrc")
    [[ -n $base ]] || base=$(npmrc_registry /etc/npmrc)
    if [[ -z $base ]] && command -v npm >/dev/null; then
        base=$(npm config get registry 2>/dev/null || true)
    fi
    [[ $base == http://* || $base == https://* ]] || base=https://registry.npmjs.org
    echo "${base%/}"
}

# Nothing is written unless the whole file arrived. The reason of a failure goes to stderr.
npm_download() { # PACKAGE VERSION FILE [OPTION of curl...]
    local base
    base=$(npm_registry)
    curl --fail --silent --show-error --location --proto '=http,https' --connect-timeout 20 "${@:4}" \
        --output "$3" "$base/$1/-/${1##*/}-$2.tgz"
}

npm_has_integrity() { # FILE INTEGRITY
    local want have
    want=$(printf '%s' "${2#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    have=$(sha512sum <"$1")
    [[ ${#want} -eq 128 && ${have%% *} == "$want" ]]
}
