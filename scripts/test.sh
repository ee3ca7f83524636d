#!/usr/bin/env bash
# Installs what is missing (Debian 12, apt), builds ptattn with its tests and runs them.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

install_packages "${PTATTN_BUILD_PACKAGES[@]}" "${PTATTN_TEST_PACKAGES[@]}"
build_default ON

say "Running the tests"
ctest --preset default --parallel "$(nproc)"
