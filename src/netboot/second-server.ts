import { nodeOf } from '../core/fleet.ts';
import type { DhcpAsk } from './dhcp-ask.ts';

/** `secs` beyond this is no waiting time: nobody asks for an hour without starting again. */
const PLAUSIBLE_SECONDS = 3600;

/** As it was sent, or in the byte order of x86: some ROMs say 4 s as 0x0400. */
function secsOf(secs: number): number {
  const swapped = (secs & 0xff) === 0 ? secs >>> 8 : secs;
  return swapped > PLAUSIBLE_SECONDS ? 0 : swapped;
}

/** Firmware that leaves `secs` at 0 is counted by us: from its first request with this transaction, whatever was before. */
function seenForSeconds({ view, node, client, message }: DhcpAsk): number {
  const phase = node === undefined ? undefined : nodeOf(view.fleet, node)?.phase;
  if (phase?.is !== 'firmware' || phase.xid !== message.xid || client.kind === 'os') return 0;
  return Math.floor((view.at - (phase.askedAt ?? phase.since)) / 1000);
}

/** A second server leaves whom the first one answers to the first one. The reason for its silence. */
export function whyNotYet(ask: DhcpAsk): string | undefined {
  const after = ask.net.spec.answerAfterSeconds;
  if (after === undefined) return undefined;
  const waited = Math.max(secsOf(ask.message.secs), seenForSeconds(ask));
  if (waited >= after) return undefined;
  return `it has asked for ${waited} s; as the second server here we answer after ${after} s`;
}
