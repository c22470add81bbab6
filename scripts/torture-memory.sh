#!/usr/bin/env bash
# Runs what `make torture-memory` has built. torture-memory.sh [requests | migrations]: by default both.
# MEMORY_MINUTES (5) is for the migrations; MEMORY_SEED is printed and can be given.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
programs=$PWD/build/address-undefined/memory
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1
status=0

if [[ ${1:-requests} == requests ]]; then
    "$programs/requests" tests/fuzz/seeds/request/* || status=1
fi
if [[ ${1:-migrations} == migrations ]]; then
    MALACHITE_BINARY=$programs/malachite MALACHITE_TEST_SLOWNESS=${MALACHITE_TEST_SLOWNESS:-4} \
        "${PYTHON:-/usr/bin/python3}" tests/memory/migrations.py --minutes "${MEMORY_MINUTES:-5}" \
        ${MEMORY_SEED:+--seed "$MEMORY_SEED"} || status=1
fi
exit "$status"
