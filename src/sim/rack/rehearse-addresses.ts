import type { NodeSpec } from '../../core/spec.ts';
import { parseIpv4, renderIpv4 } from '../../protocols/ipv4.ts';
import type { Placed } from './place-machines.ts';
import type { PlannedNetwork } from './planned-machine.ts';

/** Segments of this computer, one for each network of the site; where there are fewer, networks share. */
export type Segments = readonly [PlannedNetwork, ...PlannedNetwork[]];

const HOST_BITS = 0xffff;

function numberOf(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseIpv4(text);
  return parsed?.ok === true ? parsed.value : undefined;
}

/** The last two bytes stay, so that `10.20.7.33` is found again as `127.77.7.33`; each network has a /16 of its own. */
export function rehearseAddresses(
  nodes: readonly NodeSpec[],
  places: ReadonlyMap<string, Placed>,
  segments: Segments,
): ReadonlyMap<string, string> {
  const taken = new Set<number>();
  const addresses = new Map<string, string>();
  for (const node of nodes) {
    const ip = numberOf(node.network.ip);
    if (ip === undefined) continue;
    const segment = segments[(places.get(node.name)?.network ?? 0) % segments.length] ?? segments[0];
    const net = (127 * 256 + segment.net) * 65_536;
    const isOfPool = (host: number) =>
      net + host >= (numberOf(segment.pool.from) ?? 0) && net + host <= (numberOf(segment.pool.to) ?? 0);
    let host = ip & HOST_BITS;
    // .0.0 to .0.255 is for us, the relay and a rival; the last is a broadcast address in many eyes.
    while (host < 256 || host === HOST_BITS || taken.has(net + host) || isOfPool(host))
      host = (host + 0x4000 + (host < 256 ? 0 : 1)) & HOST_BITS;
    taken.add(net + host);
    addresses.set(node.name, renderIpv4(net + host));
  }
  return addresses;
}
