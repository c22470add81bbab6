#!/usr/bin/env bash
# Shows Malachite at work: two real PostgreSQL servers, a web shop of about 200 MB in one, and its migration to the other
# through plain HTTP calls, printed as they are made. Leaves Malachite running; make demo-stop ends it.
#   demo.sh PROGRAM
#   SCALE=0.1              a smaller shop
#   SOURCE_MAJOR=12 TARGET_MAJOR=16
#   HTTP_PORT=... HTTPS_PORT=...
# A demo that fails, or is interrupted, stops what it has started; its log stays.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/demo-lib.sh
. scripts/demo-lib.sh

program=$(realpath "${1:?usage: demo.sh PROGRAM}")
home=$(demo_home)
psql=$(compgen -G '/usr/lib/postgresql/*/bin/psql' | sort -V | tail -n 1 || true)
psql=${psql:-$(command -v psql)} || fail "psql is not installed. To install it: scripts/setup.sh run"
for tool in curl jq; do
    command -v "$tool" >/dev/null || fail "$tool is not installed. To install it: scripts/setup.sh run"
done

is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

port_or_any() { # wished for
    if is_free "$1"; then
        echo "$1"
    else
        echo "Port $1 is in use by another program, so Malachite takes a free one." >&2
        echo 0
    fi
}

# Every exit except the successful one.
stop_after_failure() {
    local status=$?
    trap - EXIT
    scripts/demo-stop.sh || true
    echo "demo: stopped what it had started. Log: $home/log. To remove its data: make demo-clean" >&2
    exit $((status == 0 ? 1 : status))
}

start_malachite() {
    scripts/demo-stop.sh
    mkdir -p "$home" || fail "cannot create the demo's folder. Choose another one with MALACHITE_DEMO_HOME."
    rm -rf "$home/data"
    chmod 711 "$home"
    trap stop_after_failure EXIT
    trap 'exit 130' INT TERM HUP
    rm -f "$home/endpoints.json" "$home/output"
    setsid "$program" serve --data-dir "$home/data" --endpoints-file "$home/endpoints.json" \
        --http-port "$(port_or_any "${HTTP_PORT:-8080}")" --https-port "$(port_or_any "${HTTPS_PORT:-8443}")" \
        </dev/null >"$home/output" 2>"$home/log" &
    echo $! >"$home/pid"
    for _ in $(seq 200); do
        grep -qs '^Ready\.' "$home/output" && break
        kill -0 "$(cat "$home/pid")" 2>/dev/null || fail "Malachite did not start: $(tail -n 3 "$home/log")"
        sleep 0.05
    done
    grep -qs '^Ready\.' "$home/output" || fail "Malachite is not ready after 10 seconds; see $home/log"
    base=$(jq -r .http "$home/endpoints.json")
    subscription=/subscriptions/$(jq -r .subscriptionId "$home/endpoints.json")
    echo "Malachite answers at $base (log: $home/log)"
}

# The port is 5432 unless another program has that one on all addresses.
psql_arguments() { # PATH of a server
    curl -sS "$base$1" | jq -r '.properties | "-h", .fullyQualifiedDomainName,
        (if .port then "-p", (.port | tostring) else empty end), "-U", "shopkeeper"'
}

create_servers() {
    group=$subscription/resourceGroups/demo
    provider=$group/providers/Microsoft.DBforPostgreSQL
    source=$provider/servers/shop-old
    target=$provider/flexibleServers/shop-new
    say "A resource group, the source server and the target server: two real PostgreSQL instances"
    call PUT "$base$group?api-version=2024-11-01" '{"location": "eastus"}'
    call POST "$base$subscription/providers/Microsoft.DataMigration/register?api-version=2024-11-01"
    call PUT "$base$source?api-version=2017-12-01" '{"location": "eastus", "properties": {"createMode": "Default",
  "version": "'"${SOURCE_MAJOR:-15}"'", "administratorLogin": "shopkeeper", "administratorLoginPassword": "Old-Shop-1"}}'
    wait_for_operation
    call PUT "$base$target?api-version=2025-08-01" '{"location": "eastus", "properties": {
  "version": "'"${TARGET_MAJOR:-15}"'", "administratorLogin": "shopkeeper", "administratorLoginPassword": "New-Shop-1"}}'
    wait_for_operation
    mapfile -t on_source < <(psql_arguments "$source?api-version=2017-12-01")
    mapfile -t on_target < <(psql_arguments "$target?api-version=2025-08-01")
}

load_shop() {
    say "Loading the web shop into the source (scale ${SCALE:-1})"
    export PGPASSWORD=Old-Shop-1
    "$psql" -Xq -v ON_ERROR_STOP=1 "${on_source[@]}" -d postgres -c 'create database shop'
    "$psql" -X -P pager=off -v scale="${SCALE:-1}" "${on_source[@]}" -d shop -f docker/sample/sample.sql \
        >"$home/load.txt" 2>&1 || fail "the shop could not be loaded: $(tail -n 3 "$home/load.txt")"
}

migrate() {
    say "The migration: one PUT"
    call PUT "$base$target/migrations/first-try?api-version=2025-08-01" '{"location": "eastus", "properties": {
  "migrationMode": "Offline", "migrateRoles": "True",
  "sourceDbServerResourceId": "'"$source"'", "dbsToMigrate": ["shop"],
  "secretParameters": {"adminCredentials": {"sourceServerPassword": "Old-Shop-1", "targetServerPassword": "New-Shop-1"}}}}'
    local id
    id=$(jq -r .properties.migrationId <<<"$answer")
    echo
    echo "Following $base/_malachite/migrations/$id"
    follow_migration "$id"
}

compare_sides() {
    say "Comparing rows, sequences and large objects of both sides"
    PGPASSWORD=Old-Shop-1 fingerprint "${on_source[@]}" -d shop >"$home/source.txt"
    PGPASSWORD=New-Shop-1 fingerprint "${on_target[@]}" -d shop >"$home/target.txt"
    diff "$home/source.txt" "$home/target.txt" >"$home/differences.txt" ||
        fail "the sides differ: see $home/differences.txt"
    echo "$(wc -l <"$home/source.txt") tables, views, sequences and large objects are the same on both sides."
}

say "Starting Malachite"
start_malachite
create_servers
load_shop
migrate
compare_sides
portal=$base
if ! curl -sS "$base/" | grep -q /portal/assets/; then
    portal="not built: $(cat build/portal/missing 2>/dev/null || echo "make builds it when node is installed")"
fi
trap - EXIT
say "Malachite stays here"
cat <<TEXT
Portal            $portal
REST              $base  and  $(jq -r .https "$home/endpoints.json")
CA certificate    $(jq -r .ca "$home/endpoints.json")
Log               $home/log
Data              $home ($(du -sh "$home" 2>/dev/null | cut -f 1))

The source:
    PGPASSWORD=Old-Shop-1 psql ${on_source[*]} shop
The target:
    PGPASSWORD=New-Shop-1 psql ${on_target[*]} shop
To end it:
    make demo-stop
To end it and remove its data:
    make demo-clean
TEXT
