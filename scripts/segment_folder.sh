#!/usr/bin/env bash
set -euo pipefail
# shellcheck disable=SC2034
readonly usage='Usage: segment_folder.sh [-j JOBS] [-s K/N] INPUT OUTPUT [OPTION...]

Labels every cloud below the folder INPUT, each with a ptattn-segment of its own, so that one crash cannot
stop the batch: INPUT/a/b.ply becomes OUTPUT/a/b.ply. Run it again after an interruption: clouds that exist
already are skipped, unless other options made them or they are older than their input; failed ones are
tried again. OPTION... is passed to ptattn-segment.

  -j JOBS  clouds at a time, which share the cores [1]
  -s K/N   every Nth cloud from the Kth on: one of N machines that share the folders
  -h       this help

Exit codes: 0 all are labelled, 2 wrong usage, 3 some clouds failed (they are listed at the end, and in
OUTPUT/failed.txt or OUTPUT/failed-K-of-N.txt) or something could not be written, 4 the model could not be
loaded, 130 interrupted.'
readonly tool=ptattn-segment
# shellcheck source=scripts/batch.sh
source "$(dirname "$0")/batch.sh"

# state FILE: what changes when FILE is replaced; nothing where it is not there.
state() { stat -c '%i %y' "$1" 2>/dev/null; }

# label INPUT OUTPUT LOG OPTION... CLOUD: labels one and appends a line to LOG.done, LOG.skipped or
# LOG.failed. Returns 255, at which xargs stops, when the others would not fare better.
label() {
  local input=$1 output=$2 log=$3 cloud=${!#} target message before='' code=0
  target=$output/${cloud#"$input"/}
  if ! is_cloud_file "$cloud"; then
    printf '%q: is no file\n' "$cloud" >>"$log.failed"
    return
  fi
  before=$(state "$target")
  mkdir -p "$(dirname "$target")" || true # ptattn-segment tells
  message=$(ptattn-segment "${@:4:$#-4}" --resume -q --format jsonl -o "$target" "$cloud" 2>&1 >/dev/null) || code=$?
  case $code in
    0)
      [[ -z $message ]] || echo "$message" >&3 # warnings
      if [[ -n $before && $before == "$(state "$target")" ]]; then
        printf '%q\n' "$target" >>"$log.skipped"
      else
        printf '%q\n' "$target" | tee -a "$log.done"
      fi
      ;;
    4 | 130)
      echo "$message" >&3
      echo "$code" >"$log.stopped"
      return 255
      ;;
    2 | 3) printf '%q: %s\n' "$cloud" "${message##*$'\n'}" >>"$log.failed" ;;
    *) printf '%q: ended with code %d %s\n' "$cloud" "$code" "${message##*$'\n'}" >>"$log.failed" ;;
  esac
}
export -f label is_cloud_file state

parse_command_line "$@"
find_tool
"$tool" "${options[@]}" --list-models >/dev/null || exit # wrong options are told once
[[ $(realpath -m "$output")/ != "$(realpath -m "$input")"/* ]] ||
  wrong_usage "$output lies in $input: its clouds would be inputs the next time"
list_clouds
mkdir -p "$output" || exit 3
input=${input%/} output=${output%/}
if ((jobs > 1)); then options=(--threads "$((($(nproc) + jobs - 1) / jobs))" "${options[@]}"); fi

folder=$(mktemp -d) || exit 3
trap 'rm -rf "$folder"' EXIT
log=$folder/log
touch "$log.done" "$log.skipped" "$log.failed"
if ((${#clouds[@]} > 0)); then
  ended=0
  printf '%s\0' "${clouds[@]}" |
    xargs -0 -n 1 -P "$jobs" bash -c 'label "$@"' label "$input" "$output" "$log" "${options[@]}" \
      3>&2 2>/dev/null || ended=$? # xargs has its own way of saying that it stops
  # 123: a line could not be noted, which the count below tells.
  if ((ended > 123)) && [[ ! -s $log.stopped ]]; then echo 130 >"$log.stopped" || exit 130; fi
fi

count() { wc -l <"$1"; }
say '%d clouds: %d labelled, %d there already, %d failed, %d s\n' "${#clouds[@]}" \
  "$(count "$log.done")" "$(count "$log.skipped")" "$(count "$log.failed")" "$SECONDS"
failures=$output/failed.txt
if ((shares > 1)); then failures=$output/failed-$share-of-$shares.txt; fi
rm -f "$failures" || true
code=0
if ! report_failures <"$log.failed"; then cp "$log.failed" "$failures" || code=3; fi
if [[ -s $log.stopped ]]; then exit "$(<"$log.stopped")"; fi
if (($(count "$log.done") + $(count "$log.skipped") + $(count "$log.failed") < ${#clouds[@]})); then
  complain "some clouds left no trace in $folder: it cannot be written"
  exit 3
fi
((code == 0)) || exit "$code"
[[ ! -s $log.failed ]] || exit 3
