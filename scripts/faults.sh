#!/usr/bin/env bash
# faults.sh [ROUNDS]: the fault suite, whole: kills, signals, full disks, limits, closed streams and two writers, those that
# depend on chance ROUNDS [50] times over, against the programs of build/default (about 10 s a round). `ctest -L faults` is
# the short version. Tests that need a file system of their own say that they are skipped where none can be mounted.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || {
  echo "usage: faults.sh [ROUNDS]" >&2
  exit 2
}
cmake --preset default >/dev/null
cmake --build --preset default --target faults_test
PTATTN_FAULT_ROUNDS=$rounds build/default/bin/faults_test
if command -v python3 >/dev/null; then python3 tests/scripts/hostile_checkpoints_test.py; fi
