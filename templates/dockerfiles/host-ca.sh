#!/bin/sh
# Makes the base trust the host's own certificates (a company's proxy signs with them). Can be run again: before the
# packages are fetched through that proxy, and after the distribution's own certificates came with them.
set -eu

own=/usr/local/share/slipway/host-ca
[ -d "$own" ] || exit 0

if command -v update-ca-trust >/dev/null 2>&1; then
  bundle=/etc/pki/tls/certs/ca-bundle.crt
  cp "$own"/*.crt /etc/pki/ca-trust/source/anchors/
  update-ca-trust extract
elif command -v update-ca-certificates >/dev/null 2>&1; then
  bundle=/etc/ssl/certs/ca-certificates.crt
  mkdir -p /usr/local/share/ca-certificates
  cp "$own"/*.crt /usr/local/share/ca-certificates/
  update-ca-certificates >/dev/null
else
  # No certificates package yet: what there is, and the host's.
  bundle=/etc/ssl/certs/ca-certificates.crt
  mkdir -p /etc/ssl/certs
  touch "$bundle"
  for certificate in "$own"/*.crt; do
    grep -qF "$(sed -n 2p "$certificate")" "$bundle" || cat "$certificate" >> "$bundle"
  done
fi

# Node.js adds to its own list, the others want the whole bundle; one name for every distribution.
cat "$own"/*.crt > /usr/local/share/slipway/host-ca.pem
ln -sf "$bundle" /usr/local/share/slipway/ca-bundle.pem
