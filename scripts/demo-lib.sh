# shellcheck shell=bash disable=SC2154
# What scripts/demo.sh is made of: printing, the REST calls as a user would type them, waiting, comparing.

say() {
    printf '\n\033[1m%s\033[0m\n' "$*"
}

fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
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
    local filled=$(($1 * 30 / 100))
    printf '[%s%s] %3d %%' "$(printf '%*s' "$filled" '' | tr ' ' '#')" "$(printf '%*s' $((30 - filled)) '')" "$1"
}

# One line about a migration's progress; a new line whenever its state or step changes.
show_progress() { # detail as JSON
    local line percent step rows
    read -r percent rows < <(jq -r '.databases | (map(.bytesTotal) | add // 0) as $total
        | (map(.bytesCopied) | add // 0) as $done | (map(.rowsCopied) | add // 0) as $rows
        | (map(.tablesQueued + .tablesLoading) | add // 0) as $open | (map(.tablesCompleted) | add // 0) as $copied
        | [(if $open == 0 and $copied > 0 then 100
            elif $total > 0 then [99, $done * 100 / $total] | min | floor else 0 end), $rows] | @tsv' <<<"$1")
    step=$(jq -r '[.state, .substate, (.databases[0].operation // empty)] | join(" / ")' <<<"$1")
    line=$(bar "$percent")
    if [[ $step != "${last_step:-}" ]]; then
        [[ -z ${last_step:-} ]] || printf '\n'
        last_step=$step
    fi
    printf '\r%s  %9d rows  %s\033[K' "$line" "$rows" "$step"
}

follow_migration() { # migrationId
    local detail
    for _ in $(seq 6000); do
        detail=$(curl -sS "$base/_malachite/migrations/$1")
        show_progress "$detail"
        case $(jq -r .state <<<"$detail") in
        Succeeded)
            printf '\n'
            return
            ;;
        Failed | Canceled) fail "the migration ended: $(jq -c . <<<"$detail")" ;;
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
