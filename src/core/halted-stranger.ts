import type { Fleet, Stranger } from './fleet.ts';
import { getIn, type ShardMap, setIn, valuesOf } from './shard-map.ts';

/** Unknown machines that were booted for discovery and have Talos on a disk: that is told of them, and nothing is read. */

/** Who says from there that it halted; undefined where that is nobody, or known. The newest, as addresses are given again. */
export function haltsAt({ strangers }: Pick<Fleet, 'strangers'>, address: string): string | undefined {
  let newest: Stranger | undefined;
  for (const one of valuesOf(strangers)) {
    if (one.address === address && (newest === undefined || one.lastAt > newest.lastAt)) newest = one;
  }
  return newest?.offered === undefined || newest.halted === true ? undefined : newest.mac;
}

export function haltStranger(strangers: ShardMap<Stranger>, { mac }: Pick<Stranger, 'mac'>): ShardMap<Stranger> {
  const known = getIn(strangers, mac);
  return known === undefined ? strangers : setIn(strangers, mac, { ...known, halted: true });
}

export const describeHalted = ({ mac }: Pick<Stranger, 'mac'>): string =>
  `unknown machine ${mac} has Talos on a disk: it halted, nothing was written`;
