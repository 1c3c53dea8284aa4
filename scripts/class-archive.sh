#!/usr/bin/env bash
# Makes the archive of Spark's classes that lets every JVM of the cluster start in half of
# the time: a cluster in a temporary folder runs a few queries, and leaves it when it is
# stopped. Once for each Java and Spark; `make up` does it while it sets up.
#
# usage: scripts/class-archive.sh FERRULE PYTHON
#
# Where it fails the cluster works without.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

ferrule=${1:?usage: scripts/class-archive.sh FERRULE PYTHON}
python=${2:?usage: scripts/class-archive.sh FERRULE PYTHON}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
name=$({ "$java" -version 2>&1 && echo "$python" && command -v "$java"; } | frl_key /dev/null)
tried=$FRL_CACHE/classes/$name.tried

if [ -e "$tried" ] || [ "${FERRULE_CLASS_ARCHIVE:-}" = read ]; then exit; fi
frl_locked class-archive
if [ -e "$tried" ]; then exit; fi

frl_say "making the archive of Spark's classes (once)"
folder=$(mktemp -d)
log=$FRL_CACHE/class-archive.log
stop() {
  "$ferrule" cluster stop --folder "$folder" >>"$log" 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

mkdir -p "$FRL_CACHE/classes"
: >"$log"
up() {
  "$ferrule" cluster up --quiet --folder "$folder" --python "$python" --memory 1g \
    --port-base "$1" --timeout 600 9>&- >>"$log" 2>&1
}
up 29100 || up 27100 || {
  frl_say "no archive was made: $log"
  exit 0
}
"$ferrule" cluster run --folder "$folder" "$FRL_ROOT/cluster/warm_up.py" 9>&- >>"$log" 2>&1 ||
  frl_say "the archive holds less than it could: $log"
touch "$folder/begun"
"$ferrule" cluster stop --folder "$folder" >>"$log" 2>&1 || true
if [ -n "$(find "$FRL_CACHE/classes" -name '*.jsa' -newer "$folder/begun")" ]; then
  touch "$tried"
else
  frl_say "no archive was written: $log"
fi
