#!/usr/bin/env bash
# `ferrule cluster VERB` for this checkout: its command, its Python, its jar.
#
# usage: scripts/cluster.sh up|start|stop|clean|ps|logs|run|doctor [OPTION...]
#
# up and doctor set up and build what they need; the others take what is there.
# FERRULE_COMMAND names another command, which is then not built.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"
cd "$FRL_ROOT"

verb=${1:?usage: scripts/cluster.sh VERB [OPTION...]}
shift
ferrule=${FERRULE_COMMAND:-$FRL_ROOT/build/release/ferrule}

if [ "$verb" = up ] || [ "$verb" = doctor ]; then
  if [ -z "${FERRULE_COMMAND:-}" ]; then
    scripts/setup.sh build run
    scripts/build.sh release
    scripts/jar.sh
  fi
  jar=$(frl_jar)
  # what make wheel has built is on the cluster too
  if [ -d build/wheel/site ]; then set -- --python-path "$FRL_ROOT/build/wheel/site" "$@"; fi
  exec "$ferrule" cluster "$verb" --python "$(scripts/python-env.sh run)/bin/python" \
    --jar "$jar" --subscription flights-sub:flights "$@"
fi
[ -x "$ferrule" ] || frl_die "there is no cluster yet: make up"
exec "$ferrule" cluster "$verb" "$@"
