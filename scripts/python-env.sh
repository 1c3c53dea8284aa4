#!/usr/bin/env bash
# Makes a Python environment from requirements/NAME.lock and prints its folder.
#
# usage: scripts/python-env.sh NAME
#
# `tools` holds pip and uv and makes the others. Every package is pinned by hash; an
# environment is made once for each content of its lock and kept in the cache.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

name=${1:?usage: scripts/python-env.sh NAME}
lock=$FRL_ROOT/requirements/$name.lock
[ -e "$lock" ] || frl_die "no such environment: $lock"
python=$(frl_python) || frl_die "no Python of 3.11 or newer: run make setup, or name one by FERRULE_PYTHON"
venv=$FRL_CACHE/python/$name-$("$python" -VV | frl_key "$lock")

if [ ! -e "$venv/complete" ]; then
  frl_locked "python-$name"
fi
if [ -e "$venv/complete" ]; then
  echo "$venv"
  exit
fi

frl_say "making the Python environment '$name'"
rm -rf "$venv"
mkdir -p "$FRL_CACHE/python"
log=$FRL_CACHE/python/$name.log
: >"$log"
if [ "$name" = tools ]; then
  frl_quietly "$log" "$python" -m venv "$venv"
  frl_quietly "$log" "$venv/bin/python" -m pip install --quiet --no-deps --require-hashes \
    -r "$lock"
else
  tools=$("$0" tools)
  # uv does not read pip's configuration
  index=$("$tools/bin/python" -m pip config get global.index-url 2>/dev/null || true)
  if [ -n "$index" ]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi
  export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1} UV_NO_CONFIG=1
  frl_quietly "$log" "$tools/bin/uv" venv --quiet --no-python-downloads \
    --python "$python" "$venv"
  frl_quietly "$log" "$tools/bin/uv" pip sync --quiet --require-hashes \
    --python "$venv/bin/python" "$lock"
fi
touch "$venv/complete"
echo "$venv"
