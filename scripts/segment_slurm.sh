#!/usr/bin/env bash
set -euo pipefail
# shellcheck disable=SC2034
readonly usage='Usage: segment_slurm.sh [OPTION...] SURVEY OUTPUT [OPTION of ptattn-segment...]

Labels a survey on a cluster that Slurm schedules: SURVEY is a cloud, or a folder whose clouds SURVEY/a/b.laz become
OUTPUT/a/b.laz. Small clouds are shared out to the tasks of a job array; large ones are planned, labelled tile by tile by an
array of their own, and merged. Run it again after a failure: what is done is skipped.

  --cores-per-task N   cores of a task [2]
  --mem SIZE           memory of a task, such as 8G or 900M; ptattn-segment gets half a gigabyte less [8G]
  --partition NAME     partition to submit to [the default of the cluster]
  --tasks N            tasks of an array, at most [16]
  --large SIZE         clouds of that many bytes and more are cut into tiles [a tenth of --mem]
  --rounds N           times that every array is run, so that tasks which failed or were killed are tried again; those
                       that are done take a moment [2]
  --wait               wait for the end and print the summary
  -h, --help           this help

The last job writes OUTPUT/summary.txt, and OUTPUT/failed.txt where clouds failed. Logs lie in OUTPUT/slurm.

Exit codes: 0 submitted (with --wait: all are labelled), 2 wrong usage, 3 some clouds failed (--wait), or something could not
be written or submitted.'
readonly tool=ptattn-segment
# shellcheck source=scripts/batch.sh
source "$(dirname "$0")/batch.sh"

cores=2 mem=8G partition='' tasks=16 large='' rounds=2 wait=0

# bytes SIZE: of "8G", "900M", "64K", "1000".
bytes() {
  [[ $1 =~ ^([1-9][0-9]{0,8})([KMGT]?)$ ]] || return
  local -A factors=([K]=1024 [M]=1048576 [G]=1073741824 [T]=1099511627776)
  echo $((BASH_REMATCH[1] * ${factors[${BASH_REMATCH[2]}]-1}))
}

is_number() { [[ $1 =~ ^[1-9][0-9]{0,3}$ ]]; }

