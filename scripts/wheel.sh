#!/usr/bin/env bash
# Builds the wheel into build/wheel, and unpacks it into build/wheel/site to import from.
#
# usage: scripts/wheel.sh [--force]
#
# Does nothing where the wheel is newer than all that goes into it. The packages that
# build it are pinned by hash (requirements/wheel.lock); nothing else is fetched. The tag
# says the oldest C library that the native half runs on, which tests/python verifies.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

cd "$FRL_ROOT"
python=$(scripts/python-env.sh wheel)/bin/python
out=build/wheel
log=$out/build.log

newer() {
  find pyproject.toml CMakeLists.txt VERSION LICENSE NOTICE README.md cmake python include src \
    -newer "$1" -type f ! -name '*.pyc' | grep -q .
}

if [ "${1:-}" != --force ] && [ -n "$(frl_wheel)" ] && [ -e $out/site ] &&
  ! newer "$(frl_wheel | head -n 1)"; then
  exit
fi

frl_say "building the wheel"
rm -rf $out
mkdir -p $out/site
_PYTHON_HOST_PLATFORM=manylinux_2_34_$(uname -m) frl_quietly $log "$python" -c \
  "from scikit_build_core.build import build_wheel; build_wheel('$out')"
"$python" -m zipfile -e "$(frl_wheel)" $out/site
frl_say "wheel: $(frl_wheel)"
