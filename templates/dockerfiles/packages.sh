#!/bin/sh
# Installs what a coding agent needs and the base lacks. Runs once, as root, when L0 is built.
# Plain POSIX sh: bases differ. Where nothing is missing, no package list is fetched.
set -eu

setup=$(dirname "$0")
sh "$setup/host-ca.sh"

if command -v apt-get >/dev/null 2>&1; then manager=apt
elif command -v dnf >/dev/null 2>&1; then manager=dnf
elif command -v microdnf >/dev/null 2>&1; then manager=microdnf
elif command -v apk >/dev/null 2>&1; then manager=apk
else manager=none
fi

# command                apt              dnf              apk
table='
awk                      mawk             gawk             busybox
bash                     bash             bash             bash
curl                     curl             curl             curl
git                      git              git-core         git
jq                       jq               jq               jq
less                     less             less             less
ps                       procps           procps-ng        procps
rg                       ripgrep          ripgrep          ripgrep
setpriv                  util-linux       util-linux       setpriv
ssh                      openssh-client   openssh-clients  openssh-client
sudo                     sudo             sudo             sudo
tar                      tar              tar              tar
tmux                     tmux             tmux             tmux
unzip                    unzip            unzip            unzip
useradd                  passwd           shadow-utils     shadow
vim                      vim              vim-enhanced     vim
xz                       xz-utils         xz               xz
'

missing=''
while read -r command apt dnf apk; do
  [ -n "$command" ] || continue
  command -v "$command" >/dev/null 2>&1 && continue
  case $manager in
    apt) missing="$missing $apt" ;;
    dnf | microdnf) missing="$missing $dnf" ;;
    apk) missing="$missing $apk" ;;
    none) missing="$missing $command" ;;
  esac
done <<TABLE
$table
TABLE

certificates=''
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
  [ -s "$bundle" ] && certificates=$bundle
done
# A bundle that holds the host's certificates alone is not the distribution's.
command -v update-ca-certificates >/dev/null 2>&1 || command -v update-ca-trust >/dev/null 2>&1 || certificates=''
if [ -z "$certificates" ] && [ "$manager" != none ]; then missing="$missing ca-certificates"; fi
# Agents that are native programs need these two, which Alpine's base has not.
if [ "$manager" = apk ]; then
  for library in libgcc libstdc++; do apk info -e "$library" >/dev/null 2>&1 || missing="$missing $library"; done
fi

if [ -z "$missing" ]; then
  echo 'slipway: the base has everything already'
  exit 0
fi
echo "slipway: installing$missing"

# $missing is a list of words.
# shellcheck disable=SC2086
case $manager in
  apt)
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o Acquire::Retries=3 update
    apt-get -o Acquire::Retries=3 install --yes --no-install-recommends $missing
    apt-get clean
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log
    ;;
  dnf)
    dnf install --assumeyes --setopt=install_weak_deps=False --nodocs $missing
    dnf clean all
    rm -rf /var/cache/dnf /var/cache/libdnf5 /var/log/dnf*
    ;;
  microdnf)
    microdnf install --assumeyes --setopt=install_weak_deps=0 --nodocs $missing
    microdnf clean all
    ;;
  apk)
    apk add --no-cache $missing
    ;;
  none)
    echo "slipway: the base lacks$missing, and has neither apt-get, dnf nor apk to install them" >&2
    exit 1
    ;;
esac
sh "$setup/host-ca.sh"
