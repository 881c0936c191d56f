import type { Machine } from './machine.ts';
import type { EngineKind } from './model.ts';

/** The line that installs an engine here, by what /etc/os-release says. */
export async function installLine(machine: Machine, kind: EngineKind = 'podman'): Promise<string> {
  if (machine.platform === 'darwin')
    return kind === 'podman' ? 'brew install podman && podman machine init && podman machine start' : 'brew install --cask docker';
  if (machine.platform !== 'linux') return kind === 'podman' ? 'https://podman.io/docs/installation' : 'https://docs.docker.com/engine/install/';
  const sudo = machine.uid === 0 ? '' : 'sudo ';
  for (const id of await distributions(machine)) {
    switch (id) {
      case 'debian':
      case 'ubuntu':
        return kind === 'podman' ? `${sudo}apt-get install -y podman uidmap slirp4netns fuse-overlayfs` : `${sudo}apt-get install -y docker.io`;
      case 'fedora':
      case 'rhel':
      case 'centos':
        return `${sudo}dnf install -y ${kind === 'podman' ? 'podman' : 'moby-engine'}`;
      case 'alpine':
        return `${sudo}apk add ${kind}`;
      case 'arch':
        return `${sudo}pacman -S --noconfirm ${kind}`;
      case 'suse':
      case 'opensuse':
        return `${sudo}zypper install -y ${kind}`;
    }
  }
  return kind === 'podman' ? 'https://podman.io/docs/installation' : 'https://docs.docker.com/engine/install/';
}

/** How to start what is installed. */
export async function startLine(machine: Machine, kind: EngineKind): Promise<string> {
  if (machine.platform !== 'linux') return kind === 'podman' ? 'podman machine start' : 'Start Docker Desktop.';
  const systemd = await machine.hasProgram('systemctl');
  if (kind === 'podman') {
    if (!systemd) return 'podman system service --time=0 &';
    return machine.uid === 0 ? 'systemctl enable --now podman.socket' : 'systemctl --user enable --now podman.socket';
  }
  const sudo = machine.uid === 0 ? '' : 'sudo ';
  if (systemd) return `${sudo}systemctl enable --now docker`;
  return (await machine.hasProgram('rc-service')) ? `${sudo}rc-service docker start` : `${sudo}service docker start`;
}

export function permissionLine(machine: Machine, kind: EngineKind): string {
  if (kind === 'podman') return 'Use rootless Podman, which needs no permission: systemctl --user enable --now podman.socket';
  const user = machine.env['USER'] || '$USER';
  return `sudo usermod -aG docker ${user}, then log in again (the group is as good as root); or use rootless Podman.`;
}

/** `ID` first, then what it is like, so that a derivative gets its parent's line. */
async function distributions(machine: Machine): Promise<readonly string[]> {
  const text = (await machine.readText('/etc/os-release')) ?? (await machine.readText('/usr/lib/os-release')) ?? '';
  const value = (key: string) => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1] ?? '';
  return [value('ID'), ...value('ID_LIKE').split(/\s+/)].map((id) => (id.startsWith('opensuse') ? 'opensuse' : id));
}
