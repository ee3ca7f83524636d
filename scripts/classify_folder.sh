#!/usr/bin/env bash
set -euo pipefail
# shellcheck disable=SC2034
readonly usage='Usage: classify_folder.sh [-s K/N] INPUT OUTPUT.jsonl [OPTION...]

Names every cloud below the folder INPUT with ptattn-classify; a record a line is appended to OUTPUT.jsonl.
Start it again after a break: clouds that have a record are skipped. A cloud that ends the process does not
keep the others from being named. OPTION... is for ptattn-classify.

  -s K/N  every Nth cloud from the Kth on: one of N machines, each with an OUTPUT of its own
  -h      this help

Exit codes: 0 all are named, 2 wrong usage, 3 some clouds failed (they are listed at the end; OUTPUT tells
why), 4 the model could not be loaded, 130 interrupted.'
readonly tool=ptattn-classify
# shellcheck source=scripts/batch.sh
source "$(dirname "$0")/batch.sh"

readonly chunk=500 # clouds a process

# name CLOUD...: records of these; one by one when the process dies, to find out at which.
name() {
  local code=0 cloud
  "$tool" "${options[@]}" --format jsonl --output "$output" --resume "$@" >/dev/null 2>"$log" || code=$?
  case $code in
    0 | 3) ;; # bad clouds have records, too
    2 | 4 | 130)
      cat "$log" >&2
      exit "$code"
      ;;
    *)
      if (($# == 1)); then
        printf '%q: ended with code %d %s\n' "$1" "$code" "$(head -n 1 "$log")" >>"$log.failed"
      else
        for cloud in "$@"; do name "$cloud"; done
      fi
      ;;
  esac
}

records() { if [[ -e $output ]]; then wc -l <"$output"; else echo 0; fi; }

parse_command_line "$@"
((jobs == 1)) || wrong_usage "-j: one process uses all cores already"
[[ $output == *.jsonl ]] || wrong_usage "$output does not end with .jsonl"
find_tool
list_clouds
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
log=$folder/log
touch "$log.failed"
before=$(records)
for ((i = 0; i < ${#clouds[@]}; i += chunk)); do name "${clouds[@]:i:chunk}"; done
touch "$output"

printf '%d clouds: %d records, %d of them new, %d s\n' "${#clouds[@]}" "$(records)" \
  "$(($(records) - before))" "$SECONDS"
sed -n 's/.*"class":"\([^"]*\)".*/\1/p' "$output" | sort | uniq -c | sort -k 1,1nr -k 2
grep -F '"error":' "$output" >>"$log.failed" || true
report_failures "$log.failed" || exit 3
