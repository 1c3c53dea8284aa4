#!/usr/bin/env bash
# The verbs of `ferrule cluster` for a cluster in a container.
#
# usage: ENGINE=docker|podman scripts/container.sh up|start|stop|clean|ps|logs|run|doctor [OPTION...]
#
# Options of up are the cluster's own, and those of the others go to the command inside.
# FERRULE_BASE_IMAGE is the image to begin with, instead of debian:12.
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

name=ferrule-spark
image=ferrule-cluster
volume=ferrule-data

inside() {
  local terminal=()
  running || frl_die "the container does not run: make up ENGINE=$engine"
  if [ -t 0 ] && [ -t 1 ]; then terminal=(--interactive --tty); fi
  "$engine" exec "${terminal[@]}" "$name" "$@"
}

running() { [ -n "$("$engine" ps --quiet --filter "name=^$name\$")" ]; }
exists() { "$engine" container inspect "$name" >/dev/null 2>&1; }

# What a container is made of; compose.yaml says the same.
create() {
  "$engine" run --detach --name "$name" --network host --env "FERRULE_UP=$*" \
    --volume "$volume:/data" --volume "$FRL_ROOT/cluster:/srv/ferrule/cluster:ro" \
    --volume "$FRL_ROOT/spark-pipeline.yml:/srv/ferrule/spark-pipeline.yml:ro" \
    "$image" >/dev/null
}

# One that is there is taken where it is of this image: tables live in the volume.
up() {
  local of present
  "$engine" build --tag "$image" --file cluster/container/Containerfile \
    --build-arg "BASE=${FERRULE_BASE_IMAGE:-debian:12}" .
  if exists; then
    of=$("$engine" container inspect --format '{{.Image}}' "$name")
    present=$("$engine" image inspect --format '{{.Id}}' "$image")
    if [ "$of" = "$present" ] && [ $# = 0 ]; then
      running || "$engine" start "$name" >/dev/null
      return
    fi
    "$engine" stop --time 60 "$name" >/dev/null
    "$engine" rm "$name" >/dev/null
  fi
  create "$@"
}

# The cluster inside answers, or has ended and says why.
wait_until_ready() {
  local deadline=$((SECONDS + 600))
  until "$engine" exec "$name" build/release/ferrule cluster ps --folder /data >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || frl_die "not every service answers: make logs ENGINE=$engine"
    sleep 1
    if ! running; then
      "$engine" logs --tail 20 "$name" >&2 || true
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
    up "$@"
    wait_until_ready
    ;;
  start)
    exists || frl_die "there is no container yet: make up ENGINE=$engine"
    "$engine" start "$name" >/dev/null
    wait_until_ready
    ;;
  stop) if running; then "$engine" stop --time 60 "$name" >/dev/null; fi ;;
  clean)
    confirm
    if exists; then "$engine" rm --force "$name" >/dev/null; fi
    "$engine" volume rm --force "$volume" >/dev/null
    "$engine" image rm --force "$image" >/dev/null
    ;;
  run)
    case ${1:-} in
      -- | [!-]*) up ;; # the words are of what runs
      *) up "$@" ;;
    esac
    wait_until_ready
    inside scripts/run.sh "$@"
    ;;
  ps | logs | doctor) inside build/release/ferrule cluster "$verb" --folder /data "$@" ;;
  *) frl_die "unknown verb: $verb" ;;
esac
