#!/usr/bin/env bash
# The main job on real data: 336,776 flights go as JSON messages through the cluster's
# Pub/Sub emulator into the pipeline of spark-pipeline.yml, and from there into Parquet.
#
# usage: scripts/run.sh [OPTION of ferrule cluster up...]
#        scripts/run.sh SPEC.yml|SCRIPT.py [WORD...] | -- PROGRAM [WORD...]
#
# The second form brings the cluster up where it is not, and is `ferrule cluster run`.
#
# Brings the cluster up where it is not, starts the tables anew, and proves that nothing
# was lost or doubled, and that the kernel computed what Python computes. A cluster that
# runs an older build and that nobody uses is started again. It stays up, also after
# Ctrl-C: make stop ends it.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"
cd "$FRL_ROOT"
if [ -n "${ENGINE:-}" ]; then exec scripts/container.sh run "$@"; fi

ferrule=${FERRULE_COMMAND:-$FRL_ROOT/build/release/ferrule}
folder=${FERRULE_FOLDER:-$FRL_ROOT}
case ${1:-} in
  -- | [!-]*)
    scripts/cluster.sh up --quiet --renew
    exec "$ferrule" cluster run --folder "$folder" "$@"
    ;;
esac

interrupted() {
  trap - INT TERM
  jobs -p | xargs -r kill 2>/dev/null || true
  frl_say "interrupted. The cluster goes on: make ps shows it, make stop ends it"
  exit 130
}
trap interrupted INT TERM

scripts/cluster.sh up --renew "$@"

cluster() { "$ferrule" cluster "$@"; }
python=$(scripts/python-env.sh run)/bin/python
emulator=$(cluster ps --folder "$folder" --json | sed -n 's/.*"pubsub-emulator".*"url": "\([^"]*\)".*/\1/p')
[ -n "$emulator" ] || frl_die "ferrule cluster ps does not name the emulator"
pubsub() { "$ferrule" pubsub "$@" --emulator-host "$emulator" --project demo; }

messages=$FRL_CACHE/flights/messages.jsonl
frl_flights "$python"

# what an interrupted run left must not come twice
pubsub sub delete flights-sub
pubsub sub create flights-sub flights
pubsub publish flights "$messages"

backlog() { "$ferrule" emulator backlog flights-sub --host-port "$emulator" --project demo; }

# A line whenever the backlog has changed: messages are acked when their batch is committed.
watch_backlog() {
  local before='' now
  while sleep 1; do
    now=$(backlog)
    [ "$now" = "$before" ] || frl_say "$now"
    before=$now
  done
}
watch_backlog &
watcher=$!
trap 'kill "$watcher" 2>/dev/null || true' EXIT

frl_say "the pipeline of spark-pipeline.yml"
code=0
cluster run --folder "$folder" --full-refresh-all || code=$?
# Ctrl-C that the shell has not heard itself
[ "$code" != 130 ] || interrupted
[ "$code" = 0 ] || exit "$code"
kill "$watcher" 2>/dev/null || true
trap - EXIT

tables=$folder/spark-warehouse
proof=$folder/.cluster/proof.txt
"$python" examples/flights/verify.py "$tables/flights" "$FRL_CACHE/flights/expected.json" \
  >"$proof" 2>&1 &
proving=$!
cluster run --folder "$folder" examples/flights/delays.py
failed=0
wait "$proving" || failed=1
cat "$proof"
[ "$failed" = 0 ] || exit 1
"$python" examples/flights/verify_paths.py "$tables/flight_paths"
backlog
