#!/usr/bin/env bash
# Renews what the pages in docs/ take from the program itself: options, routes, the substate diagram.
#   docs.sh [--check] PROGRAM      --check changes nothing and fails when a page is out of date
set -euo pipefail
cd "$(dirname "$0")/.."
check=false
if [[ ${1:-} == --check ]]; then
    check=true
    shift
fi
program=${1:?usage: docs.sh [--check] PROGRAM}
pages=(docs/configuration.md docs/calls.md docs/states.md docs/migrate.md)
new=$(mktemp)
trap 'rm -f "$new"' EXIT

# One table per resource. The prefix of most paths is long and always the same: "…" stands for it.
routes() {
    local prefix='/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/providers/Microsoft.DBforPostgreSQL'
    "$program" routes | awk -v prefix="$prefix" '
        function section(path) {
            if (path ~ /^\/_malachite\/|^\/metrics$/) return "Of Malachite itself"
            if (path ~ /^\/$|^\/portal/) return "The portal"
            if (path !~ /^\/(subscriptions|providers|tenants)/) return "Sign-in"
            if (path ~ /\/Microsoft.DBforPostgreSQL\/flexibleServers\/\{serverName\}\/(checkM|m)igration/) return "Migrations"
            if (path ~ /\/Microsoft.DBforPostgreSQL\/flexibleServers/) return "Flexible servers"
            if (path ~ /\/Microsoft.DBforPostgreSQL\/servers/) return "Single servers"
            return path ~ /\/deployments/ ? "Deployments of templates" : "Resource Manager"
        }
        function action(name) {
            sub(/^Microsoft.DBforPostgreSQL\//, "", name)
            return name == "-" ? "" : name
        }
        {
            name = section($2)
            if (index($2, prefix) == 1) $2 = "…" substr($2, length(prefix) + 1)
            if (!(name in rows)) order[++count] = name
            rows[name] = rows[name] "| " $1 " | `" $2 "` | " $3 " | " action($4) " |\n"
        }
        END {
            for (i = 1; i <= count; i++)
                printf "%s## %s\n\n| | Path | Operation | Action |\n| --- | --- | --- | --- |\n%s", i == 1 ? "" : "\n", order[i], rows[order[i]]
        }'
}

block() { # name
    case $1 in
    options) "$program" help --markdown ;;
    client) "$program" help --markdown client ;;
    routes) routes ;;
    fsm) printf '```mermaid\n' && "$program" fsm && printf '```\n' ;;
    *) echo "docs.sh: no block is called '$1'" >&2 && return 1 ;;
    esac
}

renew() { # PAGE
    local line
    while IFS= read -r line; do
        if [[ $line =~ ^'<!-- begin '([a-z]+)' -->'$ ]]; then
            printf '%s\n' "$line"
            block "${BASH_REMATCH[1]}"
            while IFS= read -r line && [[ $line != '<!-- end -->' ]]; do :; done
        fi
        printf '%s\n' "$line"
    done <"$1"
}

status=0
for page in "${pages[@]}"; do
    renew "$page" >"$new"
    if $check; then
        diff -u "$page" "$new" || status=1
    elif ! cmp -s "$page" "$new"; then
        cp "$new" "$page"
    fi
done
exit "$status"
