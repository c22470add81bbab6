#!/usr/bin/env bash
# Measures what docs/performance.md claims: start-up, memory, REST rates, and the copy of pgbench's database against pgcopydb and
# pg_dump | pg_restore on the same two servers in the same run; then online migrations against PostgreSQL's own subscription;
# where valgrind is installed, instructions.
# Prints figures, judges nothing.
#   run.sh PROGRAM [SCALE [ROUNDS]]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${1:?usage: run.sh PROGRAM [SCALE [ROUNDS]]}")
scale=${2:-100}
rounds=${3:-3}
scripts/setup.sh build run bench
/usr/bin/python3 tests/bench/bench.py "$program" "$scale" "$rounds"
/usr/bin/python3 tests/bench/snapshots.py "$program" 200 "$rounds"
/usr/bin/python3 tests/bench/universes.py "$program"
/usr/bin/python3 tests/bench/online.py "$program" 60000 30 "$rounds"
if command -v valgrind >/dev/null; then
  exec /usr/bin/python3 tests/bench/instructions.py "$program"
fi
echo "valgrind is not installed: instructions are not counted"
