import type { Fleet } from '../core/fleet.ts';
import { nodeOf, nodesWithMac } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { hasMac } from '../core/own-nic.ts';
import { getIn } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import { type BootNet, isHostOf, isInNet } from '../netboot/boot-site.ts';
import type { Slot } from '../netboot/pool-slots.ts';
import { isGivable, strangerLimit } from '../netboot/pool-state.ts';
import { parseIpv4, renderIpv4 } from '../protocols/ipv4.ts';
import { type AddressQuestions, QUIET } from './address-questions.ts';
import { createAnswersForAll } from './answers-for-all.ts';
import type { Neighbours } from './read-arp.ts';
import { createSharedAddresses } from './shared-addresses.ts';

/**
 * The kernel shows who was there last long after: asked for again it waits 5 s and sends three questions before it drops
 * that. So long an address that was somebody's is given to nobody.
 */
const DOUBTED_MS = 12_000;

/** Of the addresses that the inventory gives to machines, so many are kept from these by one host. */
const MOST_OF_OWNERS = 8;
/** Who answers at more than it may keep comes again with each look. */
const TOLD_AGAIN_MS = 10 * 60_000;

export interface ForeignFacts {
  /** The machine to which the inventory gives that address. */
  readonly node: string | undefined;
  /** The one that has this MAC. */
  readonly by: string | undefined;
  /** The one that was seen there a short time ago. */
  readonly beside: string | undefined;
}

export interface HeardAddressesParts {
  readonly fleet: () => Fleet;
  readonly pool: AddressPool;
  readonly onForeign: (address: string, mac: string, more: ForeignFacts, net: BootNet) => void;
  /** A machine of the inventory stands where it has nothing from us: the address is kept for it. */
  readonly onUsed: (address: string, mac: string, node: string) => void;
  /** It stands at more addresses than one host may keep from others: this one is given all the same. Told once. */
  readonly onTooMany: (net: BootNet, mac: string, node: string | undefined, address: string) => void;
  /** It answers for whatever is asked, and is believed nothing. Told once. */
  readonly onRouter: (net: BootNet, mac: string, node: string | undefined) => void;
  /** Nobody is at this address of the inventory after all, or any more. */
  readonly onFree: (address: string, node: string) => void;
  /** Somebody else answers where `node`, or a stranger, has a lease of ours. */
  readonly onShared: (address: string, mac: string, holder: Slot) => void;
}

/** What follows from who answers where: whom an address is kept for or from, and what is told. */
export interface HeardAddresses {
  readonly round: (nets: readonly BootNet[], all: readonly Heard[], at: TimeMs) => void;
  /** Is it one that answers for all? */
  readonly isRouter: (one: Heard) => boolean;
  /** Nobody else is there any more. */
  readonly free: (address: number) => void;
}

