import { canonicalUuid } from '../core/identity.ts';
import type { Inventory, NodeSpec } from '../core/spec.ts';

/** `git stash`, a checkout or an editor on a slow disk takes a file away and brings it back. */
export const GRACE_MS = 3_000;

export interface Vanished {
  /** What was read, with those whose file is gone for no longer than the grace. */
  readonly inventory: Inventory;
  /** Since when each of them is missed. */
  readonly missed: ReadonlyMap<string, number>;
  /** How long until the first of them counts as taken out; nothing where none is missed. */
  readonly leftMs?: number;
}

/**
 * A file that is gone counts as deleted after a moment, and only then; everything else that was read counts at once, and
 * so does a deletion beside which the site changed, or a machine that was renamed or takes the place of the one missed.
 */
export function keepVanished(
  good: Inventory | undefined,
  read: Inventory,
  before: ReadonlyMap<string, number>,
  now: number,
  graceMs: number,
): Vanished {
  const missed = new Map<string, number>();
  if (good === undefined || graceMs <= 0) return { inventory: read, missed };
  const names = new Set(read.nodes.map(({ name }) => name));
  const gone = good.nodes.filter(({ name }) => !names.has(name));
  if (gone.length === 0 || siteText(good) !== siteText(read)) return { inventory: read, missed };
  const taken = takenBy(good.nodes, read.nodes);
  const kept: NodeSpec[] = [];
  let leftMs = graceMs;
  for (const node of gone) {
    const since = before.get(node.name) ?? now;
    const left = since + graceMs - now;
    // One that came to its end stays gone: it is in the last good tree no more.
    if (left <= 0 || keysOf(node).some((key) => taken.has(key))) continue;
    missed.set(node.name, since);
    kept.push(node);
    leftMs = Math.min(leftMs, left);
  }
  if (kept.length === 0) return { inventory: read, missed };
  return { inventory: { ...read, nodes: inOrder(good.nodes, read.nodes, kept) }, missed, leftMs };
}

const siteText = ({ site, profiles }: Inventory): string => JSON.stringify({ site, profiles });

/** Of machines that are new, or another than they were: those of one chassis share a serial and a BMC all the time. */
function takenBy(good: readonly NodeSpec[], read: readonly NodeSpec[]): ReadonlySet<string> {
  const known = new Map(good.map((node) => [node.name, keysOf(node).join()]));
  const others = read.map((node) => ({ name: node.name, keys: keysOf(node) }));
  return new Set(others.flatMap(({ name, keys }) => (known.get(name) === keys.join() ? [] : keys)));
}

/** What says which machine it is, or where. */
function keysOf({ identity, network, bmc, place }: NodeSpec): readonly string[] {
  const { macs, uuid, serial, boardSerial, asset, switchPort } = identity;
  const unit = place.rack && place.unit && `${place.rack} ${place.unit} ${place.slot ?? ''}`;
  const where = bmc && `${bmc.url} ${bmc.system ?? ''}`;
  const one = { uuid: canonicalUuid(uuid), serial, boardSerial, asset, switchPort, ip: network.ip, where, unit };
  const named = Object.entries(one).flatMap(([kind, value]) => (value === undefined ? [] : [`${kind} ${value}`]));
  return [...macs, ...named].map((key) => key.toLowerCase());
}

/** Each behind the one that stood before it, so that nothing changed where nothing did. */
function inOrder(good: readonly NodeSpec[], read: readonly NodeSpec[], kept: readonly NodeSpec[]): readonly NodeSpec[] {
  const place = new Map(good.map(({ name }, at) => [name, at]));
  const nodes: NodeSpec[] = [];
  let next = 0;
  for (const node of read) {
    const at = place.get(node.name);
    for (let one = kept[next]; at !== undefined && one !== undefined; one = kept[next]) {
      if ((place.get(one.name) ?? 0) > at) break;
      nodes.push(one);
      next += 1;
    }
    nodes.push(node);
  }
  return [...nodes, ...kept.slice(next)];
}
