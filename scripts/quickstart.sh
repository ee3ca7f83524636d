#!/usr/bin/env bash
# Installs what is missing (Debian 12, apt), builds ptattn, classifies the sample clouds, labels a scene
# and draws it.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

install_packages "${PTATTN_BUILD_PACKAGES[@]}"
build_default OFF

say "build/default/bin/ptattn-classify samples/clouds"
build/default/bin/ptattn-classify samples/clouds

say "build/default/bin/ptattn-segment samples/scenes/aerial_town.ply -o build/town.ply --colorize"
build/default/bin/ptattn-segment samples/scenes/aerial_town.ply -o build/town.ply --colorize

say "build/default/bin/ptattn-view build/town.ply -o build/town.png"
build/default/bin/ptattn-view build/town.ply -o build/town.png

say "Now try your own clouds; every program of build/default/bin has --help with examples"
