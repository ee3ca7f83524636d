#!/usr/bin/env bash
# Builds the tests with sanitizers (Clang) and runs them.
#
#   scripts/sanitize.sh address|thread [PROGRAM...] [-- CTEST OPTION...]
#
#   address  address and undefined-behaviour sanitizers, leaks as well
#   thread   thread sanitizer
#   PROGRAM  a test program to build and run; without one, all
#
#   scripts/sanitize.sh address
#   scripts/sanitize.sh thread core_test nn_test -- -R softmax
#
# What does not run, here and nowhere else:
#   packaging, format  are not about the programs' memory: packages are made of other builds
#   hostile_checkpoints_test, fuzz_checkpoint, bench_peers_test
#                      run Python and nothing else
#   ptattn-view and comparisons with PCL and Open3D under `thread`
#                      these bring Debian's TBB, in which the sanitizer cannot see what orders its tasks
# and, inside test programs, what tests/sanitizers.hpp lists. No finding is suppressed; modules that a program loads stay
# loaded under `address` (tests/keep_modules.cpp).
#
# Debian's TBB hides from the thread sanitizer what orders its tasks: every parallel loop is reported as a race. The same
# version, built from Debian's source with -fsanitize=thread, goes to build/tsan_tbb. Clang's own operator new stays out of
# the programs (--driver-mode=gcc in the preset): tests bring one that counts and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

tbb=$PWD/build/tsan_tbb

# Debian's source of TBB, by apt with records of its own, since sources are seldom among a system's.
build_tbb() {
  local apt=$tbb/apt
  mkdir -p "$apt/lists/partial" "$tbb/source"
  echo "deb-src http://deb.debian.org/debian bookworm main" >"$apt/sources.list"
  local options=(-q -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  apt-get "${options[@]}" update
  (cd "$tbb" && apt-get "${options[@]}" --download-only source onetbb)
  tar -xf "$tbb"/onetbb_*.orig.tar.xz -C "$tbb/source" --strip-components=1
  # By Clang, too: a process has one run-time library of the sanitizer.
  cmake -G Ninja -S "$tbb/source" -B "$tbb/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTBB_TEST=OFF \
    -DTBBMALLOC_BUILD=OFF -DTBB_STRICT=OFF -DTBB_SANITIZE=thread -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
    -DCMAKE_SHARED_LINKER_FLAGS=-Wl,-z,undefs
  cmake --build "$tbb/build" --parallel "$(nproc)" --target tbb
  ln -sfn "$(dirname "$(find "$tbb/build" -name libtbb.so.12)")" "$tbb/lib"
}

case ${1-} in
  address) preset=asan options=() ;;
  thread) preset=tsan options=(-DPTATTN_BUILD_VIEW=OFF -DPTATTN_TEST_PEERS=OFF) ;;
  *)
    sed -n 's/^#   *\(scripts.*PROGRAM.*\)/usage: \1/p' "$0" >&2
    exit 2
    ;;
esac
shift
programs=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  programs+=("$1")
  shift
done
[ $# -eq 0 ] || shift

test=(ctest)
install_packages "${PTATTN_BUILD_PACKAGES[@]}" "${PTATTN_TEST_PACKAGES[@]}" "${PTATTN_SANITIZER_PACKAGES[@]}"
if [ $preset = tsan ]; then
  [ -e "$tbb/lib/libtbb.so.12" ] || build_tbb
  export PTATTN_TSAN_TBB=$tbb # what makes the preset known
  export LD_LIBRARY_PATH=$tbb/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  test=(setarch -R ctest) # Clang 14's does not find its places in memory where kernels spread programs widely
fi
cmake --preset $preset "${options[@]}"
jobs=$(nproc)
if [ ${#programs[@]} -eq 0 ]; then
  cmake --build --preset $preset --parallel "$jobs"
  "${test[@]}" --preset $preset --parallel "$jobs" "$@"
else
  cmake --build --preset $preset --parallel "$jobs" --target "${programs[@]}"
  # Of the other programs CTest knows that they are not built, no more.
  names=$(IFS='|' && echo "${programs[*]}")
  "${test[@]}" --preset $preset --parallel "$jobs" --exclude-regex '_NOT_BUILT' --tests-regex "^($names):" "$@"
fi
