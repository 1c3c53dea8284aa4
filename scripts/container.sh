#!/usr/bin/env bash
# The verbs of `ferrule cluster` for a cluster in a container (compose.yaml).
#
# usage: ENGINE=docker|podman scripts/container.sh up|start|stop|clean|ps|logs|run|doctor [OPTION...]
#
# Options of up are the cluster's own, and those of the others go to the command inside.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"
cd "$FRL_ROOT"

verb=${1:?usage: scripts/container.sh VERB [OPTION...]}
shift
engine=${ENGINE:?ENGINE=docker or ENGINE=podman}
without="or leave ENGINE out: the cluster needs no container engine"

case $engine in
  docker | podman) ;;
  *) frl_die "ENGINE=$engine: docker or podman, $without" ;;
esac
command -v "$engine" >/dev/null ||
  frl_die "ENGINE=$engine: there is no $engine here; install it, $without"
said=$("$engine" info 2>&1 >/dev/null) ||
  frl_die "ENGINE=$engine: it does not work ($(tail -n 1 <<<"$said")); start it, $without"

if "$engine" compose version >/dev/null 2>&1; then
  compose=("$engine" compose --project-name ferrule)
elif command -v "$engine-compose" >/dev/null; then
  compose=("$engine-compose" --project-name ferrule)
else
  frl_die "ENGINE=$engine: there is no $engine compose; install $engine-compose, $without"
fi

inside() {
  local id terminal=()
  id=$(container)
  if [ -t 0 ] && [ -t 1 ]; then terminal=(--interactive --tty); fi
  "$engine" exec "${terminal[@]}" "$id" "$@"
}

container() {
  local id
  id=$("$engine" ps --quiet --filter label=com.docker.compose.project=ferrule \
    --filter label=com.docker.compose.service=spark | head -n 1)
  [ -n "$id" ] || frl_die "the container does not run: make up ENGINE=$engine"
  echo "$id"
}

# The cluster inside answers, or has ended and says why.
wait_until_ready() {
  local deadline=$((SECONDS + 600)) id
  id=$(container)
  until "$engine" exec "$id" build/release/ferrule cluster ps --folder /data >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || frl_die "not every service answers: make logs ENGINE=$engine"
    sleep 1
    if [ -z "$("$engine" ps --quiet --filter id="$id")" ]; then
      "$engine" logs --tail 20 "$id" >&2 || true
      frl_die "the container has ended"
    fi
  done
  inside build/release/ferrule cluster ps --folder /data
}

confirm() {
  if [ "${FORCE:-}" = 1 ]; then return; fi
  [ -t 0 ] || frl_die "clean deletes the tables in the container's volume; FORCE=1 does not ask"
  local answer
  read -r -p "Delete the container, its image and its tables? [y/N] " answer
  [[ $answer = [yY]* ]] || frl_die "nothing was deleted"
}

case $verb in
  up)
    FERRULE_UP="$*" "${compose[@]}" up --build --detach
    wait_until_ready
    ;;
  start)
    "${compose[@]}" start
    wait_until_ready
    ;;
  stop) "${compose[@]}" stop ;;
  clean)
    confirm
    "${compose[@]}" down --volumes
    "$engine" image rm --force ferrule-cluster >/dev/null
    ;;
  run)
    "$0" up "$@"
    inside scripts/run.sh "$@"
    ;;
  ps | logs | doctor) inside build/release/ferrule cluster "$verb" --folder /data "$@" ;;
  *) frl_die "unknown verb: $verb" ;;
esac
