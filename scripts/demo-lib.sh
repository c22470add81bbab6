# shellcheck shell=bash disable=SC2154
# The functions of scripts/demo.sh: printing, the REST calls as a user would type them, waiting, comparing.

# psql asks for a key in its pager when a terminal has few rows, or none: nothing here may wait for a key.
export PAGER=cat PSQL_PAGER=cat LESS=-FX

is_terminal=false
if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then is_terminal=true; fi

say() {
    if $is_terminal; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

demo_home() {
    if [[ -n ${MALACHITE_DEMO_HOME:-} ]]; then
        echo "$MALACHITE_DEMO_HOME"
    elif [[ $(id -u) -eq 0 ]]; then
        echo /var/lib/malachite-demo
    else
        echo "${XDG_STATE_HOME:-${HOME:?is not set, nor is MALACHITE_DEMO_HOME}/.local/state}/malachite-demo"
    fi
}

# Columns of the terminal. One of no known size counts as 80.
columns() {
    local size
    size=$(stty size 2>/dev/null </dev/tty || true)
    size=${size##* }
    if [[ ${size:-0} -ge 20 ]]; then echo "$size"; else echo 80; fi
}

# Prints a call so that it can be pasted into a terminal, makes it, and leaves the answer in $answer.
call() { # METHOD URL [JSON]
    local method=$1 url=$2 json=${3:-}
    if [[ -n $json ]]; then
        printf "curl -X %s '%s' -H 'Content-Type: application/json' -d '%s'\n" "$method" "$url" "$json"
        answer=$(curl -sS -D "$home/headers" -X "$method" "$url" -H 'Content-Type: application/json' -d "$json")
    else
        printf "curl -X %s '%s'\n" "$method" "$url"
        answer=$(curl -sS -D "$home/headers" -X "$method" "$url")
    fi
    if jq -e 'has("error")' <<<"${answer:-{\}}" >/dev/null 2>&1; then
        fail "refused: $(jq -r '.error.code + ": " + .error.message' <<<"$answer")"
    fi
}

# Follows the Azure-AsyncOperation of the last call to its end.
wait_for_operation() {
    local url status
    url=$(sed -n 's/^azure-asyncoperation: *//Ip' "$home/headers" | tr -d '\r')
    for _ in $(seq 600); do
        status=$(curl -sS "$url")
        case $(jq -r .status <<<"$status") in
        Succeeded) return ;;
        InProgress) sleep 0.1 ;;
        *) fail "the operation ended with $(jq -c .error <<<"$status")" ;;
        esac
    done
    fail "the operation does not end: $url"
}

bar() { # percent
    local filled=$(($1 * 20 / 100))
    printf '[%s%s] %3d %%' "$(printf '%*s' "$filled" '' | tr ' ' '#')" "$(printf '%*s' $((20 - filled)) '')" "$1"
}

# One line about a migration's progress. A terminal has it rewritten in place, with a new line whenever the step changes;
# a file or a pipe gets a plain line for each step and each tenth of the rows.
show_progress() { # detail as JSON
    local line percent step rows width
    read -r percent rows < <(jq -r '.databases | (map(.bytesTotal) | add // 0) as $total
        | (map(.bytesCopied) | add // 0) as $done | (map(.rowsCopied) | add // 0) as $rows
        | (map(.tablesQueued + .tablesLoading) | add // 0) as $open | (map(.tablesCompleted) | add // 0) as $copied
        | [(if $open == 0 and $copied > 0 then 100
            elif $total > 0 then [99, $done * 100 / $total] | min | floor else 0 end), $rows] | @tsv' <<<"$1")
    step=$(jq -r '[.substate, (.databases[0].operation // empty)] | join(": ")' <<<"$1")
    line=$(printf '%s %9d rows  %s' "$(bar "$percent")" "$rows" "$step")
    if ! $is_terminal; then
        if [[ $step != "${last_step:-}" || $((percent / 10)) -ne ${last_tenth:-0} ]]; then
            printf '%3d %% %9d rows  %s\n' "$percent" "$rows" "$step"
        fi
        last_step=$step last_tenth=$((percent / 10))
        return
    fi
    if [[ $step != "${last_step:-}" ]]; then
        [[ -z ${last_step:-} ]] || printf '\n'
        last_step=$step
    fi
    width=$(columns)
    printf '\r%s\033[K' "${line:0:width-1}"
}

follow_migration() { # migrationId
    local detail
    for _ in $(seq 6000); do
        detail=$(curl -sS "$base/_malachite/migrations/$1")
        show_progress "$detail"
        case $(jq -r .state <<<"$detail") in
        Succeeded)
            if $is_terminal; then printf '\n'; fi
            return
            ;;
        Failed | Canceled)
            if $is_terminal; then printf '\n'; fi
            fail "the migration ended $(jq -r '.state + ": " + (.error.message // "no reason given")' <<<"$detail")"
            ;;
        esac
        sleep 0.2
    done
    fail "the migration does not end"
}

# Rows and a checksum of every table, sequence and large object of a database, as text.
fingerprint() { # psql arguments
    "$psql" -XAtq -v ON_ERROR_STOP=1 "$@" <<'SQL'
set timezone = 'UTC'; set extra_float_digits = 3; set bytea_output = hex;
select format('select %L, count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from %s t', oid::regclass, oid::regclass)
from pg_class where relkind in ('r', 'm') and oid >= 16384
  and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  and relnamespace::regnamespace::text !~ '^pg_toast'
order by oid::regclass::text collate "C" \gexec
select format('select %L, last_value, is_called from %s', oid::regclass, oid::regclass)
from pg_class where relkind = 'S' order by oid::regclass::text collate "C" \gexec
select 'large object ' || oid, md5(lo_get(oid)) from pg_largeobject_metadata order by oid;
SQL
}
