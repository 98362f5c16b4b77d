import type { Inventory, NodeSpec, SiteSpec } from '../../core/spec.ts';
import { parseIpv4 } from '../../protocols/ipv4.ts';

/** The network of the site that a machine is plugged into, by its index. */
export interface Placed {
  readonly network: number;
  /** Nothing in the inventory says it. */
  readonly isGuess: boolean;
}

/**
 * A machine says it by an address: its own, that of its gateway, or that of its BMC where both share a network. One
 * without any (usual where another server gives the addresses) stands where the others of its rack do.
 */
export function placeMachines({ site, nodes }: Inventory): ReadonlyMap<string, Placed> {
  const networkAt = createLookup(site);
  const written = new Map(
    nodes.map(({ name, network }) => [name, networkAt(network.ip) ?? networkAt(network.gateway)] as const),
  );
  const racks = new Map<string, Set<number>>();
  for (const { name, place } of nodes) {
    const network = written.get(name);
    if (place.rack === undefined || network === undefined) continue;
    racks.set(place.rack, (racks.get(place.rack) ?? new Set()).add(network));
  }
  const giving = givingAddresses(site);
  const guess = guessFor(site, giving, new Set(written.values()));
  const deduce = ({ place, bmc }: NodeSpec): number | undefined =>
    [only([...(racks.get(place.rack ?? '') ?? [])]), networkAt(hostOf(bmc?.url)), only(giving)].find(
      (one) => one !== undefined && giving.includes(one),
    );
  return new Map(
    nodes.map((node) => {
      const network = written.get(node.name) ?? deduce(node);
      return [node.name, { network: network ?? guess, isGuess: network === undefined && site.networks.length > 1 }];
    }),
  );
}

/** Where a machine that has no address of its own gets one. */
function givingAddresses({ networks }: SiteSpec): readonly number[] {
  return networks.flatMap(({ dhcp, pool }, index) => (dhcp === 'authoritative' && pool === undefined ? [] : [index]));
}

/** Without an address in the inventory: most likely where another server gives it, and of those where nobody else stands. */
function guessFor({ networks }: SiteSpec, giving: readonly number[], taken: ReadonlySet<number | undefined>): number {
  const foreign = giving.filter((index) => networks[index]?.dhcp !== 'authoritative');
  return foreign.find((index) => !taken.has(index)) ?? foreign[0] ?? giving[0] ?? 0;
}

function createLookup({ networks }: SiteSpec): (address: string | undefined) => number | undefined {
  const nets = networks.map(({ subnet }) => {
    const [base = '', bits = '32'] = subnet.split('/');
    const sizeOf = 2 ** (32 - Number(bits));
    return { sizeOf, block: Math.floor((numberOf(base) ?? 0) / sizeOf) };
  });
  return (address) => {
    const number = numberOf(address);
    if (number === undefined) return undefined;
    const index = nets.findIndex(({ sizeOf, block }) => Math.floor(number / sizeOf) === block);
    return index < 0 ? undefined : index;
  };
}

function numberOf(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseIpv4(text);
  return parsed?.ok === true ? parsed.value : undefined;
}

const hostOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;

const only = (networks: readonly number[]): number | undefined => (networks.length === 1 ? networks[0] : undefined);

/** Of more machines nobody reads the names. */
const MOST_NAMED = 12;

/** A line for each network in which machines are played that may stand elsewhere. */
export function describeGuesses({ site }: Inventory, places: ReadonlyMap<string, Placed>): readonly string[] {
  const guessed = [...places].filter(([, { isGuess }]) => isGuess);
  return site.networks.flatMap(({ subnet, dhcp }, index) => {
    const names = guessed.flatMap(([name, { network }]) => (network === index ? [name] : []));
    if (names.length === 0) return [];
    const more = names.length - MOST_NAMED;
    const who = `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    const how = dhcp === 'authoritative' ? 'addresses from our pool' : 'addresses from the other DHCP server';
    return [
      `${who}: no ip or gateway says in which network; played in ${subnet} (dhcp: ${dhcp}), with ${how}. \`gateway:\` in the file of a machine says it`,
    ];
  });
}
