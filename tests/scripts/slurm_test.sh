#!/usr/bin/env bash
# slurm_test.sh PROGRAMS SOURCE: scripts/segment_slurm.sh on a real Slurm of one node. A task and the scheduler are killed on
# the way. Exit code 77 where nobody asks for it (PTATTN_SLURM_TEST=1) and where Slurm is not installed or does not start.
set -euo pipefail
programs=$(realpath "$1") scripts=$(realpath "$2")/scripts samples=$(realpath "$2")/samples

fail() {
  echo "FAIL: $*" >&2
  tail -n 20 "$work"/out/slurm/*.log >&2 || true
  exit 1
}

skip() {
  echo "SKIPPED: $*"
  exit 77
}

[[ -n ${PTATTN_SLURM_TEST-} ]] || skip "starts a Slurm of its own, which takes minutes: set PTATTN_SLURM_TEST=1"
for program in sbatch slurmctld slurmd munged python3; do
  command -v "$program" >/dev/null || [[ -x /usr/sbin/$program ]] || skip "$program is not installed (slurm-wlm, munge)"
done
work=$(mktemp -d)
chmod 755 "$work"
# shellcheck source=tests/scripts/slurm_cluster.sh
source "$(dirname "$0")/slurm_cluster.sh"
trap 'stop_cluster; rm -rf "$work"' EXIT
cd "$work"
start_cluster "$work/cluster" || skip "Slurm does not start here: $(tail -n 1 cluster/log/slurmctld cluster/log/slurmd 2>/dev/null)"
export PATH=$programs:$PATH PTATTN_MODELS=$samples/models

# Three small clouds, one that is cut into tiles, and one that is none.
mkdir -p "survey/a b"
cp "$samples/scenes/aerial_coast.laz" survey/coast.laz
cp "$samples/scenes/powerline_clicks.laz" "survey/a b/clicks.laz"
cp "$samples/scenes/powerline.laz" "survey/a b/power line.laz"
cp "$samples/scenes/aerial_town.ply" survey/town.ply
echo "no cloud" >survey/broken.ply
options=(--memory 1M)
slurm=("$scripts/segment_slurm.sh" --cores-per-task 1 --mem 1G --partition test --tasks 2 --large 1M)

"${slurm[@]}" survey out "${options[@]}" >submitted || fail "was not submitted: $(<submitted)"
grep -q "4 small clouds, 1 large ones" submitted || fail "$(<submitted)"

# A tile in the making stands still, so that all that is killed is in a known state: the controller knows and has written down
# that the task runs. Then the controller is killed, the tile, and both come back.
stop_a_tile() {
  stopped=$(pgrep -f "^[^ ]*ptattn-segment ./town.ply -o $work/out/town.ply .*--tile" | head -n 1)
  [[ -n $stopped ]] && kill -STOP "$stopped" && is_stopped "$stopped"
}
wait_for 240 stop_a_tile || fail "no tile was begun: $(squeue)"
summary=$(sed -n 's/^summary: job \([0-9]*\),.*/\1/p' submitted)
scontrol update "JobId=$summary" Comment=written-down || fail "the controller takes no comment"
wait_for 60 grep -q written-down "$cluster/state/job_state" || fail "the controller writes nothing down"
kill_daemon slurmctld
kill -KILL "$stopped" # not slurmstepd: Slurm takes a node that loses one out of service
start_daemon slurmctld
wait_for 60 controller_is_up || fail "the controller does not come back: $(tail -n 3 "$cluster/log/slurmctld")"

# A task that Slurm holds would be waited for in vain.
is_over() { [[ -e out/summary.txt ]] || squeue -h -o %r | grep -q held; }
wait_for 240 is_over || true
[[ -e out/summary.txt ]] || fail "no summary: $(squeue)"
grep -qx "5 clouds: 4 labelled, 1 failed" out/summary.txt || fail "$(<out/summary.txt)"
grep -qx broken.ply out/failed.txt || fail "$(<out/failed.txt)"
[[ ! -e out/town.ply.scratch ]] || fail "the scratch folder stays"

# The bytes are those of single runs.
ptattn-segment survey -o single/ -q "${options[@]}" >/dev/null 2>&1 && fail "the broken cloud was labelled"
for cloud in coast.laz "a b/clicks.laz" "a b/power line.laz" town.ply; do
  cmp "out/$cloud" "single/$cloud" || fail "$cloud differs from a single run"
done

# Again, and waiting: nothing is left to do but the broken cloud.
rm survey/broken.ply
before=$(stat -c %y out/coast.laz)
"${slurm[@]}" --wait survey out "${options[@]}" >waited || fail "$(<waited)"
grep -q "4 clouds: 4 labelled, 0 failed" waited || fail "$(<waited)"
[[ $before == "$(stat -c %y out/coast.laz)" ]] || fail "what was done is done again"
echo "passed"
