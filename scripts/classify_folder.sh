#!/usr/bin/env bash
set -euo pipefail
# shellcheck disable=SC2034
readonly usage='Usage: classify_folder.sh [-s K/N] INPUT OUTPUT.jsonl [OPTION...]

Classifies every cloud below the folder INPUT with ptattn-classify and appends one record per line to
OUTPUT.jsonl. Run it again after an interruption: clouds that have a record are skipped. A cloud that crashes
the process does not stop the batch. OPTION... is passed to ptattn-classify.

  -s K/N  every Nth cloud from the Kth on: one of N machines, each with an OUTPUT of its own
  -h      this help

Exit codes: 0 all are classified, 2 wrong usage, 3 some clouds failed (they are listed at the end; OUTPUT says
why) or OUTPUT could not be written, 4 the model could not be loaded, 130 interrupted.'
readonly tool=ptattn-classify
# shellcheck source=scripts/batch.sh
source "$(dirname "$0")/batch.sh"

readonly chunk=500 # clouds a process

# name CLOUD...: records of these; one by one when the process dies, to find out at which.
name() {
  local code=0 cloud message line
  message=$("$tool" "${options[@]}" -q --format jsonl --output "$output" --resume "$@" 2>&1 >/dev/null) || code=$?
  case $code in
    0) [[ -z $message ]] || printf '%s\n' "$message" >&2 ;; # warnings
    3) # bad clouds have records, too; what is said of OUTPUT itself concerns all that follow
      while IFS= read -r line; do
        if [[ $line == "$tool: $shown: "* && $line != *" inputs failed in an earlier run" ]]; then
          printf '%s\n' "$line" >&2
          exit 3
        fi
      done <<<"$message"
      ;;
    2 | 4 | 130)
      printf '%s\n' "$message" >&2
      exit "$code"
      ;;
    *)
      if (($# == 1)); then
        failed+=("$(printf '%q: ended with code %d %s' "$1" "$code" "${message%%$'\n'*}")")
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
shown=$(LC_ALL=C tr '\001-\037\177' ' ' <<<"$output") # as messages show it
shown=${shown% }
failed=() files=()
for cloud in "${clouds[@]}"; do
  if is_cloud_file "$cloud"; then files+=("$cloud"); else failed+=("$(printf '%q: is no file' "$cloud")"); fi
done
before=$(records)
for ((i = 0; i < ${#files[@]}; i += chunk)); do name "${files[@]:i:chunk}"; done
touch "$output" || fail_writing "$output"

say '%d clouds: %d records, %d of them new, %d s\n' "${#clouds[@]}" "$(records)" \
  "$(($(records) - before))" "$SECONDS"
sed -n 's/.*"class":"\([^"]*\)".*/\1/p' "$output" | sort | uniq -c | sort -k 1,1nr -k 2 ||
  fail_writing "standard output"
{
  if ((${#failed[@]} > 0)); then printf '%s\n' "${failed[@]}"; fi
  grep -F '"error":' "$output" || true
} | report_failures || exit 3
