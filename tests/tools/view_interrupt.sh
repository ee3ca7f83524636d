#!/usr/bin/env bash
# view_interrupt.sh PROGRAM FOLDER CLOUD: Ctrl-C while a picture is drawn, which the X server of the picture gets as well.
set -euo pipefail
program=$1 folder=$2 cloud=$3
unset DISPLAY # the program starts a server of its own
mkdir -p "$folder"
cd "$folder"
set -m # process groups, as a terminal makes them

# Fails where the picture was there before the signal.
interrupt_drawing() {
  rm -f picture.png stdout.txt stderr.txt
  "$program" "$cloud" -o picture.png >stdout.txt 2>stderr.txt &
  local viewer=$!
  # What the colours mean is printed before the picture is drawn.
  until grep -qs coloured stdout.txt || ! kill -0 "$viewer" 2>/dev/null; do sleep 0.005; done
  kill -INT -- "-$viewer" 2>/dev/null || true
  code=0
  wait "$viewer" || code=$?
  [[ $code != 0 ]]
}

for _ in 1 2 3 4 5; do
  ! interrupt_drawing || break # a loaded machine may see the line too late
done
[[ $code == 130 && $(<stderr.txt) == "ptattn-view: interrupted" && ! -e picture.png ]] || {
  echo "FAIL: exit code $code, $(ls)" >&2
  cat stderr.txt >&2
  exit 1
}
