#!/usr/bin/env bash
# check_hardening.sh BIN_FOLDER: the commands were built with what makes a memory fault hard to exploit: position
# independent, addresses of functions read-only and bound at start, canaries, checked string functions.
set -euo pipefail
shopt -s nullglob

failed=0
complain() {
  echo "FAIL: $1 $2"
  failed=1
}

checked=0
for program in "$1"/ptattn-*; do
  checked=$((checked + 1))
  name=$(basename "$program")
  dynamic=$(readelf --dynamic --wide "$program")
  grep -q 'Flags:.*NOW' <<<"$dynamic" || complain "$name" "binds functions lazily (no BIND_NOW)"
  grep -q 'Flags:.*PIE' <<<"$dynamic" || complain "$name" "is at a fixed address (no PIE)"
  segments=$(readelf --segments --wide "$program")
  grep -q GNU_RELRO <<<"$segments" || complain "$name" "has no GNU_RELRO"
  symbols=$(readelf --dyn-syms --wide "$program")
  grep -q ' __stack_chk_fail' <<<"$symbols" || complain "$name" "has no stack canaries"
  grep -q '_chk@GLIBC' <<<"$symbols" || complain "$name" "has no checked string functions"
  if [ "$(uname -m)" = x86_64 ]; then
    # Debian's start code has a few and no note that says so; a program of ours has hundreds.
    marks=$(objdump --disassemble --section=.text "$program" | grep -c endbr64 || true)
    [ "$marks" -gt 100 ] || complain "$name" "marks no targets of indirect jumps ($marks)"
  fi
done
[ "$checked" -ge 6 ] || complain "$1" "has only $checked programs"
[ "$failed" -ne 0 ] || echo "ok, $checked programs"
exit "$failed"
