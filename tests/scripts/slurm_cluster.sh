# shellcheck shell=bash
# Sourced by slurm_test.sh: a cluster of one node on the loopback, of the user who runs the test, whose files all lie in one
# folder.

# start_cluster FOLDER: starts munged, slurmctld and slurmd there; sets SLURM_CONF. Fails where they do not start.
start_cluster() {
  cluster=$1
  local memory user ports
  user=$(id -un)
  memory=$(awk '/MemTotal/ { print int($2 / 1024 / 2) }' /proc/meminfo)
  mapfile -t ports < <(free_ports 2)
  mkdir -p "$cluster"/{state,spool,log}
  chmod 755 "$cluster" "$cluster"/*
  head -c 1024 /dev/urandom >"$cluster/munge.key"
  chmod 400 "$cluster/munge.key"
  cat >"$cluster/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.pid
SlurmctldLogFile=$cluster/log/slurmctld
SlurmdLogFile=$cluster/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=1,sched_interval=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
SlurmctldTimeout=10
MinJobAge=600
MaxArraySize=1001
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$cluster/slurm.conf
  /usr/sbin/munged --force --key-file="$cluster/munge.key" --socket="$cluster/munge.socket" \
    --pid-file="$cluster/munged.pid" --log-file="$cluster/log/munged" --seed-file="$cluster/munge.seed" || return
  start_daemon slurmctld -i && start_daemon slurmd || return
  wait_for 60 node_is_idle
}

# wait_for SECONDS COMMAND...: until it succeeds; fails when it has not in that time.
wait_for() {
  local end=$((SECONDS + $1))
  until "${@:2}"; do
    ((SECONDS < end)) || return
    sleep 0.1
  done
}

node_is_idle() { sinfo -h -o %T 2>/dev/null | grep -q idle; }
controller_is_up() { scontrol ping 2>/dev/null | grep -q "is UP"; }
is_stopped() { [[ $(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null) == T ]]; }

# start_daemon NAME ARGUMENT...: starts one of them, again where it was killed.
start_daemon() {
  "/usr/sbin/$1" -D "${@:2}" >"$cluster/log/$1.out" 2>&1 &
  echo $! >"$cluster/$1.started"
}

# kill_daemon NAME: as a crash does; returns when it is gone, with its port.
kill_daemon() {
  local pid
  pid=$(<"$cluster/$1.started")
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

stop_cluster() {
  scancel -u "$(id -un)" 2>/dev/null || true
  local name pid
  for name in slurmd slurmctld; do kill_daemon $name; done
  pid=$(cat "$cluster/munged.pid" 2>/dev/null) && kill "$pid" 2>/dev/null
  return 0
}

free_ports() {
  python3 -c '
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in sockets], sep="\n")' "$1"
}
