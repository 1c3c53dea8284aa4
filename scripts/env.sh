# Sourced by the scripts beside it: where things are kept, how progress is told.
# shellcheck shell=bash disable=SC2034

FRL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Whatever is downloaded or built from others' sources, shared by all clones.
FRL_CACHE=${FERRULE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ferrule}

frl_say() { printf 'ferrule: %s\n' "$*" >&2; }

frl_die() {
  printf 'ferrule: error: %s\n' "$*" >&2
  exit 1
}

# frl_key FILE... : a short name for the contents of the files and of standard input.
frl_key() { cat -- "$@" - | sha256sum | cut -c1-16; }

# frl_quietly LOG COMMAND... : output goes to LOG, and to the terminal on failure.
frl_quietly() {
  local log=$1
  shift
  if ! "$@" >>"$log" 2>&1; then
    tail -n 40 "$log" >&2
    frl_die "failed: $* (whole log: $log)"
  fi
}

# frl_locked NAME : holds the cache's lock NAME until the script ends.
frl_locked() {
  mkdir -p "$FRL_CACHE"
  exec 9>"$FRL_CACHE/.lock-$1"
  flock -n 9 || {
    frl_say "waiting for another build of $1"
    flock 9
  }
}

# frl_python : a Python of 3.11 or newer; Ubuntu 22.04 has one beside its older python3.
frl_python() {
  local name
  for name in ${FERRULE_PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  return 1
}

# The jar that scripts/jar.sh made.
frl_jar() {
  find "$FRL_ROOT/jvm/target" -maxdepth 1 -name 'ferrule-spark-*.jar' ! -name '*-tests.jar'
}

# The wheel that scripts/wheel.sh made.
frl_wheel() {
  find "$FRL_ROOT/build/wheel" -maxdepth 1 -name 'ferrule-*.whl' 2>/dev/null || true
}

# frl_flights PYTHON : the flights as JSON messages, once, in FRL_CACHE/flights.
frl_flights() {
  local folder=$FRL_CACHE/flights
  if [ -e "$folder/complete" ]; then return; fi
  frl_say "writing the flights as JSON messages"
  mkdir -p "$folder"
  "$1" "$FRL_ROOT/examples/flights/write_messages.py" "$folder/messages.jsonl" "$folder/expected.json"
  touch "$folder/complete"
}
