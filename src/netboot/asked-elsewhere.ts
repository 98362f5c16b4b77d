import { scriptIsNewBoot } from '../core/attempt.ts';
import { nodeOf } from '../core/fleet.ts';
import { leasesOfMac } from '../core/lease.ts';
import type { NodeState } from '../core/node.ts';
import { isOwnScript } from '../core/own-script.ts';
import type { TimeMs } from '../core/time.ts';
import type { ScriptDecision } from './answer-script.ts';
import { givesAlone, servesBeside } from './boot-site.ts';
import { type AskedFrom, whyNotFrom } from './config-once.ts';

/**
 * Where we alone give addresses: is this one of none that this machine has, from us or by the inventory? Firmware may have
 * one of its own that nobody wrote down, so this proves nothing and is answered all the same; but whoever knows a machine's
 * names can ask in its name, and then it is not that machine which boots.
 */
export function isElsewhere(view: AskedFrom, name: string, address: string, mac?: string): boolean {
  if (!givesAlone(view.site, address)) return false;
  const node = nodeOf(view.fleet, name);
  if (node === undefined || whyNotFrom(view, node, address) === undefined) return false;
  return mac === undefined || !leasesOfMac(view.fleet, mac).some((lease) => lease.address === address);
}

/** The event tells it: such an address is not taken for the machine's own. */
export function markElsewhere(view: AskedFrom, decision: ScriptDecision): ScriptDecision {
  const { event } = decision;
  if (event?.type !== 'http.scriptAsked' || !isElsewhere(view, event.node, event.address, event.mac)) return decision;
  return { ...decision, event: { ...event, elsewhere: true } };
}

/**
 * An own script that writes is spent by going out, so it goes only to an address of its machine: who looks at it from
 * another one moves nothing. In the boot that has it, nobody else is answered either, as that would be taken for its next
 * one. Beside another DHCP server to have asked from there before proves nothing: anybody who knows a machine's names may.
 */
export function whyKept(view: AskedFrom, { event }: ScriptDecision, address: string): string | undefined {
  const node = event?.type === 'http.scriptAsked' ? nodeOf(view.fleet, event.node) : undefined;
  if (event?.type !== 'http.scriptAsked' || node?.job === undefined || !isOwnScript(node.job)) return undefined;
  if (event.answer !== 'install' && !isInItsHands(node)) return undefined;
  const leases = event.mac === undefined ? [] : leasesOfMac(view.fleet, event.mac);
  if (leases.some((lease) => lease.address === address && lease.until > view.at)) return undefined;
  const why = whyNotFrom(view, node, address, () => isTakenInBoot(node, address, view.at));
  return why === undefined || !servesBeside(view.site, address) ? why : `${why}${UNHEARD}`;
}

const UNHEARD =
  ': DHCP of this boot was not heard to take it; if it boots there all the same (a static address, or DHCP that we do not hear), write that as its `ip:`';

/** Its REQUEST to the other server is heard by all of its segment, before it can ask for anything from there. */
const isTakenInBoot = (node: NodeState, address: string, at: TimeMs): boolean =>
  !scriptIsNewBoot(node, at) && node.attempt?.addresses?.includes(address) === true;

const isInItsHands = ({ job, attempt, phase }: NodeState): boolean =>
  phase.is === 'script' && phase.answer === 'install' && job?.handedOver === attempt?.number;
