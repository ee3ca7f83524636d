#!/usr/bin/env bash
# check_links.sh BIN_FOLDER: of the commands, only ptattn-view is linked with Open3D; the others start
# without its hundred libraries.
set -euo pipefail
shopt -s nullglob

needs_open3d() {
  # Not grep -q, which would end readelf early.
  readelf -d "$1" | grep NEEDED | grep libOpen3D >/dev/null
}

checked=0
for program in "$1"/ptattn-*; do
  checked=$((checked + 1))
  if [ "$(basename "$program")" = ptattn-view ]; then
    needs_open3d "$program" || { echo "FAIL: $program is not linked with Open3D, so the check tells nothing"; exit 1; }
  elif needs_open3d "$program"; then
    echo "FAIL: $program is linked with Open3D"
    exit 1
  fi
done
[ "$checked" -ge 6 ] || { echo "FAIL: only $checked programs in $1"; exit 1; }
echo "ok, $checked programs"
