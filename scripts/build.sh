#!/usr/bin/env bash
# Configures and compiles one preset into build/PRESET.
#
# usage: scripts/build.sh [PRESET [TARGET...]]     (dev by default; see CMakePresets.json)
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

preset=${1:-dev}
cd "$FRL_ROOT"
frl_say "building preset $preset"
mkdir -p "build/$preset"
frl_quietly "build/$preset/configure.log" cmake --preset "$preset"
targets=("${@:2}")
NINJA_STATUS="[$preset %f/%t] " cmake --build --preset "$preset" --target "${targets[@]:-all}"