export function createHeardAddresses(parts: HeardAddressesParts, questions: AddressQuestions): HeardAddresses {
  const { pool } = parts;
  const tooMany = new Map<string, TimeMs>();
  const shared = createSharedAddresses();
  const routers = createAnswersForAll();

  /** Somebody stands where we gave an address, and it is not who has it or had it. */
  const meet = (
    net: BootNet,
    address: number,
    mac: string,
    slot: Slot,
    owner: NodeState | undefined,
    at: TimeMs,
  ): void => {
    if (slot.until <= at) {
      const node = owner === undefined ? nodeByMac(parts.fleet(), mac) : undefined;
      if (questions.ask(net, address, at)) pool.markSeen({ net, address, mac, node, at, forMs: DOUBTED_MS });
    } else if (shared.isSure(address, mac, at, () => questions.ask(net, address, at))) {
      parts.onShared(renderIpv4(address), mac, slot);
    }
  };

  /** Not by its holder, nor by the machine that the inventory gives it to. */
  const isStrange = ({ address, text, mac, owner }: Heard): boolean => {
    const fleet = parts.fleet();
    const slot = pool.slotAt(address);
    const isGiven = slot?.state === 'leased' || slot?.state === 'offered';
    return !(isGiven && isOf(fleet, slot, mac)) && !isRightful(fleet, owner, text, mac);
  };

  const findRouters = (nets: readonly BootNet[], all: readonly Heard[], at: TimeMs): void => {
    // At a start the table may hold what a router answered before, at the quiet ones too.
    const asked = nets.flatMap((net) => {
      const quiet = pool.quiet(net, QUIET);
      const others = questions.asked().filter((address) => isInNet(net, address) && !quiet.includes(address));
      const one = (isQuiet: boolean) => (address: number) => ({ net, address, isQuiet });
      return [...quiet.map(one(true)), ...others.map(one(false))];
    });
    const questioned = new Set(asked.map(({ address }) => address));
    const strange = all.filter(
      (one) => (questioned.has(one.address) || isGivable(one.net, one.address)) && isStrange(one),
    );
    for (const { net, mac } of routers.round(all, strange, asked, at)) {
      parts.onRouter(net, mac, nodeByMac(parts.fleet(), mac));
      for (const address of pool.takeBack(net, mac)) free(address);
    }
  };

  const free = (address: number): void => {
    const text = renderIpv4(address);
    for (const node of getIn(parts.fleet().index.addresses, text) ?? []) parts.onFree(text, node);
  };

  /** One host alone must not empty a pool, nor keep a rack from its addresses, whatever it answers for. */
  const isTooMany = ({ net, address, text, mac, owner }: Heard, at: TimeMs): boolean => {
    const kept = pool.keptBy(net, mac, at);
    if (kept.includes(address)) return false;
    const inPool = isGivable(net, address);
    const most = inPool ? strangerLimit(net) : owner === undefined ? Number.POSITIVE_INFINITY : MOST_OF_OWNERS;
    if (kept.filter((one) => isGivable(net, one) === inPool).length < most) return false;
    const key = `${net.spec.subnet} ${mac}`;
    if (!tooMany.has(key)) parts.onTooMany(net, mac, nodeByMac(parts.fleet(), mac), text);
    tooMany.set(key, at);
    return true;
  };

  const hear = (heard: Heard, at: TimeMs) => {
    const { net, address, text, mac, owner } = heard;
    const fleet = parts.fleet();
    const slot = pool.slotAt(address);
    const isGiven = slot?.state === 'leased' || slot?.state === 'offered';
    if (isGiven && isOf(fleet, slot, mac)) return;
    if (isGiven && slot.until > at) return meet(net, address, mac, slot, owner, at);
    if (isRightful(fleet, owner, text, mac)) return;
    const node = nodeByMac(fleet, mac);
    // A host with an address that nobody can get from us is none of our business, unless one of ours may ask for it.
    const isOutside = owner === undefined && !isGivable(net, address);
    if (isOutside && (node === undefined || !isHostOf(net, address))) return;
    if (isTooMany(heard, at)) return;
    if (isGiven) return meet(net, address, mac, slot, owner, at);
    // A virtual address goes from one of ours to another: it is of who has it now.
    if (isOutside && slot?.state === 'used' && slot.node !== node) pool.apply({ do: 'free', address, key: slot.key });
    // What the inventory gives to one machine is kept for no other one.
    const keeps = owner === undefined ? node : undefined;
    // Asked for, it answered a moment ago; else the kernel may show who was there hours ago.
    const until = questions.has(address) ? undefined : at + DOUBTED_MS;
    if (!pool.markSeen({ net, address, mac, node: keeps, at, doubtedUntil: until })) return;
    if (until !== undefined) questions.doubt(net, address, until);
    // Nothing is kept from anybody by that.
    if (isOutside) return;
    const kept = pool.slotAt(address)?.node;
    if (kept !== undefined) return parts.onUsed(text, mac, kept);
    const beside = slot?.state === 'used' && slot.until > at ? slot.node : undefined;
    parts.onForeign(text, mac, { node: owner?.name, by: node, beside }, net);
  };

  return {
    round: (nets, all, at) => {
      findRouters(nets, all, at);
      for (const heard of all) if (!routers.has(heard.net, heard.mac)) hear(heard, at);
      shared.forget(at);
      for (const [key, time] of tooMany) if (at - time > TOLD_AGAIN_MS) tooMany.delete(key);
    },
    isRouter: ({ net, mac }) => routers.has(net, mac),
    free,
  };
}

/** Who answers at an address of our networks, and which machine that is about to ask gets that from the inventory. */
export interface Heard {
  readonly net: BootNet;
  readonly address: number;
  readonly text: string;
  readonly mac: string;
  readonly owner: NodeState | undefined;
}

export function heardOf(
  nets: readonly BootNet[],
  neighbours: Neighbours,
  awaited: ReadonlyMap<number, NodeState>,
): readonly Heard[] {
  const all: Heard[] = [];
  for (const [text, mac] of neighbours) {
    const parsed = parseIpv4(text);
    if (!parsed.ok) continue;
    const address = parsed.value;
    const net = nets.find((one) => isInNet(one, address));
    if (net !== undefined) all.push({ net, address, text, mac, owner: awaited.get(address) });
  }
  return all;
}

/** The machine's, or one of its other NICs: Linux answers with any of them. */
function isOf(fleet: Fleet, { key, node: name }: Slot, mac: string): boolean {
  // Of InfiniBand the key is no MAC.
  if (key === mac || key.startsWith('id-')) return true;
  const node = name === undefined ? undefined : nodeOf(fleet, name);
  return node !== undefined && hasMac(node, mac);
}

function nodeByMac(fleet: Fleet, mac: string): string | undefined {
  const [only, ...more] = nodesWithMac(fleet, mac);
  return more.length === 0 ? only : undefined;
}

/** An address of the inventory is its machine's; who else may be there is asked only of those that are awaited. */
function isRightful({ index }: Fleet, awaited: NodeState | undefined, address: string, mac: string): boolean {
  if (awaited !== undefined) return hasMac(awaited, mac);
  return getIn(index.addresses, address) !== undefined;
}
