import type {
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  EventMessage,
  ImageInspect,
  ImageSummary,
  Network,
  SystemInfo,
  Volume,
} from '@docker/node-sdk';
import type {
  WireContainer,
  WireContainerSummary,
  WireDockerInfo,
  WireEvent,
  WireImage,
  WireImageSummary,
  WireNetwork,
  WireStats,
  WireVolume,
} from './wire.ts';

/** What Docker's own description of its API says is there, we may read: a field that it does not know, or of another type, is an error here. */
type Known<Ours, Theirs> = {
  [Key in keyof Ours]-?: Key extends keyof Theirs ? Same<NonNullable<Ours[Key]>, NonNullable<Theirs[Key]>> : ['not in the API', Key];
}[keyof Ours];

type Same<Ours, Theirs> = Ours extends string | number | boolean
  ? Theirs extends string | number | boolean | Date
    ? true
    : ['another type', Ours, Theirs]
  : Ours extends readonly (infer OurItem)[]
    ? Theirs extends readonly (infer TheirItem)[]
      ? Same<NonNullable<OurItem>, NonNullable<TheirItem>>
      : ['no list', Theirs]
    : string extends keyof Ours
      ? Theirs extends object
        ? true
        : ['no map', Theirs]
      : Known<Ours, Theirs>;

const holds = <Check extends true>(): Check | undefined => undefined;

holds<Known<WireContainerSummary, ContainerSummary>>();
holds<Known<WireContainer, ContainerInspectResponse>>();
holds<Known<WireImageSummary, ImageSummary>>();
holds<Known<WireImage, ImageInspect>>();
holds<Known<WireVolume, Volume>>();
holds<Known<WireNetwork, Network>>();
holds<Known<WireDockerInfo, SystemInfo>>();
holds<Known<WireStats, ContainerStatsResponse>>();
holds<Known<WireEvent, EventMessage>>();
