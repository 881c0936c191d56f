import { type Api, filters, labelFilters } from './api.ts';
import type { VolumeDetails, Volumes } from './model.ts';
import { pathPart } from './reference.ts';
import type { WireVolume } from './wire.ts';

export function openVolumes(api: Api): Volumes {
  return {
    async create(name, options = {}) {
      const json = { Name: name, Labels: options.labels ?? {}, Driver: 'local', DriverOpts: options.driverOptions ?? {} };
      return volumeDetails(await api.json<WireVolume>('POST', '/volumes/create', { ...options, action: `create volume ${name}`, json }));
    },
    async inspect(name, options = {}) {
      const found = await api.find<WireVolume>(`/volumes/${pathPart(name)}`, { ...options, action: `inspect volume ${name}` });
      return found === undefined ? undefined : volumeDetails(found);
    },
    async list(filter = {}) {
      const query = { filters: filters({ label: labelFilters(filter.labels) }) };
      const found = await api.json<{ readonly Volumes?: readonly WireVolume[] | null }>('GET', '/volumes', { ...filter, action: 'list volumes', query });
      // Podman gives volumes that have any one of several labels.
      return (found.Volumes ?? [])
        .map(volumeDetails)
        .filter(({ labels }) => Object.entries(filter.labels ?? {}).every(([key, value]) => labels[key] === value));
    },
    async remove(name, options = {}) {
      const answer = await api.call('DELETE', `/volumes/${pathPart(name)}`, { ...options, action: `remove volume ${name}`, accept: [404] });
      return answer.status !== 404;
    },
  };
}

function volumeDetails(volume: WireVolume): VolumeDetails {
  return {
    name: volume.Name,
    labels: volume.Labels ?? {},
    mountpoint: volume.Mountpoint,
    createdAt: new Date(volume.CreatedAt ?? 0).toISOString(),
  };
}
