#!/usr/bin/env bash
# check_manuals.sh PREFIX: every installed command has a manual page without flaws, in which all that --help
# says is found.
set -euo pipefail
prefix=$1

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# The words of a text, a blank between any two, without the overstrikes of terminals.
words() { sed 's/.\x08//g' | tr -s ' \n' ' '; }

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
checked=0
for program in "$prefix"/bin/ptattn-*; do
  name=$(basename "$program")
  page=$pages/$name.1
  gzip -dc "$prefix/share/man/man1/$name.1.gz" >"$page" || fail "$name has no manual page"
  # Pages bear no date, so that equal builds give equal bytes; "man" has no words for options of its own.
  flaws=$(mandoc -T lint -W warning "$page" | grep -v 'missing date') || true
  [[ -z $flaws ]] || fail "$flaws"
  if command -v groff >/dev/null; then
    flaws=$(groff -Tutf8 -man -ww "$page" 2>&1 >/dev/null)
    [[ -z $flaws ]] || fail "$flaws"
  fi

  help=$("$program" --help)
  shown=$(mandoc -T utf8 -O width=1000 "$page" | words)
  for title in NAME SYNOPSIS DESCRIPTION ARGUMENTS OPTIONS "EXIT STATUS" EXAMPLES; do
    [[ $shown == *"$title"* ]] || fail "$name has no section $title"
  done
  section=$(sed -n '/^.SH OPTIONS/,/^.SH EXIT/p' "$page")
  options=$(sed -n '/^Options:/,/^Examples:/p' <<<"$help" | grep -oE '^  (-[a-z],)?--[a-z-]+' | sed 's/.*--/--/')
  [[ $(wc -l <<<"$options") -gt 3 ]] || fail "$name: --help has hardly any options"
  for option in $options; do
    [[ $section == *"\\fB${option//-/\\-}\\fR"* ]] || fail "$name: the manual page does not tell of $option"
  done
  # Everything else of --help, line by line; what is said about options begins after 20 columns.
  for part in '1,/^Usage:/p' '/^Positionals:/,/^Examples:/s/^.\{19\} \([^ ]\)/\1/p' '/^Examples:/,/^Exit codes:/p'; do
    while read -r line; do
      case $line in
        "" | Usage:* | Examples:* | Environment:* | Exit\ codes:*) continue ;;
      esac
      line=$(tr -s ' ' <<<"$line")
      [[ $shown == *"$line"* ]] || fail "$name: the manual page lacks: $line"
    done < <(sed -n "$part" <<<"$help")
  done
  ((checked += 1))
done
[[ $checked -ge 6 ]] || fail "$checked commands were checked"
echo "ok, $checked manual pages"
