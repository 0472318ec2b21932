#!/bin/sh
# Makes a Debian base into what agents expect. Runs while the image is built, with a network only where the base lacks something.
set -eu

packages='bash coreutils findutils grep sed gawk diffutils patch tar gzip xz-utils unzip python3 python3-pip python3-venv git curl ca-certificates ripgrep procps util-linux bsdutils less file jq nano htop tmux'

complete() {
  for tool in bash find grep python3 git curl rg ps unzip script setpriv less jq nano htop tmux; do
    command -v "$tool" >/dev/null 2>&1 || return 1
  done
  [ -e /etc/ssl/certs/ca-certificates.crt ] && python3 -c 'import ensurepip, pip, venv' 2>/dev/null
}

if [ "${1:-}" = packages ]; then
  echo "$packages"
  exit 0
fi

if ! complete; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  # shellcheck disable=SC2086
  apt-get install --yes --no-install-recommends $packages
  complete
fi

rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/cache/debconf/*-old /var/lib/dpkg/*-old
rm -rf /usr/share/doc /usr/share/man /usr/share/info /usr/share/lintian /usr/share/locale /var/log/*

# An agent may install what it needs: in its own home, or in a venv.
rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
[ -e /usr/bin/python ] || ln -sf /usr/bin/python3 /usr/local/bin/python

# Sandboxes run as whoever owns the files on the host, so nothing here may depend on the uid.
getent group agent >/dev/null || groupadd --gid 1000 agent
getent passwd agent >/dev/null || useradd --uid 1000 --gid 1000 --home-dir /home/agent --no-create-home --shell /bin/bash agent
mkdir -p /home/agent /mnt/user-data/workspace /mnt/user-data/uploads /mnt/user-data/outputs
chmod 1777 /home/agent /mnt/user-data /mnt/user-data/workspace /mnt/user-data/uploads /mnt/user-data/outputs
git config --system --add safe.directory '*'
