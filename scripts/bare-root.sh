#!/usr/bin/env bash
# Runs a command on the committed project in a bare Debian 12: what a new machine sees.
#
# usage: scripts/bare-root.sh COMMAND...     (as root; needs debootstrap)
#
# The root has git, make and certificates beside the minimal system. The package
# clients' settings of this machine (apt, pip, Maven, Go, certificates) go in, nothing
# that is installed does. It lives in a temporary folder, or in FERRULE_BARE_ROOT, which
# is kept: a second run then has what the first one downloaded. Mounts and processes
# live in namespaces that end with the command.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

[ $# -gt 0 ] || frl_die "usage: scripts/bare-root.sh COMMAND..."
[ "$(id -u)" = 0 ] || frl_die "needs root"
command -v debootstrap >/dev/null || frl_die "needs debootstrap"

root=${FERRULE_BARE_ROOT:-}
if [ -z "$root" ]; then
  root=$(mktemp -d /var/tmp/ferrule-bare.XXXXXX)
  trap 'rm -rf --one-file-system "$root"' EXIT
  trap 'exit 130' INT TERM
fi

# Where this machine's apt gets the main archive from.
mirror() {
  apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
    awk '$2 == "bookworm" { print $1; exit }'
}

make_root() {
  frl_say "bare root: debootstrap into $root"
  mkdir -p "$root"
  mkdir -p "$FRL_CACHE"
  frl_quietly "$FRL_CACHE/debootstrap.log" debootstrap --variant=minbase \
    --include=git,make,ca-certificates bookworm "$root" "$(mirror)"
}

# Settings, not software: where packages come from, and whom to trust.
carry_settings() {
  local file
  rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d
  for file in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d \
    /etc/apt/keyrings /usr/share/keyrings /etc/pip.conf /etc/resolv.conf /etc/hosts \
    /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates "$HOME/.m2/settings.xml" \
    "$HOME/.config/pip" "$HOME/.config/go"; do
    if [ -e "$file" ]; then
      # a link of the new root would lead back into this machine
      rm -rf "${root:?}$file"
      mkdir -p "$root$(dirname "$file")"
      cp -rL "$file" "$root$(dirname "$file")/"
    fi
  done
  # Java has a trust store of its own, made from these when it is installed
  chroot "$root" update-ca-certificates >"$FRL_CACHE/ca-certificates.log" 2>&1
}

# The environment's part of the same settings, one NAME=VALUE a line.
settings_environment() {
  env | grep -E '^(PIP_CERT|PIP_INDEX_URL|PIP_DEFAULT_TIMEOUT|UV_\w+|GOPROXY|GOSUMDB)=' || true
  env | grep -E '^(SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)=' || true
  env | grep -E '^([a-z]+_proxy|[A-Z]+_PROXY)=' || true
}

if [ ! -e "$root/etc/debian_version" ]; then
  make_root
  carry_settings
fi
rm -rf "$root/srv/ferrule"
git clone --quiet --no-local "$FRL_ROOT" "$root/srv/ferrule"
frl_say "bare root: $(git -C "$root/srv/ferrule" log -1 --format='%h %s')"

mapfile -t settings < <(settings_environment)
mount_and_run='
  set -e
  root=$1
  shift
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/dev/shm"
  mount -t tmpfs tmpfs "$root/tmp"
  exec chroot "$root" "$@"
'
unshare --mount --pid --fork --kill-child bash -c "$mount_and_run" bare-root "$root" \
  env -i HOME="$HOME" LANG=C.UTF-8 TERM="${TERM:-dumb}" CI="${CI:-}" \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
  bash -c 'cd /srv/ferrule && exec "$@"' bare "$@" </dev/null
