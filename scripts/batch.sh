# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by classify_folder.sh and segment_folder.sh (hence the "unused" variables): command line, list of
# clouds, failures and how they end. Those set `usage` and `tool`.

complain() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# parse_command_line ARGUMENT...: sets jobs, share, shares, input, output and options.
parse_command_line() {
  jobs=1 share=1 shares=1
  while [[ ${1-} == -* ]]; do
    case $1 in
      -h | --help)
        printf '%s\n' "$usage"
        exit 0
        ;;
      -j) jobs=${2-} ;;
      -s) share=${2-} ;;
      --)
        shift
        break
        ;;
      *) wrong_usage "$1 is no option of this script; those of $tool come last" ;;
    esac
    shift $(($# > 1 ? 2 : 1))
  done
  [[ $# -ge 2 ]] || wrong_usage "INPUT and OUTPUT are needed"
  input=$1 output=$2 options=("${@:3}")

  [[ $jobs =~ ^[1-9][0-9]{0,3}$ ]] || wrong_usage "-j: expected a number above 0"
  if [[ $share != 1 ]]; then
    [[ $share =~ ^([1-9][0-9]{0,5})/([1-9][0-9]{0,5})$ ]] || wrong_usage "-s: expected K/N, such as 2/8"
    share=${BASH_REMATCH[1]} shares=${BASH_REMATCH[2]}
    ((share <= shares)) || wrong_usage "-s: K is more than N"
  fi
  # A name that begins with a hyphen is no option.
  [[ $input == -* ]] && input=./$input
  [[ $output == -* ]] && output=./$output
  [[ -d $input ]] || wrong_usage "$input is no folder"
}

wrong_usage() {
  complain "$*, see --help"
  exit 2
}

# The program: from the PATH, else from the build folder beside this script.
find_tool() {
  local built
  built=$(dirname "$0")/../build/default/bin
  command -v "$tool" >/dev/null || PATH=$PATH:$(cd "$built" 2>/dev/null && pwd)
  command -v "$tool" >/dev/null && return
  complain "$tool is neither on the PATH nor in $built"
  exit 2
}

# list_clouds: sets clouds, this machine's share of all clouds below the input (but for the ._ files of macOS), in the
# same order everywhere. Links that lead nowhere, pipes and the like are among them, to be reported as failed.
list_clouds() {
  local all i
  mapfile -d '' all < <(
    find "$input" ! -xtype d ! -name '._*' \( -iname '*.ply' -o -iname '*.pcd' -o -iname '*.la[sz]' \) -print0 | LC_ALL=C sort -z
  )
  clouds=()
  for ((i = share - 1; i < ${#all[@]}; i += shares)); do clouds+=("${all[i]}"); done
  if [[ ${#all[@]} -eq 0 ]]; then complain "$input holds no *.ply, *.pcd, *.las or *.laz"; fi
}

# is_cloud_file CLOUD: succeeds for a file, or a link to one. Others are no input: a pipe would be waited for.
is_cloud_file() { [[ -f $1 ]]; }

# say FORMAT ARGUMENT...: prints to standard output, or ends the script when that cannot be written.
say() {
  # shellcheck disable=SC2059
  printf "$@" || fail_writing "standard output"
}

fail_writing() {
  complain "$1 cannot be written"
  exit 3
}

# report_failures: the lines of standard input; succeeds when there are none.
report_failures() {
  local line any=0
  while IFS= read -r line; do
    if ((any++ == 0)); then complain "failed:"; fi
    printf '  %s\n' "$line" >&2
  done
  return $((any > 0))
}
