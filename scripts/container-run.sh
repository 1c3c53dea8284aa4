#!/usr/bin/env bash
# The process of the container: the cluster in FERRULE_FOLDER, its logs on the output,
# until SIGTERM ends all of it.
#
# usage: scripts/container-run.sh     (compose.yaml; FERRULE_UP has options for up)
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"
cd "$FRL_ROOT"

ferrule=$FERRULE_COMMAND
folder=$FERRULE_FOLDER

# shellcheck disable=SC2317 # called by the trap
stop() {
  trap - TERM INT
  "$ferrule" cluster stop --folder "$folder"
  exit
}
trap stop TERM INT

read -ra options <<<"${FERRULE_UP:-}"
scripts/cluster.sh up --restart "${options[@]}" &
wait $!
"$ferrule" cluster logs --folder "$folder" &

# services come back by themselves; without a supervisor there is nothing to wait for
supervisor=$(sed -n 's/.*"supervisorPid": \([0-9]*\).*/\1/p' "$folder/.cluster/state.json")
while kill -0 "$supervisor" 2>/dev/null; do
  sleep 2 &
  wait $!
done
frl_die "the supervisor has ended: $folder/.cluster/logs/supervisor.log"
