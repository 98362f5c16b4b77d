import { nodeOf } from '../core/fleet.ts';
import { leasesOfMac } from '../core/lease.ts';
import type { ScriptDecision } from './answer-script.ts';
import { givesAlone } from './boot-site.ts';
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
