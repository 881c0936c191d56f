#!/bin/sh
# Makes the user `dev` (id 1000 where it is free to choose) and /workspace. A base that has a user 1000 already keeps
# it, renamed: files of the base that belong to it stay its own.
set -eu

if ! id dev >/dev/null 2>&1; then
  taken=$(awk -F: '$3 == 1000 { print $1; exit }' /etc/passwd)
  if [ -n "$taken" ]; then
    usermod --login dev --home /home/dev --move-home "$taken"
    if grep -q "^$taken:" /etc/group && ! grep -q '^dev:' /etc/group; then groupmod --new-name dev "$taken"; fi
    # Ranges of rootless engines inside the container are kept by name.
    for ranges in /etc/subuid /etc/subgid; do
      if [ -f "$ranges" ]; then sed -i "s/^$taken:/dev:/" "$ranges"; fi
    done
    rm -f "/etc/sudoers.d/$taken"
  elif awk -F: '$3 == 1000 { found = 1 } END { exit !found }' /etc/group; then
    useradd --create-home --uid 1000 --gid 1000 --shell /bin/bash dev
  else
    useradd --create-home --uid 1000 --user-group --shell /bin/bash dev
  fi
fi
usermod --shell /bin/bash dev
mkdir -p /home/dev /workspace
chown dev: /home/dev /workspace

mkdir -p /etc/sudoers.d
echo 'dev ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/slipway
chmod 0440 /etc/sudoers.d/slipway
