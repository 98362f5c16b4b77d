import { nodeOf } from '../core/fleet.ts';
import { MINUTE_MS } from '../core/time.ts';
import type { DhcpAnswer, DhcpAsk } from './dhcp-ask.ts';
import { silence } from './dhcp-ask.ts';
import { asked } from './dhcp-evidence.ts';
import type { Asker } from './unanswered-clients.ts';

/** `secs` beyond this is no waiting time: nobody asks for an hour without starting again. */
const PLAUSIBLE_SECONDS = 3600;

/** As it was sent, or in the byte order of x86: some ROMs say 4 s as 0x0400. */
function secsOf(secs: number): number {
  const swapped = (secs & 0xff) === 0 ? secs >>> 8 : secs;
  return swapped > PLAUSIBLE_SECONDS ? 0 : swapped;
}

const askerIn = ({ key, client, message, view }: DhcpAsk): Asker => ({
  key,
  xid: client.kind === 'os' ? undefined : message.xid,
  at: view.at,
});

/** Who leaves `secs` at 0, as the DHCP client of Talos does, is counted by us: from its first request that nobody answered. */
function seenForSeconds(ask: DhcpAsk): number {
  const { at, pool } = ask.view;
  return Math.floor((at - (pool.unansweredSince(askerIn(ask)) ?? at)) / 1000);
}

/** Of a stranger's boot nothing is kept: so long what begins after it took an address from us is that boot. */
const STRANGER_BOOT_MS = 5 * MINUTE_MS;

/** What begins where its firmware has its address from us is ours, and waits for nobody. An old lease is no boot. */
function isOurBoot({ client, key, view, node }: DhcpAsk): boolean {
  const leasedAt = client.kind === 'ipxe' || client.kind === 'os' ? view.pool.leasedAt(key, view.at) : undefined;
  if (leasedAt === undefined) return false;
  if (node === undefined) return view.at - leasedAt <= STRANGER_BOOT_MS;
  const attempt = nodeOf(view.fleet, node)?.attempt;
  return attempt !== undefined && leasedAt >= attempt.openedAt;
}

/** A second server leaves whom the first one answers to the first one: its silence, until it is our turn. */
export function leftToFirst(ask: DhcpAsk): DhcpAnswer | undefined {
  const after = ask.net.spec.answerAfterSeconds;
  if (after === undefined || isOurBoot(ask)) return undefined;
  const waited = Math.max(secsOf(ask.message.secs), seenForSeconds(ask));
  if (waited >= after) return undefined;
  const why = `it has asked for ${waited} s; as the second server here we answer after ${after} s`;
  // Who names its address has it, or may be let keep it by an answer to it alone: it lacks one once it searches.
  const lacks = ask.message.options.messageType === 'discover' ? { of: 'turn' as const, why } : undefined;
  return silence('waiting', why, {
    events: [asked(ask, undefined, lacks)],
    pool: [{ do: 'leave', asker: askerIn(ask) }],
  });
}
