# shellcheck shell=bash disable=SC2034
# Sourced by quickstart.sh, test.sh and sanitize.sh (hence the "unused" variables): what ptattn needs from Debian 12, and how it is installed.

# Compiler, build tools and the libraries that the tools are made of (Open3D: ptattn-view alone); what
# draws pictures without a display.
readonly PTATTN_BUILD_PACKAGES=(
  g++ cmake ninja-build pkg-config
  libpcl-dev libeigen3-dev libtbb-dev libcli11-dev nlohmann-json3-dev libhwy-dev libpng-dev libproj-dev libxxhash-dev zlib1g-dev
  libopen3d-dev libfreetype-dev libfontconfig-dev fonts-dejavu-core xvfb xauth
)
# On top of them for the tests: test frameworks, packaging, and what people open our files with.
readonly PTATTN_TEST_PACKAGES=(
  libgtest-dev libgmock-dev libbenchmark-dev clang-format dpkg-dev file jq python3 shellcheck mandoc parallel xdotool zsh fish
  python3-open3d cloudcompare meshlab
)
# For scripts/sanitize.sh and scripts/fuzz.sh.
readonly PTATTN_SANITIZER_PACKAGES=(clang libclang-rt-dev)

say() { printf '\n==> %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# install_packages NAME...: installs what is missing; touches neither apt nor the network when
# everything is there.
install_packages() {
  local missing=() name
  for name in "$@"; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
      missing+=("$name")
    fi
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    say "All $# Debian packages are installed"
    return
  fi

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "installing packages needs root: run as root or install sudo"
    as_root=(sudo)
  fi
  say "Installing ${missing[*]} (the first time takes about 5 minutes and 4 GB)"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# build_default TESTS: configures and builds the preset `default`; TESTS is ON or OFF.
build_default() {
  say "Configuring build/default"
  cmake --preset default -DPTATTN_BUILD_TESTS="$1"
  say "Building with $(nproc) jobs"
  cmake --build --preset default --parallel "$(nproc)"
}
