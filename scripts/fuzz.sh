#!/usr/bin/env bash
# Runs the fuzz targets that `make FUZZ=1` has built: fuzz.sh [TARGET...]. Each starts from its seeds and from what
# earlier runs found in build/fuzz/corpus. FUZZ_SECONDS (60) is for each target, FUZZ_SEED is printed and can be given.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
seconds=${FUZZ_SECONDS:-60}
seed=${FUZZ_SEED:-$((1 + (RANDOM << 15 | RANDOM)))}
found=build/fuzz/found
mkdir -p "$found"

if [[ $# -gt 0 ]]; then
    targets=("$@")
else
    mapfile -t targets < <(cd build/fuzz/targets && find . -maxdepth 1 -type f -perm -u+x -printf '%f\n' | sort)
fi

# Its inputs are at most 64 KiB, as longer ones only cost speed. One input has 10 seconds, and 64 MiB of memory,
# which tests/fuzz/fuzz.c counts: the limit here is for the process, with the corpus and what ASan keeps back.
fuzz_one() { # TARGET
    local target=$1 log=$found/$1.log options=()
    mkdir -p "build/fuzz/corpus/$target"
    if [[ -e tests/fuzz/$target.dict ]]; then options+=("-dict=tests/fuzz/$target.dict"); fi
    ASAN_OPTIONS=allocator_may_return_null=1:quarantine_size_mb=16:detect_stack_use_after_return=1 \
        UBSAN_OPTIONS=print_stacktrace=1 ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-$(command -v llvm-symbolizer-14)} \
        "build/fuzz/targets/$target" -seed="$seed" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="$found/$target-" "${options[@]}" \
        "build/fuzz/corpus/$target" "tests/fuzz/seeds/$target" >"$log" 2>&1
    local status=$? runs
    runs=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
    if [[ $status -eq 0 ]]; then
        echo "ok      fuzz: $target (${runs:-0} inputs)"
        return
    fi
    grep -vE '^#[0-9]+[[:space:]]' "$log" | tail -n 60
    echo "FAILED  fuzz: $target (${runs:-?} inputs, FUZZ_SEED=$seed; again: build/fuzz/targets/$target FILE, with a" \
        "file of $found/$target-*)"
    return 1
}

echo "fuzz: ${#targets[@]} targets, $seconds s each, FUZZ_SEED=$seed"
failed=0
running=0
for target in "${targets[@]}"; do
    if [[ $running -ge $(nproc) ]]; then
        wait -n || failed=$((failed + 1))
        running=$((running - 1))
    fi
    fuzz_one "$target" &
    running=$((running + 1))
done
while [[ $running -gt 0 ]]; do
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
done
echo "fuzz: $((${#targets[@]} - failed)) passed, $failed failed"
[[ $failed -eq 0 && ${#targets[@]} -gt 0 ]]
