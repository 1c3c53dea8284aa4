#!/usr/bin/env bash
# Writes requirements/*.lock anew from requirements/*.in: newest versions, with hashes.
#
# usage: scripts/lock.sh [NAME.in...]
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

uv=${UV:-$("$FRL_ROOT/scripts/python-env.sh" tools)/bin/uv}
cd "$FRL_ROOT/requirements"
[ $# -gt 0 ] || set -- *.in
for input in "$@"; do
  UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1} "$uv" pip compile --quiet --upgrade --universal \
    --python-version 3.10 --generate-hashes --no-emit-index-url --no-annotate --no-emit-find-links \
    --custom-compile-command "scripts/lock.sh" -o "${input%.in}.lock" "$input"
  frl_say "requirements/${input%.in}.lock"
done
