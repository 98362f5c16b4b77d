import { describeRival, rivalDoes } from '../core/describe-rival.ts';
import type { Fleet } from '../core/fleet.ts';
import { leftJobs } from '../core/left-inventory.ts';
import { posingNow } from '../core/posing.ts';
import { freshRivals } from '../core/rivals.ts';
import type { TimeMs } from '../core/time.ts';
import { describeUnassigned, unassignedNow } from '../core/unassigned.ts';
import { isUnkept, unkeptIn, unkeptText } from '../core/unkept.ts';
import { UNSERVED_ADVICE, unservedNow } from '../core/unserved.ts';
import { renderSpan } from '../ui/format/duration.ts';
import { discoveryLine } from './discovery-line.ts';

/** What concerns the whole site; printed above the table. */
export function siteLines(fleet: Fleet, nowMs: TimeMs): readonly string[] {
  const lines: string[] = [];
  if (fleet.simulated) lines.push('SIMULATED: these machines are not real');
  if (fleet.saving.is === 'failing')
    lines.push(`NOT SAVING: ${fleet.saving.reason}; nothing new is armed until the disk takes it again`);
  const unkept = unkeptIn(fleet);
  if (unkept.length > 0) lines.push(unkeptText(unkept));
  if (fleet.switches.panic !== undefined) {
    const lost = isUnkept(fleet, 'PANIC') ? ' (NOT SAVED)' : '';
    lines.push(`PANIC key pressed by ${fleet.switches.panic.by.user}: every answer is local${lost}`);
  }
  if (fleet.switches.glass !== undefined)
    lines.push(`GLASS BROKEN by ${fleet.switches.glass.by.user}: ${fleet.switches.glass.reason}`);
  if (fleet.switches.discoveryUntil !== undefined)
    lines.push(discoveryLine(fleet, fleet.switches.discoveryUntil, nowMs));
  const errors = fleet.inventory.problems.filter((problem) => problem.severity === 'error').length;
  if (errors > 0)
    lines.push(
      `the inventory has ${errors === 1 ? 'an error' : `${errors} errors`} (crashcart check); the last good one is in use`,
    );
  for (const { name, why, at } of leftJobs(fleet)) lines.push(`${name}, ${renderSpan(nowMs - at)} ago: ${why}`);
  for (const [name, state] of Object.entries(fleet.services))
    if (state.is === 'failed') lines.push(`${name} FAILED: ${state.why}`);
    else if (state.is === 'off' && state.advice !== undefined) lines.push(`${name} OFF: ${state.why}; ${state.advice}`);
    else if (state.is === 'ok' && state.warning !== undefined) lines.push(`${name} WARNS: ${state.warning}`);
  for (const rival of freshRivals(fleet, nowMs))
    lines.push(
      `another DHCP server: ${describeRival(rival)} ${rivalDoes(rival)}, last heard of ${renderSpan(nowMs - rival.lastAt)} ago`,
    );
  for (const one of unassignedNow(fleet.unassigned, fleet.at)) lines.push(describeUnassigned(one));
  const unserved = unservedNow(fleet.strangers, fleet.at);
  if (unserved.length > 0) lines.push(...unserved, UNSERVED_ADVICE);
  lines.push(...posingNow(fleet.strangers, fleet.at));
  return lines;
}
