#!/usr/bin/env bash
# Runs what `make coverage` has built and counts the lines that ran: coverage.sh [PYTEST_ARGUMENT...].
# Without arguments, the unit tests and the black-box tests below; they take some minutes, not the half hour of all.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
status=0
chosen=("$@")
if [[ $# -eq 0 ]]; then
    chosen=(tests/api/arm/test_{deployments,groups,lists,openapi,signin,roles,provider_surface}.py
        tests/api/protocol/test_requests.py tests/api/process/test_{migrate_command,start_stop}.py
        tests/api/servers/test_{servers,server_children,databases,networks,server_power,configurations}.py
        tests/api/offline/test_{migration_offline,cancel}.py tests/api/online/test_{migration_online,series}.py
        tests/api/testing/test_{points,rule_calls,universes,snapshots,seeing,faults}.py)
fi

# One major is enough to count lines: those of the newest that Debian has.
newest=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[[ -z $newest ]] || export MALACHITE_TEST_POSTGRES=${MALACHITE_TEST_POSTGRES:-$newest}

# Counts of an earlier run would be added to.
find build/coverage -name '*.gcda' -delete
scripts/unit.sh build/coverage/unit || status=1
MALACHITE_BINARY=$PWD/build/coverage/malachite MALACHITE_TEST_SLOWNESS=${MALACHITE_TEST_SLOWNESS:-2} \
    "${PYTHON:-/usr/bin/python3}" -m pytest -q -n 2 -p no:cacheprovider --timeout 600 "${chosen[@]}" || status=1
tests/coverage/report.py build/coverage || status=1
exit "$status"
