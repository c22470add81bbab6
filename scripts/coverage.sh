#!/usr/bin/env bash
# Runs what `make coverage` has built and counts the lines that ran: coverage.sh [PYTEST_ARGUMENT...].
# Without arguments, the unit tests and the black-box tests below; they take some minutes, not the half hour of all.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
status=0
chosen=("$@")
if [[ $# -eq 0 ]]; then
    chosen=(tests/api/arm tests/api/servers tests/api/offline/test_migration_offline.py \
        tests/api/online/test_migration_online.py tests/api/online/test_cutover.py)
fi

# Counts of an earlier run would be added to.
find build/coverage -name '*.gcda' -delete
scripts/unit.sh build/coverage/unit || status=1
MALACHITE_BINARY=$PWD/build/coverage/malachite MALACHITE_TEST_SLOWNESS=${MALACHITE_TEST_SLOWNESS:-2} \
    "${PYTHON:-/usr/bin/python3}" -m pytest -q -n 2 -p no:cacheprovider --timeout 600 "${chosen[@]}" || status=1
tests/coverage/report.py build/coverage || status=1
exit "$status"
