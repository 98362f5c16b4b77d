import { CONFIG_SERVES_MAX } from '../core/attempt.ts';
import { type Fleet, nodeAtAddress } from '../core/fleet.ts';
import { leasesOf } from '../core/lease.ts';
import type { NodeState } from '../core/node.ts';
import type { PhaseName } from '../core/phase.ts';
import { getIn } from '../core/shard-map.ts';
import { MINUTE_MS, type TimeMs } from '../core/time.ts';
import type { AddressBook } from './address-book.ts';
import { type BootSite, givesAlone } from './boot-site.ts';

/** Where a machine stands that may still wait for its configuration: nothing that follows it was seen. */
const MAY_WAIT: ReadonlySet<PhaseName> = new Set(['script', 'kernel', 'initrd', 'handoff', 'up', 'config']);

/**
 * A configuration holds keys, so it goes out once per boot. Talos asks until one whole 200 came, and then never again in
 * that boot, with one exception: it refused what it got, says so by its event sink, and fetches anew (at 0.5 s, then up to
 * 60 s apart). Every answer but 200 is tried again for three hours, so a refusal that comes before that report strands
 * nobody. Where no event sink reports, the second question is itself the only sign of a refusal, and is answered while
 * nothing shows that the machine went on. What was refused three times is refused the fourth time too: then,
 * and after a while, nobody gets it any more in that boot.
 */
export function whyNotAgain({ attempt, health, phase, job }: NodeState, at: TimeMs): string | undefined {
  if (attempt?.configServedAt === undefined) return undefined;
  const serves = attempt.configServes ?? 1;
  if (serves >= CONFIG_SERVES_MAX)
    return `served whole ${serves} times in this boot already; arm the machine anew for another boot`;
  if (at - attempt.configServedAt >= OPEN_MS) return closed(attempt.configServedAt);
  if (health.is === 'failed' && health.code === 'CONFIG_BAD') return undefined;
  const silent = attempt.sinkSpokeAt === undefined && job?.spentAt === undefined && MAY_WAIT.has(phase.is);
  if (silent) return undefined;
  const clock = new Date(attempt.configServedAt).toISOString().slice(11, 19);
  return `served whole at ${clock} UTC already, and not refused by the machine; retry its job for another boot`;
}

/** Longer than all stages of a cloud-init that waits for its network and tries again, and ten fetches of a Talos. */
const OPEN_MS = 10 * MINUTE_MS;

function closed(servedAt: TimeMs): string {
  const clock = new Date(servedAt).toISOString().slice(11, 19);
  return `read at ${clock} UTC, and no more than ${OPEN_MS / MINUTE_MS} minutes after that; arm it anew for another boot`;
}

/**
 * cloud-init reads its files in each of its stages, tells nobody what it refuses, and tries again what failed. From the
 * first of them that went out whole, all stay readable for a while, and then no more in this boot: they may hold keys.
 */
export function whySeedIsClosed({ attempt }: NodeState, at: TimeMs): string | undefined {
  const servedAt = attempt?.configServedAt;
  return servedAt === undefined || at - servedAt < OPEN_MS ? undefined : closed(servedAt);
}

export interface AskedFrom {
  readonly fleet: Fleet;
  readonly addresses: AddressBook;
  readonly site: BootSite;
  readonly at: TimeMs;
}

/**
 * The token alone opens nothing: whoever reads a console has it, and who knows a machine's MAC and UUID can ask for one.
 * Where we alone give addresses, only our lease of this machine and its address in the inventory count; beside another
 * DHCP server and behind a NAT, the address from which this boot asked.
 */
export function whyNotFrom(
  view: AskedFrom,
  node: NodeState,
  address: string,
  isOfBoot: () => boolean = () => view.addresses.isKnownAt(view.fleet, address, node.name),
): string | undefined {
  const { fleet, site, at } = view;
  const no = `asked for from ${address}, which is not an address of ${node.name}`;
  const holder = nodeAtAddress(fleet, address);
  if (holder !== undefined) return holder.name === node.name ? undefined : no;
  if (getIn(fleet.index.addresses, address)?.includes(node.name)) return undefined;
  const leased = liveLeasesOf(fleet, node.name, at);
  if (leased.length > 0) return `${no}: its lease is ${leased.join(' and ')}`;
  if (givesAlone(site, address)) return `${no}: it has no lease of ours`;
  return isOfBoot() ? undefined : no;
}

function liveLeasesOf(fleet: Fleet, node: string, at: TimeMs): readonly string[] {
  const found: string[] = [];
  for (const lease of leasesOf(fleet)) if (lease.node === node && lease.until > at) found.push(lease.address);
  return found;
}

/** An image holds no secret, but whoever may have it by his own name needs no other machine's token. */
export function whyOfAnother({ fleet, addresses }: AskedFrom, node: NodeState, address: string): string | undefined {
  const [other, ...more] = addresses.knownAt(fleet, address);
  if (other === undefined || other === node.name || more.includes(node.name)) return undefined;
  return `the token of ${node.name}, used from ${address}, which is an address of ${other}`;
}
