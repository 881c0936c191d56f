import { type Api, filters, labelFilters } from './api.ts';
import type { NetworkDetails, Networks } from './model.ts';
import { pathPart } from './reference.ts';
import type { WireNetwork } from './wire.ts';

export function openNetworks(api: Api): Networks {
  return {
    async create(name, options = {}) {
      // Without CheckDuplicate, Docker before 25 makes a second network of the same name.
      const json = { Name: name, CheckDuplicate: true, Driver: 'bridge', Internal: options.internal ?? false, Labels: options.labels ?? {} };
      const { Id } = await api.json<{ readonly Id: string }>('POST', '/networks/create', { ...options, action: `create network ${name}`, json });
      return Id;
    },
    async inspect(name, options = {}) {
      const found = await api.find<WireNetwork>(`/networks/${pathPart(name)}`, { ...options, action: `inspect network ${name}` });
      return found === undefined ? undefined : networkDetails(found);
    },
    async list(filter = {}) {
      const query = { filters: filters({ label: labelFilters(filter.labels) }) };
      const found = await api.json<readonly WireNetwork[] | null>('GET', '/networks', { ...filter, action: 'list networks', query });
      return (found ?? []).map(networkDetails);
    },
    async remove(name, options = {}) {
      const answer = await api.call('DELETE', `/networks/${pathPart(name)}`, { ...options, action: `remove network ${name}`, accept: [404] });
      return answer.status !== 404;
    },
    async connect(name, container, options = {}) {
      const json = { Container: container, EndpointConfig: { Aliases: options.aliases ?? [] } };
      await api.call('POST', `/networks/${pathPart(name)}/connect`, { ...options, action: `connect ${container} to network ${name}`, json });
    },
    async disconnect(name, container, options = {}) {
      const json = { Container: container, Force: false };
      await api.call('POST', `/networks/${pathPart(name)}/disconnect`, { ...options, action: `disconnect ${container} from network ${name}`, json });
    },
  };
}

function networkDetails(network: WireNetwork): NetworkDetails {
  return {
    id: network.Id,
    name: network.Name,
    labels: network.Labels ?? {},
    subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet, Gateway }) => (Subnet === undefined ? [] : [{ subnet: Subnet, gateway: Gateway || undefined }])),
  };
}
