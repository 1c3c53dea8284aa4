#!/usr/bin/env bash
# `ferrule cluster VERB` for this checkout: its command, its Python, its jar.
#
# usage: scripts/cluster.sh up|start|stop|clean|ps|logs|run|doctor [OPTION...]
#
# up and doctor set up and build what they need; the others take what is there.
# FERRULE_COMMAND names another command, FERRULE_JAR and FERRULE_WHEEL other builds of
# those; what is named is not built. FERRULE_FOLDER is the cluster's, else the checkout.
# With ENGINE=docker or podman it is the cluster of a container.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"
cd "$FRL_ROOT"

verb=${1:?usage: scripts/cluster.sh VERB [OPTION...]}
shift
if [ -n "${ENGINE:-}" ]; then exec scripts/container.sh "$verb" "$@"; fi
ferrule=${FERRULE_COMMAND:-$FRL_ROOT/build/release/ferrule}
folder=${FERRULE_FOLDER:-$FRL_ROOT}

if [ "$verb" = up ] || [ "$verb" = doctor ]; then
  if [ -z "${FERRULE_COMMAND:-}" ]; then
    scripts/setup.sh build run wheel
    scripts/build.sh release
  fi
  if [ -z "${FERRULE_JAR:-}" ]; then scripts/jar.sh; fi
  if [ -z "${FERRULE_WHEEL:-}" ]; then scripts/wheel.sh; fi
  python=$(scripts/python-env.sh run)/bin/python
  if [ "$verb" = up ]; then scripts/class-archive.sh "$ferrule" "$python"; fi
  exec "$ferrule" cluster "$verb" --folder "$folder" --python "$python" --jar \
    "${FERRULE_JAR:-$(frl_jar)}" --wheel "${FERRULE_WHEEL:-$(frl_wheel)}" \
    --subscription flights-sub:flights "$@"
fi
[ -x "$ferrule" ] || frl_die "there is no cluster yet: make up"
exec "$ferrule" cluster "$verb" --folder "$folder" "$@"
