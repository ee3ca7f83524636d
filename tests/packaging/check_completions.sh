#!/usr/bin/env bash
# check_completions.sh PREFIX: what bash, zsh and fish offer for the installed commands, by the functions that they call.
# shellcheck disable=SC2016
set -euo pipefail
prefix=$(cd "$1" && pwd)
unset PTATTN_MODELS
export PATH=$prefix/bin:$PATH

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# offered WORD...: what is offered for the last word of a command line, sorted, an item a line.
offered() {
  local function
  # A process of its own, as for somebody who has just pressed the key.
  (
    set +e # compopt finds no readline here
    # shellcheck source=/dev/null
    source "$prefix/share/bash-completion/completions/$1"
    function=$(complete -p "$1" | sed 's/.*-F \([^ ]*\) .*/\1/')
    # shellcheck disable=SC2034
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    "$function" "$1" "${!#}" "${*: -2:1}"
    if [[ ${#COMPREPLY[@]} -gt 0 ]]; then printf '%s\n' "${COMPREPLY[@]}" | sort -u; fi
  )
}

# expect "ITEM ITEM ..." WORD...
expect() {
  local wanted=$1 got
  shift
  got=$(offered "$@" | tr '\n' ' ')
  [[ ${got% } == "$wanted" ]] || fail "for '$*': '$got' instead of '$wanted'"
}

# All options, no more.
checked=0
for program in "$prefix"/bin/ptattn-*; do
  name=$(basename "$program")
  options=$("$program" --help | sed -n '/^Options:/,/^Examples:/p' | grep -oE '^  (-[a-zA-Z0-9],)?--[a-z-]+' |
    tr -d ' ' | tr ',' '\n' | sort -u)
  [[ $(offered "$name" -) == "$options" ]] || fail "$name -: $(offered "$name" -)"
  ((checked += 1))
done
[[ $checked -ge 7 ]] || fail "$checked commands were checked"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir scans models "scans/with blank"
touch a.ply B.PCD notes.txt labels.csv "scans/one two.ply" 'scans/$(touch hacked).ply'

expect "--resume" ptattn-segment a.ply --res
expect "--list-models" ptattn-classify --list
expect "--list-layers --list-models" ptattn-attention --list
# The values of options, after a blank or an equals sign.
expect "csv json jsonl table" ptattn-classify --format ""
expect "json jsonl" ptattn-classify --format = j
expect "csv json jsonl table" ptattn-classify --format =
expect "asprs class" ptattn-segment --codes ""
expect "-x -y -z auto x y z" ptattn-attention --up ""
expect "" ptattn-segment --neighbors ""
expect "back bottom front iso left right top" ptattn-view --camera ""
# Layers and categories of the model, fields of the file.
expect "pt_last.sa1 pt_last.sa2 pt_last.sa3 pt_last.sa4" ptattn-attention --layer pt
expect "dec.dec0.block0 dec.dec0.up" ptattn-features --features model --model aerial --layer dec.dec0
expect "Airplane Ant Armadillo" ptattn-segment --model parts --category A
printf 'ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty uchar label\nend_header\n' >fields.ply
expect "label x" ptattn-view fields.ply --colorize ""
expect "x,label" ptattn-smooth fields.ply --fields x,l
# Models that the command can use; all, where it cannot tell.
expect "aerial aerial-small parts" ptattn-segment --model ""
expect "pct-modelnet40" ptattn-classify --model p
expect "aerial aerial-small parts pct-modelnet40" ptattn-attention --model ""
mkdir -p "more models/aerial_of_mine"
touch "more models/aerial_of_mine/config.json"
PTATTN_MODELS="$folder/none:$folder/more models" expect "aerial aerial-small aerial_of_mine" ptattn-features --model a
expect "more models" ptattn-features --model "more"
rm fields.ply
# Clouds and folders as inputs, any file as an output; odd names as they are.
rm -r "more models"
expect "B.PCD a.ply models scans" ptattn-segment ""
expect "a.ply" ptattn-segment --resume a
expect "notes.txt" ptattn-segment not
expect "B.PCD a.ply labels.csv models notes.txt scans" ptattn-eval --map ""
expect "labels.csv" ptattn-classify --output la
expect "scans/one two.ply" ptattn-smooth scans/one
expect "scans/one two.ply" ptattn-smooth 'scans/one\ t'
expect "scans/one two.ply" ptattn-smooth "'scans/one t"
expect 'scans/$(touch hacked).ply' ptattn-smooth 'scans/$'
[[ ! -e hacked ]] || fail "a name was run"

# The same words in fish and zsh.
offered_by_fish() {
  fish -N -c "source $prefix/share/fish/vendor_completions.d/$1.fish; complete -C '$2'" | cut -f 1 | sort -u | tr '\n' ' '
}
offered_by_zsh() {
  zsh -f -c '
    compdef() { : }
    compset() { : }
    _files() { print files "$@" }
    compadd() { shift; print -l -- "$@" }
    source "$1"
    words=(${(z)2}); [[ $2 == *" " ]] && words+=("")
    CURRENT=$#words
    "_${${words[1]}//-/_}"' zsh "$prefix/share/zsh/site-functions/_$1" "$2" | sort -u | tr '\n' ' '
}
for shell in fish zsh; do
  same() {
    local got
    got=$("offered_by_$shell" "$2" "$3")
    [[ $got == "$1 " ]] || fail "$shell, '$3': '$got' instead of '$1'"
  }
  same "--resume" ptattn-segment "ptattn-segment a.ply --res"
  same "csv json jsonl table" ptattn-classify "ptattn-classify --format "
  same "aerial aerial-small parts" ptattn-segment "ptattn-segment --model "
  same "pt_last.sa1 pt_last.sa2 pt_last.sa3 pt_last.sa4" ptattn-attention "ptattn-attention --layer pt_last.sa"
done
[[ $(offered_by_fish ptattn-segment "ptattn-segment --format=js") == "--format=json --format=jsonl " ]] || fail "fish, ="
[[ $(offered_by_zsh ptattn-segment "ptattn-segment a") == "files -g (#i)*.(ply|pcd|las|laz)(-.) " ]] || fail "zsh, clouds"
echo "ok, $checked commands"