while [[ ${1-} == -* ]]; do
  case $1 in
    -h | --help)
      printf '%s\n' "$usage"
      exit 0
      ;;
    --wait)
      wait=1
      shift
      continue
      ;;
    --cores-per-task) cores=${2-} ;;
    --mem) mem=${2-} ;;
    --partition) partition=${2-} ;;
    --tasks) tasks=${2-} ;;
    --large) large=${2-} ;;
    --rounds) rounds=${2-} ;;
    *) wrong_usage "$1 is no option of this script; those of $tool come last" ;;
  esac
  [[ $# -ge 2 ]] || wrong_usage "$1 needs a value"
  shift 2
done
[[ $# -ge 2 ]] || wrong_usage "SURVEY and OUTPUT are needed"
survey=$1 output=$2 options=("${@:3}")
is_number "$cores" || wrong_usage "--cores-per-task: expected a number above 0"
is_number "$tasks" || wrong_usage "--tasks: expected a number above 0"
is_number "$rounds" || wrong_usage "--rounds: expected a number above 0"
memory=$(bytes "$mem") || wrong_usage "--mem: expected a size such as 8G"
[[ -n $large ]] || large=$((memory / 10))
large=$(bytes "$large") || wrong_usage "--large: expected a size such as 2G"
((memory >= 1 << 30)) || wrong_usage "--mem: expected 1G and more"
[[ -e $survey ]] || wrong_usage "$survey is not there"
command -v sbatch >/dev/null || wrong_usage "sbatch is not on the PATH, expected a machine of the cluster"
find_tool
"$tool" "${options[@]}" --list-models >/dev/null || exit # wrong options are told once

mkdir -p "$output/slurm" || exit 3
output=$(realpath "$output") work=$(realpath "$output/slurm")
if [[ -d $survey ]]; then
  input=$(realpath "$survey")
else
  input=$(dirname "$(realpath "$survey")")
fi
[[ $output/ != "$input"/* ]] || wrong_usage "$output lies in $input: its clouds would be inputs the next time"

# Small clouds in one list, large ones in another, relative to the input and with a NUL behind each.
if [[ -d $survey ]]; then
  share=1 shares=1
  list_clouds
else
  clouds=("$(realpath "$survey")")
fi
: >"$work/small" && : >"$work/large" || exit 3
for cloud in "${clouds[@]}"; do
  size=$(stat -L -c %s "$cloud" 2>/dev/null || echo 0)
  if ((size >= large)); then list=large; else list=small; fi
  printf '%s\0' "${cloud#"$input"/}" >>"$work/$list"
done
count() { tr -cd '\0' <"$work/$1" | wc -c; }
n_small=$(count small) n_large=$(count large)
((n_small + n_large > 0)) || exit 3

[[ " ${options[*]-} " == *' --memory '* ]] || options+=(--memory "$(((memory >> 20) - 512))M")
{
  printf 'tool=%q\ninput=%q\noutput=%q\nwork=%q\n' "$(command -v "$tool")" "$input" "$output" "$work"
  printf 'options=('
  printf '%q ' "${options[@]}" --threads "$cores" --no-progress
  printf ')\n'
  if [[ -n ${PTATTN_MODELS-} ]]; then printf 'export PTATTN_MODELS=%q\n' "$PTATTN_MODELS"; fi
} >"$work/settings" || exit 3

# The jobs: small K N; plan, tiles K N and merge of the large cloud number I; summary.
cat >"$work/job" <<'JOB' || exit 3
#!/usr/bin/env bash
set -uo pipefail
source "$1/settings"
cd "$input" || exit 3
step=$2
cloud() { sed -zn "$1p" "$work/large" | tr -d '\0'; }
case $step in
  small)
    sed -zn "${SLURM_ARRAY_TASK_ID}~$3p" "$work/small" |
      "$tool" - -0 -o "$output/" --resume "${options[@]}" --format jsonl
    ;;
  plan | merge)
    file=$(cloud "$3")
    "$tool" "./$file" -o "$output/$file" --resume "${options[@]}" "--$step"
    ;;
  tiles)
    file=$(cloud "$3")
    [[ ! -e $output/$file.scratch/plan.json && -e $output/$file ]] && exit 0 # merged by an earlier run
    "$tool" "./$file" -o "$output/$file" "${options[@]}" --tile "$SLURM_ARRAY_TASK_ID/$4"
    ;;
  summary)
    done=0
    rm -f "$output/failed.txt"
    while IFS= read -r -d '' file; do
      if [[ -e $output/$file && ! -e $output/$file.scratch/plan.json ]]; then
        ((++done))
      else
        printf '%q\n' "$file" >>"$output/failed.txt"
      fi
    done < <(cat "$work/small" "$work/large")
    failed=$(cat "$output/failed.txt" 2>/dev/null | wc -l)
    printf '%d clouds: %d labelled, %d failed\n' $((done + failed)) "$done" "$failed" >"$output/summary.txt" || exit 3
    ((failed == 0)) || exit 3
    ;;
esac
JOB

# submit NAME [OPTION of sbatch...] -- ARGUMENT of the job...: after the jobs in $after; sets $job.
submit() {
  local name=$1 sbatch_options=()
  shift
  while [[ $1 != -- ]]; do
    sbatch_options+=("$1")
    shift
  done
  shift
  if [[ -n $after ]]; then sbatch_options+=("--dependency=afterany:$after"); fi
  if [[ -n $partition ]]; then sbatch_options+=("--partition=$partition"); fi
  local log=$work/$name-%j.log
  if [[ " ${sbatch_options[*]} " == *' --array='* ]]; then log=$work/$name-%A-%a.log; fi
  job=$(sbatch --parsable --requeue --job-name="ptattn-$name" --cpus-per-task="$cores" --mem="$mem" --ntasks=1 \
    --output="$log" "${sbatch_options[@]}" "$work/job" "$work" "$@") || true # with --wait, the code of the job
  job=${job%%;*}                                                             # of a cluster with a name
  [[ -n $job ]] && return
  complain "sbatch did not take the job $name"
  exit 3
}

all=()
if ((n_small > 0)); then
  n=$((n_small < tasks ? n_small : tasks)) after=''
  for ((r = 0; r < rounds; r++)); do
    submit small "--array=1-$n" -- small "$n"
    after=$job all+=("$job")
  done
fi
for ((i = 1; i <= n_large; i++)); do
  after=''
  for step in plan tiles merge; do
    array=()
    if [[ $step == tiles ]]; then array=("--array=1-$tasks"); fi
    for ((r = 0; r < rounds; r++)); do
      submit "$step-$i" "${array[@]}" -- "$step" "$i" "$tasks"
      after=$job all+=("$job")
    done
  done
done
after=$(IFS=:; echo "${all[*]}")
say '%d small clouds, %d large ones: jobs %s\n' "$n_small" "$n_large" "${all[*]}"
if ((wait)); then
  rm -f "$output/summary.txt"
  submit summary --wait -- summary
  cat "$output/summary.txt" || exit 3
  if [[ -s $output/failed.txt ]]; then
    report_failures <"$output/failed.txt" || true
    exit 3
  fi
else
  submit summary -- summary
  say 'summary: job %s, %s\n' "$job" "$output/summary.txt"
fi
