#!/usr/bin/env bash
# Builds the C libraries that Ferrule links in, and prints their prefix.
#
# usage: scripts/deps.sh [--refresh]
#
# nanoarrow, flatcc, zstd, lz4 and yyjson come from PyPI's source packages (pinned by
# hash in requirements/sources.lock), nghttp2, libuv, zlib and a small libcurl from the
# distribution's source packages, all static and position-independent, which the
# distribution's own archives are not. Done once for each distribution, compiler and set
# of versions; --refresh builds again, to pick up the distribution's security updates.
# With FERRULE_SYSTEM_DEPS=1 only what comes from PyPI is built.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

distribution_sources=(nghttp2 libuv1 zlib curl)
flags="-O2 -g -fPIC -fvisibility=hidden -fstack-protector-strong"

# shellcheck disable=SC1091
distribution=$(. /etc/os-release && echo "$ID-$VERSION_ID")
key=$({ echo "$distribution $(uname -m) ${FERRULE_SYSTEM_DEPS:-0}" && cc --version | head -n 1; } |
  frl_key "$FRL_ROOT"/{scripts/deps.sh,cmake/deps/CMakeLists.txt,requirements/sources.lock})
prefix=$FRL_CACHE/deps/$key

if [ "${1:-}" = --refresh ]; then rm -f "$prefix/complete"; fi
if [ -e "$prefix/complete" ]; then
  echo "$prefix"
  exit
fi

frl_locked deps
if [ -e "$prefix/complete" ]; then # another clone was quicker
  echo "$prefix"
  exit
fi
for tool in cmake ninja dpkg-source apt-get flock; do
  command -v $tool >/dev/null || frl_die "$tool is missing: run make setup"
done
work=$prefix.work
stage=$prefix.stage
rm -rf "$work" "$stage"
mkdir -p "$work"/{pypi,distribution,build} "$stage"
log=$work/build.log

# Source packages of PyPI, unpacked, not built.
fetch_pypi() {
  local python
  python=$("$FRL_ROOT/scripts/python-env.sh" tools)/bin/python
  PYTHONPATH=$FRL_ROOT/scripts/sdist_backend frl_quietly "$log" \
    "$python" -m pip download --quiet --no-deps --no-binary :all: --no-build-isolation \
    --require-hashes -r "$FRL_ROOT/requirements/sources.lock" -d "$work/pypi"
  local archive
  for archive in "$work"/pypi/*.tar.gz; do tar -xzf "$archive" -C "$work/pypi"; done
}

# The distribution's source packages, through an apt configuration of our own: the
# host's sources with deb turned into deb-src. The host's configuration is only read.
fetch_distribution() {
  local apt=$work/apt file
  mkdir -p "$apt"/{sources,lists/partial,cache/archives/partial}
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$file" ] || continue
    sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file" \
      >"$apt/sources/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt/sources/$(basename "$file")"
  done
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "";
CONF
  # a third party's archive without sources must not stop us: judged by what follows
  APT_CONFIG=$apt/apt.conf apt-get update >>"$log" 2>&1 || true
  (cd "$work/distribution" &&
    APT_CONFIG=$apt/apt.conf frl_quietly "$log" \
      apt-get source --quiet "${distribution_sources[@]}")
}

# build NAME SOURCE [CMAKE ARGUMENT...]
build() {
  local name=$1 source=$2
  shift 2
  frl_say "building $name"
  frl_quietly "$log" cmake -S "$source" -B "$work/build/$name" -G Ninja \
    -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER=cc -DBUILD_SHARED_LIBS=OFF \
    -DCMAKE_C_FLAGS="$flags -ffile-prefix-map=$work=deps" \
    -DCMAKE_ASM_FLAGS="-ffile-prefix-map=$work=deps" \
    -DCMAKE_INSTALL_PREFIX="$stage" -DCMAKE_INSTALL_LIBDIR=lib "$@"
}

compile() { frl_quietly "$log" cmake --build "$work/build/$1" --target "${@:2}"; }

build_pypi() {
  build pypi "$FRL_ROOT/cmake/deps" \
    -DNANOARROW_SDIST="$(echo "$work"/pypi/nanoarrow-*/)" \
    -DYYJSON_SDIST="$(echo "$work"/pypi/yyjson-*/)"
  compile pypi install
  # its licence is the head of its header
  sed '/\*\//q' "$work"/pypi/yyjson-*/yyjson/yyjson.h >"$stage/licenses/yyjson.txt"
}

