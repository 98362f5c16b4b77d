import { type Fleet, nodeAtAddress } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import type { PhaseName } from '../core/phase.ts';
import { valuesOf } from '../core/shard-map.ts';
import { MINUTE_MS, type TimeMs } from '../core/time.ts';
import type { AddressBook } from './address-book.ts';

/** Where a machine stands that may still wait for its configuration: nothing that follows it was seen. */
const MAY_WAIT: ReadonlySet<PhaseName> = new Set(['script', 'kernel', 'initrd', 'handoff', 'up', 'config']);

/**
 * A configuration holds keys, so it goes out once per boot. Talos asks until one whole 200 came, and then never again in
 * that boot, with one exception: it refused what it got, says so by its event sink, and fetches anew (at 0.5 s, then up to
 * 60 s apart). Every answer but 200 is tried again for three hours, so a refusal that comes before that report strands
 * nobody. Where no event sink reports, the second question is itself the only sign of a refusal, and is answered while
 * nothing shows that the machine went on.
 */
export function whyNotAgain({ attempt, health, phase, job }: NodeState): string | undefined {
  if (attempt?.configServedAt === undefined) return undefined;
  if (health.is === 'failed' && health.code === 'CONFIG_BAD') return undefined;
  const silent = attempt.sinkSpokeAt === undefined && job?.spentAt === undefined && MAY_WAIT.has(phase.is);
  if (silent) return undefined;
  const clock = new Date(attempt.configServedAt).toISOString().slice(11, 19);
  return `served whole at ${clock} UTC already, and not refused by the machine; retry its job for another boot`;
}

/** Longer than all stages of a cloud-init that waits for its network and tries again. */
const SEED_OPEN_MS = 10 * MINUTE_MS;

/**
 * cloud-init reads its files in each of its stages, tells nobody what it refuses, and tries again what failed. From the
 * first of them that went out whole, all stay readable for a while, and then no more in this boot: they may hold keys.
 */
export function whySeedIsClosed({ attempt }: NodeState, at: TimeMs): string | undefined {
  const servedAt = attempt?.configServedAt;
  if (servedAt === undefined || at - servedAt < SEED_OPEN_MS) return undefined;
  const clock = new Date(servedAt).toISOString().slice(11, 19);
  return `read at ${clock} UTC, and no more than ${SEED_OPEN_MS / MINUTE_MS} minutes after that; arm it anew for another boot`;
}

/**
 * The token alone opens nothing: whoever reads a console has it. While one of our leases of this machine is live, or the
 * inventory gives it an address, only these count; beside another DHCP server, the address from which this boot asked.
 */
export function whyNotFrom(
  fleet: Fleet,
  addresses: AddressBook,
  node: NodeState,
  address: string,
  at: TimeMs,
): string | undefined {
  const no = `asked for from ${address}, which is not an address of ${node.name}`;
  const holder = nodeAtAddress(fleet, address);
  if (holder !== undefined) return holder.name === node.name ? undefined : no;
  for (const lease of valuesOf(fleet.leases)) {
    if (lease.node === node.name && lease.until > at) return `${no}: its lease is ${lease.address}`;
  }
  return addresses.isKnownAt(fleet, address, node.name) ? undefined : no;
}
