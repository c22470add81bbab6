#!/usr/bin/env bash
# Functions that have a safer twin, or that are not for threads. A line may say "banned-ok: reason" to be excused.
set -euo pipefail
cd "$(dirname "$0")/../.."
names='strcpy|strcat|strncpy|sprintf|vsprintf|gets|strtok|atoi|atol|atof|localtime|gmtime|asctime|ctime|system|popen'
names+='|rand|srand|alloca|sleep|usleep'
if git grep -nE "(^|[^A-Za-z0-9_>.])($names)[ ]*\\(" -- 'core/*.c' 'store/*.c' 'engine/*.c' 'executor/*.c' 'handlers/*.c' \
    'server/*.c' 'client/*.c' 'app/*.c' |
    grep -v 'banned-ok:' | grep -vE ':[0-9]+:[[:space:]]*(/?\*|//)'; then
    exit 1
fi
# Secrets and places of our own machines have no business here.
if git grep -nIE '\.\./shared|/work/' -- . ':!tests/lint/banned.sh'; then
    exit 1
fi
# An error that nobody has set must not be read as one: it begins empty. Members of structs are no variables.
git ls-files -- '*.c' '*.h' | xargs awk '
    /^(static |typedef )?(const )?(struct|union)[^()]*\{$/ { members = 1 }
    /^}/ { members = 0 }
    !members && /^[ \t]+struct err [a-z_]+;/ { print FILENAME ":" FNR ": " $0; found = 1 }
    END { exit found }'