build_nghttp2() {
  local source
  source=$(echo "$work"/distribution/nghttp2-*/)
  build nghttp2 "$source" -DENABLE_LIB_ONLY=ON -DENABLE_STATIC_LIB=ON \
    -DENABLE_SHARED_LIB=OFF -DENABLE_DOC=OFF
  compile nghttp2 nghttp2_static
  cp "$work"/build/nghttp2/lib/libnghttp2*.a "$stage/lib/libnghttp2.a"
  mkdir -p "$stage/include/nghttp2"
  cp "$source"/lib/includes/nghttp2/nghttp2.h \
    "$work"/build/nghttp2/lib/includes/nghttp2/nghttp2ver.h "$stage/include/nghttp2/"
  cp "$source/COPYING" "$stage/licenses/nghttp2.txt"
}

build_libuv() {
  local source
  source=$(echo "$work"/distribution/libuv1-*/)
  build libuv "$source" -DBUILD_TESTING=OFF -DLIBUV_BUILD_TESTS=OFF
  compile libuv uv_a
  cp "$work"/build/libuv/libuv*.a "$stage/lib/libuv.a"
  cp -r "$source"/include/. "$stage/include/"
  cp "$source/LICENSE" "$stage/licenses/libuv.txt"
}

# Debian's zlib lacks files that its CMake build wants: its own configure then.
build_zlib() {
  local source
  source=$(echo "$work"/distribution/zlib-*/)
  frl_say "building zlib"
  (cd "$source" && CFLAGS="$flags -ffile-prefix-map=$work=deps" \
    frl_quietly "$log" sh ./configure --static --prefix="$stage")
  frl_quietly "$log" make -C "$source" libz.a
  cp "$source/libz.a" "$stage/lib/"
  cp "$source"/zconf.h "$source"/zlib.h "$stage/include/"
  cp "$source/debian/copyright" "$stage/licenses/zlib.txt"
}

# HTTP with TLS and nothing else; certificates are the caller's to name.
build_curl() {
  local source
  source=$(echo "$work"/distribution/curl-*/)
  build curl "$source" -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DUSE_NGHTTP2=ON \
    -DNGHTTP2_INCLUDE_DIR="$stage/include" -DNGHTTP2_LIBRARY="$stage/lib/libnghttp2.a" \
    -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DCURL_USE_LIBSSH2=OFF \
    -DCURL_USE_LIBPSL=OFF -DUSE_LIBIDN2=OFF -DCURL_DISABLE_COOKIES=ON \
    -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none -DENABLE_THREADED_RESOLVER=ON \
    -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DENABLE_MANUAL=OFF
  compile curl libcurl
  cp "$work"/build/curl/lib/libcurl.a "$stage/lib/"
  cp -r "$source/include/curl" "$stage/include/"
  cp "$source/COPYING" "$stage/licenses/curl.txt"
}

frl_say "third-party libraries: fetching sources"
fetch_pypi
build_pypi
if [ "${FERRULE_SYSTEM_DEPS:-0}" = 0 ]; then
  fetch_distribution
  build_nghttp2
  build_libuv
  build_zlib
  build_curl
  cp /usr/share/doc/libssl-dev/copyright "$stage/licenses/openssl.txt"
fi
(cd "$work" && find pypi distribution -maxdepth 1 -name '*-[0-9]*' -type d -o -name '*.dsc') |
  sort >"$stage/versions.txt"
touch "$stage/complete"
rm -rf "$prefix"
mv "$stage" "$prefix"
rm -rf "$work"
frl_say "third-party libraries: $prefix"
echo "$prefix"
