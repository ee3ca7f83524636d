#!/usr/bin/env bash
# batch_test.sh PROGRAMS SOURCE: scripts/classify_folder.sh and segment_folder.sh on folders with odd names,
# bad files, clouds that kill the process, breaks and shares.
set -euo pipefail
programs=$(realpath "$1") scripts=$(realpath "$2")/scripts samples=$(realpath "$2")/samples

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# expect CODE COMMAND...: runs it, keeping what it prints in $out and $err.
expect() {
  local wanted=$1 code=0
  shift
  "$@" >"$work/.out" 2>"$work/.err" || code=$?
  out=$(<"$work/.out") err=$(<"$work/.err")
  [[ $code == "$wanted" ]] || fail "$* gave $code instead of $wanted: $out $err"
}

contains() { [[ $1 == *"$2"* ]] || fail "no '$2' in: $1"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Stand-ins that die at a cloud called *poison*, as from a lack of memory.
mkdir stand-ins
for tool in ptattn-classify ptattn-segment; do
  printf '#!/bin/bash\n[[ "$*" == *poison* ]] && kill -KILL $$\nexec %q "$@"\n' "$programs/$tool" \
    >"stand-ins/$tool"
done
chmod +x stand-ins/*
export PATH=$work/stand-ins:$PATH


mkdir -p -- "-in/a b/c"
cp "$samples/clouds/chair_coloured.ply" -- "-in/-x.ply"
cp "$samples/clouds/bed.pcd" -- "-in/a b/c/qu'ote\"\$(touch hacked).PCD"
cp "$samples/clouds/car.ply" -- "-in/a b/"$'new\nline.ply'
touch -- "-in/notes.txt"
segment=$scripts/segment_folder.sh classify=$scripts/classify_folder.sh

# Every cloud is labelled, whatever it is called; the same command again has nothing to do.
expect 0 "$segment" -j 2 -- -in out --field kind
contains "$out" "3 clouds: 3 labelled, 0 there already, 0 failed"
cmp <(cd -- -in && find . -type f ! -name notes.txt | sort) <(cd out && find . -type f | sort) ||
  fail "outputs are not called as inputs"
grep -q "property uint kind" "out/-x.ply" || fail "options do not reach ptattn-segment"
expect 0 "$segment" -- -in out --field kind
contains "$out" "3 clouds: 0 labelled, 3 there already, 0 failed"

# After a break only what is missing is done. Bad clouds and deaths are told at the end.
mv "out/-x.ply" kept.ply
head -c 3000 "$samples/clouds/car.ply" >"-in/cut short.ply"
cp "$samples/clouds/car.ply" -- "-in/poison.ply"
expect 3 "$segment" -- -in out --field kind
contains "$out" "5 clouds: 1 labelled, 2 there already, 2 failed"
cmp "out/-x.ply" kept.ply
contains "$err" "cut\\ short.ply: ptattn-segment: ./-in/cut short.ply: ends after 236 of 1024 points"
contains "$err" "poison.ply: ended with code 137"
[[ $(wc -l <out/failed.txt) == 2 ]] || fail "failed.txt: $(<out/failed.txt)"
rm -- "-in/poison.ply" "-in/cut short.ply"
expect 0 "$segment" -- -in out --field kind
[[ ! -e out/failed.txt ]] || fail "failed.txt outlives the failures"
# What other options made is made anew.
expect 0 "$segment" -- -in out
contains "$out" "3 clouds: 3 labelled, 0 there already, 0 failed"

# Two shares are the whole.
expect 0 "$segment" -s 1/2 -- -in shares
expect 0 "$segment" -s 2/2 -- -in shares
[[ $(find shares -name '*.[pP]*' -type f -printf x) == xxx ]] || fail "shares are not the whole"

# What would go wrong for every cloud ends the run at once, with its own code.
expect 4 "$segment" -- -in none --model nowhere
[[ $(grep -c "nowhere: no such model" <<<"$err") == 1 ]] || fail "not said once: $err"
expect 2 "$segment" -- -in none --nonsense
[[ $(grep -c "nonsense: unknown option" <<<"$err") == 1 ]] || fail "not said once: $err"
expect 2 "$segment" -- -in
expect 2 "$segment" -- missing none
expect 2 "$segment" -- -in -in/out
expect 2 "$segment" -j 0 -- -in none
expect 2 "$segment" -s 3/2 -- -in none
expect 0 "$segment" --help
contains "$out" "Usage: segment_folder.sh"

# A cloud for which the options are wrong fails alone.
mkdir mixed
cp "$samples/clouds/car.ply" kept.ply mixed
expect 3 "$segment" mixed mixed_out --field kind
contains "$out" "2 clouds: 1 labelled, 0 there already, 1 failed"
contains "$err" "mixed/kept.ply: has a field kind already, choose another name with --prefix, or use --replace"

# Names: one record a cloud; a deadly cloud costs no other its name.
cp "$samples/clouds/car.ply" -- "-in/poison.ply"
head -c 3000 "$samples/clouds/car.ply" >"-in/cut short.ply"
expect 3 "$classify" -- -in names.jsonl --top-k 1
contains "$out" "5 clouds: 4 records, 4 of them new"
contains "$out" "1 chair"
contains "$err" "poison.ply: ended with code 137"
contains "$err" "ends after 236 of 1024 points"
rm -- "-in/poison.ply"
expect 3 "$classify" -- -in names.jsonl --top-k 1
contains "$out" "4 clouds: 4 records, 0 of them new"
rm -- "-in/cut short.ply"
expect 0 "$classify" -s 1/2 -- -in first.jsonl
expect 0 "$classify" -s 2/2 -- -in second.jsonl
[[ $(cat first.jsonl second.jsonl | wc -l) == 3 ]] || fail "shares are not the whole"
expect 4 "$classify" -- -in none.jsonl --model nowhere
expect 2 "$classify" -- -in none.csv
expect 2 "$classify" -j 2 -- -in none.jsonl

# Folders without clouds.
mkdir empty
expect 0 "$segment" empty out
expect 0 "$classify" empty none.jsonl
contains "$err" "empty holds no *.ply, *.pcd, *.las or *.laz"

[[ -z $(find . -name hacked) ]] || fail "a name was run"
echo ok
