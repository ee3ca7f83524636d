#!/usr/bin/env bash
# view_keys.sh PROGRAM FOLDER: opens a window on an X display, presses keys and looks at what
# comes of them. Run under xvfb-run.
set -euo pipefail
program=$1 folder=$2

fail() {
  echo "FAIL: $*" >&2
  cat stderr.txt >&2
  exit 1
}

# until_true SECONDS COMMAND...: a loaded machine may take its time.
until_true() {
  local tries=$(($1 * 10))
  shift
  while ! "$@" >/dev/null 2>&1; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.1
  done
}

press() {
  xdotool key --window "$window" "$@"
}

mkdir -p "$folder"
cd "$folder"
rm -f ptattn-view-*.png
awk 'BEGIN {
  print "ply\nformat ascii 1.0\nelement vertex 400\nproperty float x\nproperty float y"
  print "property float z\nproperty uchar label\nend_header"
  for (i = 0; i < 400; ++i) print i % 20, int(i / 20), (i % 7) / 10, i % 3
}' >cloud.ply
"$program" cloud.ply --size 320x240 >stdout.txt 2>stderr.txt &
viewer=$!
trap 'kill "$viewer" 2>/dev/null || true' EXIT
until_true 60 xdotool search --name '^ptattn-view: ' || fail "no window"
window=$(xdotool search --name '^ptattn-view: ' | head -n 1)

press h
until_true 60 grep -q 'next field' stderr.txt || fail "h does not list the keys"
press p
until_true 60 test -s ptattn-view-1.png || fail "p does not write a picture"
press c
until_true 60 grep -q 'coloured by' stderr.txt || fail "c does not take the next field"
press t plus e b l p
until_true 60 test -s ptattn-view-2.png || fail "no second picture"
if cmp -s ptattn-view-1.png ptattn-view-2.png; then fail "keys change nothing"; fi
press q || true  # the window may be gone before xdotool lets go of the key
until_true 60 bash -c "! kill -0 $viewer" || fail "q does not quit"
trap - EXIT
wait "$viewer" || fail "exit code $?"
grep -q 'coloured by label' stdout.txt || fail "nothing on stdout"
echo ok
