#!/usr/bin/env bash
# Installs what is missing (Debian 12, apt), builds ptattn with its tests and runs them.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

install_packages "${PTATTN_BUILD_PACKAGES[@]}" "${PTATTN_TEST_PACKAGES[@]}"
build_default ON

# Says which test cases did not run here, and why: a pass of the others says nothing about them.
report_skipped() {
  local log=build/default/Testing/Temporary/LastTest.log reasons
  [ -f "$log" ] || return 0
  # GoogleTest prints FILE:LINE: Skipped and, on the next line, the reason.
  reasons="$(grep -A 1 -E ': Skipped$' "$log" | grep -v -e ': Skipped$' -e '^--$' | sort | uniq -c || true)"
  if [ -n "$reasons" ]; then
    say "Skipped here (cases, reason):"
    printf '%s\n' "$reasons"
  fi
}

say "Running the tests"
trap report_skipped EXIT
ctest --preset default --parallel "$(nproc)"
