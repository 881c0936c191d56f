#!/bin/sh
# Installs OpenCode of the given version from npm's registry, and makes its user with the folders of its three volumes.
#   install.sh VERSION
set -eu

certificates=/usr/local/share/slipway/host-ca.pem
if [ -s "$certificates" ]; then export NODE_EXTRA_CA_CERTS="$certificates"; fi
npm install --global --prefix /usr/local --no-audit --no-fund --cache /tmp/npm "opencode-ai@$1"
# npm may be set up to run no package's own scripts: without this one there is no program.
opencode --version >/dev/null 2>&1 || node /usr/local/lib/node_modules/opencode-ai/postinstall.mjs
rm -rf /tmp/npm /root/.npm /root/.cache /root/.local /root/.config/opencode
opencode --version
rm -rf /root/.cache /root/.local /root/.config/opencode

# The same id on every base: volumes outlive images.
if ! id opencode >/dev/null 2>&1; then
  if ! grep -q '^opencode:' /etc/group; then groupadd --gid 10001 opencode; fi
  useradd --create-home --uid 10001 --gid opencode --shell /bin/bash opencode
fi
# An engine fills a new volume from its mount point, owner and mode included.
mkdir -p /home/opencode/.opencode /home/opencode/.config /workspace
chown -R opencode: /home/opencode /workspace
