import type { Fleet } from '../../core/fleet.ts';
import { forbiddenText } from '../../core/forbidden.ts';
import { leasesOfMac } from '../../core/lease.ts';
import type { NodeState } from '../../core/node.ts';
import { addressTrouble } from '../../core/not-at-ip.ts';
import { protectionOf } from '../../core/protection.ts';
import { unkeptOf } from '../../core/unkept.ts';
import { renderSpan } from '../format/duration.ts';
import { addressOf, imageOf } from '../select/node-look.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';
import { type FactLine, hardwareLines, joined } from './hardware-lines.ts';

/** Identity, addresses, BMC, lease, disks: what the inventory says and what was seen, each with its age. */
export function factLines(scene: Scene, node: NodeState, width: number): readonly FrameLine[] {
  const { theme } = scene;
  const line: FactLine = (label, text, tone = 'plain') =>
    text === ''
      ? []
      : wrapText(showText(text, theme.set), Math.max(10, width - 9)).map(
          (part, at): FrameLine => [
            [fitText(at === 0 ? label : '', 9), 'dim'],
            [part, tone],
          ],
        );
  return [
    [['FACTS', 'bold']],
    ...identityLines(scene, node, line),
    ...hardwareLines(scene, node, line),
    ...apiLines(scene, node, line),
    ...pastFacts(scene, node, line),
  ];
}

/** What was seen, and what the inventory says where that differs. */
function identityLines({ model }: Scene, node: NodeState, line: FactLine): readonly FrameLine[] {
  const { seen, spec } = node;
  const both = (want: string | undefined, have: string | undefined): string => {
    const isDrift = want !== undefined && have !== undefined && want.toLowerCase() !== have.toLowerCase();
    return `${have ?? want ?? '-'}${isDrift ? ` (inventory: ${want})` : ''}`;
  };
  const slot = spec.place.slot === undefined ? undefined : `slot ${spec.place.slot}`;
  return [
    ...line('serial', both(spec.identity.serial, seen.serial)),
    ...line('uuid', both(spec.identity.uuid, seen.uuid)),
    ...line('product', seen.product ?? ''),
    ...line('macs', [...new Set([...spec.identity.macs, ...(seen.mac === undefined ? [] : [seen.mac])])].join(' ')),
    ...line('address', `${addressOf(node) || '-'}${leaseText(model.fleet, node, model.nowMs)}`),
    ...line('', addressTrouble(model.fleet, node, model.nowMs) ?? '', 'warn'),
    ...line('firmware', joined(seen.firmware ?? spec.firmware, spec.arch, slot)),
    ...line('role', joined(spec.role, spec.cluster, spec.profile)),
  ];
}

/** What its own API told: services that are not healthy come first. */
function apiLines({ model }: Scene, { seen }: NodeState, line: FactLine): readonly FrameLine[] {
  const { api } = seen;
  if (api === undefined) return [];
  const bad = api.services.filter((one) => one.healthy === false);
  const told = `${renderSpan(model.nowMs - api.at)} ago`;
  return [
    ...line(
      'api',
      api.problem === undefined ? joined(api.version, api.stage, `asked ${told}`) : api.problem,
      api.problem === undefined ? 'plain' : 'bad',
    ),
    ...line(
      'services',
      api.services.length === 0
        ? ''
        : `${api.services.length - bad.length} of ${api.services.length} not failing: ${api.services.map((one) => one.id).join(' ')}`,
    ),
    ...bad.flatMap((one) => line('', `${one.id}: ${one.state} ${one.message}`, 'bad')),
  ];
}

function pastFacts({ model }: Scene, node: NodeState, line: FactLine): readonly FrameLine[] {
  const { seen, ignored } = node;
  const jobs = node.endedJobs.slice(-3).map((job) => [job.kind, job.outcome, job.code].filter(Boolean).join(' '));
  const unsaved = unkeptOf(model.fleet, node.name);
  const installed =
    seen.installedAt === undefined ? '' : `${renderSpan(model.nowMs - seen.installedAt)} ago, ${imageOf(node)}`;
  return [
    ...line('installed', installed),
    ...line('unsaved', unsaved === undefined ? '' : `${unsaved}: lost if the engine ends now`, 'bad'),
    ...line('disk', forbiddenText(model.fleet, node) ?? '', 'bad'),
    ...line('guards', joined(protectionOf(node) ?? '', node.locate ? 'LED on' : ''), 'warn'),
    ...line('jobs', jobs.join(', ')),
    ...line(
      'ignored',
      ignored.count === 0 ? '' : `${ignored.count} events that meant nothing here, last: ${ignored.last ?? ''}`,
    ),
  ];
}

/** By the address that asked last; going through thousands of leases would cost more than the rest of the page. */
export function leaseText(fleet: Fleet, node: NodeState, nowMs: number): string {
  if (node.seen.elsewhere !== undefined) return ', by another DHCP server';
  const shown = addressOf(node);
  for (const mac of new Set([node.seen.mac ?? '', ...node.spec.identity.macs])) {
    // What it has in other networks has a time of its own.
    const lease = leasesOfMac(fleet, mac).find((one) => one.address === shown && one.node === node.name);
    if (lease !== undefined) return `, lease for ${renderSpan(Math.max(0, lease.until - nowMs))}`;
  }
  return '';
}
