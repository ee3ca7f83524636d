#!/usr/bin/env bash
# fuzz.sh [MINUTES [TARGET...]]: gives arbitrary bytes to everything that reads files, under the address and undefined-
# behaviour sanitizers, each target for an equal share of MINUTES [10] on one core. Guided by coverage where Clang has
# libFuzzer, else by the seeded driver of tests/fuzz. The checkpoint importer gets its own mutator (Python).
#
# New inputs that reach new code are kept in build/fuzz/found/TARGET and are the next run's beginning; what broke something
# is in build/fuzz/broken. A line for each target tells its runs. Exit code 1: something broke.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10}
[[ $minutes =~ ^[0-9]+$ && $minutes -gt 0 ]] || {
  echo "usage: fuzz.sh [MINUTES [TARGET...]]" >&2
  exit 2
}
shift $(($# > 0 ? 1 : 0))
targets=("$@")
if (($# == 0)); then targets=(cloud_io las safetensors config model_folder eval resume checkpoint); fi

build=build/fuzz
compilers=() guided=OFF
if command -v clang++ >/dev/null &&
  compgen -G "$(clang++ -print-resource-dir)/lib/*/libclang_rt.fuzzer*.a" >/dev/null; then
  compilers=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++) guided=ON
fi
sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
if [[ $guided == ON ]]; then sanitizers+=" -fsanitize=fuzzer-no-link"; fi
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPTATTN_BUILD_VIEW=OFF -DPTATTN_TEST_PEERS=OFF \
  -DPTATTN_BUILD_BENCHMARKS=OFF -DPTATTN_HARDENING=OFF -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1 -DNDEBUG" \
  "${compilers[@]}" -DPTATTN_LIBFUZZER=$guided -DCMAKE_CXX_FLAGS="$sanitizers" >/dev/null
# The readers of clouds have two corpora: LAS and LAZ have seeds of their own.
program_of() { echo "fuzz_${1/#las/cloud_io}"; }
programs=()
for target in "${targets[@]}"; do
  [[ $target == checkpoint ]] || programs+=("$(program_of "$target")")
done
if ((${#programs[@]} > 0)); then cmake --build "$build" --parallel "$(nproc)" --target "${programs[@]}"; fi
mkdir -p "$build/broken"

seconds=$((minutes * 60 / ${#targets[@]}))
broken=0
for target in "${targets[@]}"; do
  corpus=$PWD/tests/fuzz/corpus/$target found=$PWD/$build/found/$target log=$PWD/$build/$target.log
  mkdir -p "$found"
  if [[ $target == checkpoint ]]; then
    run=(python3 "$PWD/tests/fuzz/fuzz_checkpoint.py" --seconds "$seconds" --seed "$RANDOM")
  elif [[ $guided == ON ]]; then
    # The header of a cloud may name much; 2 GB is what a small multiple of an input never reaches.
    run=("$PWD/$build/bin/$(program_of "$target")" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536
      -print_final_stats=1 "$found" "$corpus")
  else
    run=("$PWD/$build/bin/$(program_of "$target")" "$corpus" 0 "$RANDOM" "$seconds")
  fi
  if (cd "$build/broken" && UBSAN_OPTIONS=print_stacktrace=1 "${run[@]}") >"$log" 2>&1; then
    runs=$(sed -nE 's/^stat::number_of_executed_units: *//p; s/.*, ([0-9]+) mutations$/\1/p' "$log" | tail -n 1)
    printf '%-14s %10s runs, %d s\n' "$target" "${runs:-?}" "$seconds"
  else
    printf '%-14s broke: %s\n' "$target" "$log"
    broken=1
  fi
done
exit $broken
