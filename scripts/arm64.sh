#!/usr/bin/env bash
# Builds ptattn for arm64 on an x86-64 Debian 12 and runs it in QEMU: the tests of its kernels, the golden cases of the
# published implementations, and the classification of samples/clouds, whose classes have to be those found here.
#
#   scripts/arm64.sh [ROOT]    ROOT gets Debian's arm64 libraries (500 MB) [build/arm64_root]
#
# The system gets a cross compiler and QEMU from apt; the arm64 libraries stay in ROOT. Built are the library from core to
# tasks, ptattn-classify and ptattn-segment; not ptattn-view, whose Open3D would bring hundreds of packages. Takes some
# twenty minutes on two cores, half of it in QEMU.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

root=$(realpath -m "${1:-build/arm64_root}")
build=build/arm64

install_packages "${PTATTN_BUILD_PACKAGES[@]}" g++-aarch64-linux-gnu qemu-user-static

# Debian's packages for arm64, unpacked below $root without their scripts; apt keeps its records there too.
unpack_root() {
  local apt=$root/apt packages
  mkdir -p "$root"/usr/{bin,sbin,lib} "$apt"/{state/lists/partial,cache/archives/partial}
  ln -sfn usr/bin "$root/bin"
  ln -sfn usr/sbin "$root/sbin"
  ln -sfn usr/lib "$root/lib"
  touch "$apt/status"
  cat >"$apt/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures {"arm64";};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
CONF
  export APT_CONFIG=$apt/apt.conf
  apt-get update -q
  apt-get install -q -y --download-only libstdc++-12-dev libtbb-dev libhwy-dev libpng-dev zlib1g-dev \
    libgtest-dev libgmock-dev libbenchmark-dev libboost-dev libboost-filesystem-dev \
    libboost-iostreams-dev libboost-system-dev libboost-date-time-dev \
    libboost-serialization-dev libeigen3-dev nlohmann-json3-dev libcli11-dev libxxhash-dev libpcl-common1.13
  # Of PCL only the headers are used, of PROJ its header and its name; their packages would bring hundreds of others.
  (cd "$apt/cache/archives" && apt-get download -q libpcl-dev libproj-dev libproj25)
  unset APT_CONFIG
  for packages in "$apt"/cache/archives/*.deb; do dpkg -x "$packages" "$root"; done
  touch "$root/complete"
}

[ -e "$root/complete" ] || unpack_root

say "Configuring $build"
cmake -G Ninja -B "$build" -DCMAKE_BUILD_TYPE=Release -DPTATTN_TEST_PEERS=OFF -DPTATTN_BUILD_VIEW=OFF \
  -DCMAKE_TOOLCHAIN_FILE=scripts/arm64.cmake -DPTATTN_ARM64_ROOT="$root"
say "Building with $(nproc) jobs"
tests=(nn_test nn_sparse_test nn_toolbox_test nn_regression_test nn_vector_attention_test
  sampling_test neighbors_test core_test)
cmake --build "$build" --parallel "$(nproc)" --target ptattn-classify ptattn-segment parity "${tests[@]}"

say "Running on arm64"
for test in "${tests[@]}"; do
  qemu-aarch64-static -L "$root" "$build/bin/$test" --gtest_brief=1
done
for case in tests/golden/*_*.json; do
  qemu-aarch64-static -L "$root" "$build/bin/parity" "$case" | tail -n 1
done

say "Classes on arm64 and here"
here=build/default/bin/ptattn-classify
if [ ! -x "$here" ]; then
  cmake -G Ninja -B build/arm64_here -DCMAKE_BUILD_TYPE=Release -DPTATTN_BUILD_TESTS=OFF -DPTATTN_BUILD_VIEW=OFF
  cmake --build build/arm64_here --parallel "$(nproc)" --target ptattn-classify
  here=build/arm64_here/bin/ptattn-classify
fi
# classes PROGRAM...: a line for each cloud of samples/, its path and its class.
classes() { "$@" samples/clouds --model samples/models/pct-modelnet40 | awk 'NR > 1 { print $1, $2 }'; }
on_arm64=(qemu-aarch64-static -L "$root" "$build/bin/ptattn-classify")
"${on_arm64[@]}" --version
classes "${on_arm64[@]}" >"$build/classes_arm64"
classes "$here" >"$build/classes_here"
diff "$build/classes_here" "$build/classes_arm64" || die "clouds get other classes on arm64"
say "The same classes for $(wc -l <"$build/classes_here") clouds"
