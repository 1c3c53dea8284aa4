#!/usr/bin/env bash
# Installs what is missing: system packages by apt (as root or through sudo), then the
# third-party libraries and Python environments, which go into the cache.
#
# usage: scripts/setup.sh PURPOSE...
#   build   compile the library, the command and the jar
#   run     make run: PySpark and the flights
#   wheel   make wheel: Python's headers
#   test    make test: linters, sanitizers, fuzzing, other people's clients
#   long    make test-long: valgrind, ABI checks
#   matrix  make test-matrix: other Spark versions
#
# Debian 12, Ubuntu 22.04 and 24.04. Asking for what is there already takes a second.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

missing=()

# want PACKAGE WHY [CHECK...] : notes PACKAGE unless CHECK succeeds or it is installed.
want() {
  local package=$1 why=$2
  shift 2
  if [ $# -gt 0 ] && "$@" >/dev/null 2>&1; then return; fi
  local state
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$state" = installed ] || [[ " ${missing[*]} " == *" $package "* ]]; then return; fi
  missing+=("$package")
  frl_say "needs $package: $why"
}

has() { command -v "$1" >/dev/null; }
has_jdk() { javac -version 2>&1 | grep -Eq '^javac (1[7-9]|[2-9][0-9])'; }
has_python_headers() {
  "$(frl_python)" -c 'import os, sysconfig
raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}
has_venv() { "$(frl_python)" -c 'import ensurepip, venv'; }
has_fuzzer() { [ -e "$(clang-14 -print-file-name="libclang_rt.fuzzer-$(uname -m).a")" ]; }
# Where python3 is too old for us there is another one beside it.
python_package() {
  if frl_python >/dev/null || ! has python3; then echo python3; else echo python3.11; fi
}

want_build() {
  want gcc "compiler" has cc
  want libc6-dev "C headers"
  want g++ "nghttp2's configuration asks for it" has g++
  want make "build" has make
  want cmake "build" has cmake
  want ninja-build "build" has ninja
  want pkg-config "finds libraries" has pkg-config
  want dpkg-dev "unpacks the distribution's sources" has dpkg-source
  want xz-utils "unpacks the distribution's sources" has xz
  want patch "unpacks the distribution's sources" has patch
  want libssl-dev "TLS, linked in statically"
  want "$(python_package)" "fetches source packages" frl_python
  want "$(python_package)-venv" "Python environments" has_venv
  want openjdk-17-jdk-headless "the jar; Spark runs on it" has_jdk
  want maven "the jar" has mvn
  want procps "Spark's scripts use ps" has ps
}

want_wheel() {
  want "$(python_package)-dev" "the wheel" has_python_headers
}

want_test() {
  want_wheel
  want git "lists the project's files" has git
  want libcmocka-dev "C test framework"
  want clang-14 "second compiler, fuzzing" has clang-14
  want libclang-rt-14-dev "libFuzzer" has_fuzzer
  want clang-format-14 "formatting" has clang-format-14
  want shellcheck "lints the scripts" has shellcheck
}

want_long() {
  want clang-tidy-14 "lint" has clang-tidy-14
  want valgrind "memory checks" has valgrind
  want abigail-tools "ABI checks" has abidiff
  want chromium "shows the status page" has chromium
}

# Ubuntu 22.04 has libFuzzer in clang-14's own packages, Ubuntu has chromium as a snap only.
leave_out_what_is_not_there() {
  local package wanted=("${missing[@]}")
  missing=()
  for package in "${wanted[@]}"; do
    if [[ " libclang-rt-14-dev chromium " == *" $package "* ]] &&
      ! apt-cache show "$package" >/dev/null 2>&1; then
      frl_say "goes without $package: this system's archives have none"
    else
      missing+=("$package")
    fi
  done
}

install_missing() {
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    has sudo || frl_die "not root and no sudo; install by hand: ${missing[*]}"
    as_root=(sudo)
  fi
  has apt-get || frl_die "only apt is supported; install by hand: ${missing[*]}"
  mkdir -p "$FRL_CACHE"
  local log=$FRL_CACHE/apt.log
  frl_say "installing with apt: ${missing[*]}"
  frl_quietly "$log" "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update
  leave_out_what_is_not_there
  frl_quietly "$log" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
}

python_env() { "$FRL_ROOT/scripts/python-env.sh" "$1" >/dev/null; }

# System packages of every purpose first: what follows uses them.
for purpose in "$@"; do
  case $purpose in
    build) want_build ;;
    run | matrix) want "$(python_package)-venv" "Python environments" has_venv ;;
    wheel) want_wheel ;;
    test) want_test ;;
    long) want_long ;;
    *) frl_die "unknown purpose: $purpose" ;;
  esac
done
install_missing

for purpose in "$@"; do
  case $purpose in
    build) "$FRL_ROOT/scripts/deps.sh" >/dev/null ;;
    run) python_env run ;;
    wheel) python_env wheel ;;
    test) python_env test && python_env go && python_env wheel && python_env python ;;
    matrix) for version in 3.3 3.5 4.0 newest; do python_env "matrix-$version"; done ;;
  esac
done
