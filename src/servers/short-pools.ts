import type { SubnetSpec } from '../core/spec.ts';
import { MINUTE_MS, SECOND_MS, type TimeMs } from '../core/time.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import type { BootSite } from '../netboot/boot-site.ts';
import type { PoolAsk } from '../netboot/pool-state.ts';

/** Machines of the inventory for which a pool had no address, until they have one or could. */
export interface ShortPools {
  readonly note: (ask: PoolAsk) => void;
  /** As sentences; undefined: all have what they asked for. */
  readonly warning: (site: BootSite, at: TimeMs) => string | undefined;
}

/** Firmware asks again every few seconds, and gives up after a minute: what is older is no news. */
const SHOWN_FOR_MS = 10 * MINUTE_MS;
/** To find nothing takes a look at each address of the pool. */
const TRIED_AGAIN_MS = 10 * SECOND_MS;
const MOST_NAMED = 4;

export function createShortPools(pool: Pick<AddressPool, 'choose' | 'isHeldFor'>): ShortPools {
  /** By NIC: of machines on record alone, so there are not more than they have. */
  const asks = new Map<string, PoolAsk>();
  let triedAt = 0;

  /** An address that one of them can have now the others can have as well, until it is gone. */
  const findRoom = (site: BootSite, at: TimeMs): ReadonlySet<string> => {
    const tried = new Map<string, boolean>();
    for (const ask of asks.values()) {
      const { subnet } = ask.net.spec;
      if (tried.has(subnet)) continue;
      const net = site.nets.find((one) => one.spec.subnet === subnet);
      tried.set(subnet, net === undefined || pool.choose({ ...ask, net, at }) !== undefined);
    }
    return new Set([...tried].flatMap(([subnet, hasRoom]) => (hasRoom ? [subnet] : [])));
  };

  /** Of its NICs one is enough: systems ask with all that they have. */
  const hasAddress = ({ node }: PoolAsk, at: TimeMs): boolean => node !== undefined && pool.isHeldFor(node, at);

  const forget = (site: BootSite, at: TimeMs): void => {
    for (const [key, ask] of asks) if (at - ask.at >= SHOWN_FOR_MS || hasAddress(ask, at)) asks.delete(key);
    if (at - triedAt < TRIED_AGAIN_MS) return;
    triedAt = at;
    const room = findRoom(site, at);
    for (const [key, ask] of asks) if (room.has(ask.net.spec.subnet)) asks.delete(key);
  };

  return {
    note: (ask) => {
      if (ask.node !== undefined && !hasAddress(ask, ask.at)) asks.set(ask.key, ask);
    },
    warning: (site, at) => {
      if (asks.size === 0) return undefined;
      forget(site, at);
      const bySubnet = new Map<
        string,
        { readonly spec: SubnetSpec; readonly nodes: Set<string>; readonly own: Set<string> }
      >();
      for (const { net, fixed, node = '?' } of asks.values()) {
        const { spec } = net;
        const known = bySubnet.get(spec.subnet) ?? { spec, nodes: new Set(), own: new Set() };
        (fixed === undefined ? known.nodes : known.own).add(node);
        bySubnet.set(spec.subnet, known);
      }
      const texts = [...bySubnet.values()].flatMap(({ spec, nodes, own }) => [
        ...(nodes.size === 0 ? [] : [textOf(spec, nodes)]),
        ...(own.size === 0 ? [] : [ownTextOf(spec, own)]),
      ]);
      return texts.length === 0 ? undefined : texts.join('; ');
    },
  };
}

function gotNone(nodes: ReadonlySet<string>): string {
  const names = [...nodes].sort();
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const who = `${names.length} ${names.length === 1 ? 'machine' : 'machines'} of the inventory`;
  return `${who} got no address (${names.slice(0, MOST_NAMED).join(', ')}${more})`;
}

/** They have an `ip:` there, which cannot be given: their pages say why. */
function ownTextOf({ subnet, pool }: SubnetSpec, nodes: ReadonlySet<string>): string {
  const its = `${nodes.size === 1 ? 'its' : 'their'} \`ip:\` in ${subnet} cannot be given`;
  const helps = pool === undefined ? 'there is no pool to help out' : 'the pool there is used up';
  const way = pool === undefined ? 'write pool: for' : 'give a larger pool: to';
  return `${gotNone(nodes)}: ${its}, and ${helps}: find who is there, or ${way} that network in _site.yaml`;
}

function textOf({ subnet, pool }: SubnetSpec, nodes: ReadonlySet<string>): string {
  const got = gotNone(nodes);
  if (pool === undefined)
    return `${subnet} has no pool, ${got}: write pool: for that network in _site.yaml, or ip: in their files`;
  return `the pool of ${subnet} is used up, ${got}: give that network a larger pool: in _site.yaml, or machines an ip: outside of it`;
}
