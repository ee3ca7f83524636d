#!/usr/bin/env bash
# Builds tests of the preset `tsan` and runs them with a TBB that the thread sanitizer sees into.
#
#   scripts/tsan.sh [PROGRAM...] [-- CTEST OPTION...]    builds these test programs and no others, runs their tests [all]
#   scripts/tsan.sh core_test nn_test -- -R softmax
#
# Debian's TBB hides from the sanitizer what orders its tasks: every parallel loop is reported as a race. The same version,
# built from Debian's source with -fsanitize=thread, goes to build/tsan_tbb. Without ptattn-view and peers, which would
# load that TBB into programs of others.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

tbb=$PWD/build/tsan_tbb

install_packages "${PTATTN_BUILD_PACKAGES[@]}" "${PTATTN_TEST_PACKAGES[@]}"

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
  cmake -G Ninja -S "$tbb/source" -B "$tbb/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTBB_TEST=OFF \
    -DTBBMALLOC_BUILD=OFF -DTBB_STRICT=OFF -DTBB_SANITIZE=thread
  cmake --build "$tbb/build" --parallel "$(nproc)" --target tbb
  ln -sfn "$(dirname "$(find "$tbb/build" -name libtbb.so.12)")" "$tbb/lib"
}

[ -e "$tbb/lib/libtbb.so.12" ] || build_tbb

programs=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  programs+=("$1")
  shift
done
[ $# -eq 0 ] || shift

export PTATTN_TSAN_TBB=$tbb  # what makes the preset known
export LD_LIBRARY_PATH=$tbb/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
cmake --preset tsan -DPTATTN_BUILD_VIEW=OFF -DPTATTN_TEST_PEERS=OFF
if [ ${#programs[@]} -eq 0 ]; then
  cmake --build --preset tsan --parallel "$(nproc)"
  ctest --preset tsan "$@"
else
  cmake --build --preset tsan --parallel "$(nproc)" --target "${programs[@]}"
  # Of the other programs CTest knows that they are not built, no more.
  names=$(IFS='|' && echo "${programs[*]}")
  ctest --preset tsan --exclude-regex '_NOT_BUILT' --tests-regex "^($names):" "$@"
fi
