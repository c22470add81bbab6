#!/usr/bin/env bash
# Measures what the README claims: start-up, memory, REST rates, and the copy of pgbench's database against pgcopydb and
# pg_dump | pg_restore on the same two servers in the same run. Prints figures, judges nothing.
#   run.sh PROGRAM [SCALE [ROUNDS]]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${1:?usage: run.sh PROGRAM [SCALE [ROUNDS]]}")
scale=${2:-100}
rounds=${3:-3}
scripts/setup.sh build run bench
exec /usr/bin/python3 tests/bench/bench.py "$program" "$scale" "$rounds"
