#!/usr/bin/env bash
# Installs what is missing (Debian 12, apt), builds ptattn and classifies the sample clouds.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

install_packages "${PTATTN_BUILD_PACKAGES[@]}"
build_default OFF

say "build/default/bin/ptattn-classify samples/clouds"
build/default/bin/ptattn-classify samples/clouds

say "Now try it on your own clouds: build/default/bin/ptattn-classify --help"
