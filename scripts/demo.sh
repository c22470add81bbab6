#!/usr/bin/env bash
# Shows Malachite at work: two real PostgreSQL servers, a web shop of about 200 MB in one, and its migration to the other
# through plain HTTP calls, printed as they are made. Leaves Malachite running; make demo-stop ends it.
#   demo.sh PROGRAM
#   SCALE=0.1              a smaller shop
#   SOURCE_MAJOR=12 TARGET_MAJOR=16
#   HTTP_PORT=... HTTPS_PORT=...
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/demo-lib.sh
. scripts/demo-lib.sh

program=$(realpath "${1:?usage: demo.sh PROGRAM}")
psql=$(compgen -G '/usr/lib/postgresql/*/bin/psql' | sort -V | tail -n 1)
if [[ $(id -u) -eq 0 ]]; then
    home=${MALACHITE_DEMO_HOME:-/var/lib/malachite-demo}
else
    home=${MALACHITE_DEMO_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/malachite-demo}
fi

is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

port_or_any() { # wished for
    if is_free "$1"; then echo "$1"; else echo 0; fi
}

start_malachite() {
    scripts/demo-stop.sh
    rm -rf "$home/data"
    mkdir -p "$home"
    chmod 711 "$home"
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
    base=$(jq -r .http "$home/endpoints.json")
    subscription=/subscriptions/$(jq -r .subscriptionId "$home/endpoints.json")
    echo "Malachite answers at $base (log: $home/log)"
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
    source_address=$(curl -sS "$base$source?api-version=2017-12-01" | jq -r .properties.fullyQualifiedDomainName)
    target_address=$(curl -sS "$base$target?api-version=2025-08-01" | jq -r .properties.fullyQualifiedDomainName)
    on_source=(-h "$source_address" -U shopkeeper)
    on_target=(-h "$target_address" -U shopkeeper)
}

load_shop() {
    say "Loading the web shop into the source (scale ${SCALE:-1})"
    export PGPASSWORD=Old-Shop-1
    "$psql" -Xq -v ON_ERROR_STOP=1 "${on_source[@]}" -d postgres -c 'create database shop'
    "$psql" -X -v scale="${SCALE:-1}" "${on_source[@]}" -d shop -f docker/sample/sample.sql
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
    say "As the service says it"
    call GET "$base$target/migrations/first-try?api-version=2025-08-01"
    jq .properties.currentStatus <<<"$answer"
}

compare_sides() {
    say "Comparing rows, sequences and large objects of both sides"
    PGPASSWORD=Old-Shop-1 fingerprint "${on_source[@]}" -d shop >"$home/source.txt"
    PGPASSWORD=New-Shop-1 fingerprint "${on_target[@]}" -d shop >"$home/target.txt"
    diff "$home/source.txt" "$home/target.txt" >"$home/differences.txt" ||
        fail "the sides differ: see $home/differences.txt"
    echo "$(wc -l <"$home/source.txt") tables, views, sequences and large objects are the same on both sides."
}

show_times() {
    say "Times"
    curl -sS "$base/_malachite/migrations" | jq -r '.value[0].migrationId' |
        xargs -I{} curl -sS "$base/_malachite/migrations/{}" |
        jq -r '.events[] | "\(.at)  \(.state) / \(.substate): \(.text)"'
}

say "Starting Malachite"
start_malachite
create_servers
load_shop
migrate
compare_sides
show_times
say "Malachite stays here"
cat <<TEXT
Portal            $base
REST              $base  and  $(jq -r .https "$home/endpoints.json")
CA certificate    $(jq -r .ca "$home/endpoints.json")
Source            PGPASSWORD=Old-Shop-1 psql -h $source_address -U shopkeeper shop
Target            PGPASSWORD=New-Shop-1 psql -h $target_address -U shopkeeper shop
Log               $home/log
make demo-stop ends it.
TEXT
