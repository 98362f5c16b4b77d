import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { EARLY_PHASES, IMAGE_PHASES, type PhaseFacts, SYSTEM_PHASES, type SystemAddress } from '../phase.ts';
import { leftWithout, noLongerWithout } from '../without-address.ts';
import { learnAddress } from './learn-address.ts';
import { either, enter, goTo, on, type Row, type Step, stays, step } from './move.ts';
import { overrideIgnored } from './override-ignored.ts';

type OsAsked = EventOf<'dhcp.osAsked'>;

function learnOs(node: NodeState, event: OsAsked): Step {
  const learned = learnAddress(node, event).node;
  return step(
    event.hostName === undefined ? learned : { ...learned, seen: { ...learned.seen, hostName: event.hostName } },
  );
}

/** What it has when it is seen to have begun. */
const addressOf = ({ address, lacks, mac, time }: OsAsked): SystemAddress => {
  if (address !== undefined) return { addressed: true };
  return lacks === undefined ? {} : { lacks: { ...lacks, why: `${mac}: ${lacks.why}`, since: time, asks: 1 } };
};

/** A second NIC that gets nothing is no reason for its silence. An answer at last has its own time, as in firmware. */
function askedInSystem(node: NodeIn<'up' | 'diskBoot'>, event: OsAsked): NodeState {
  const { node: learned } = learnOs(node, event);
  const found = addressOf(event);
  if (found.lacks === undefined) return noLongerWithout(learned, event.time, found.addressed);
  return node.phase.addressed === true ? learned : leftWithout(learned, found.lacks);
}

const diskBootFacts = (event: OsAsked): PhaseFacts['diskBoot'] => ({ askedAgain: 0, ...addressOf(event) });

export const osAsked: Row<'dhcp.osAsked'> = {
  // Renewals of a system that was running before we looked: no boot was seen, so none is claimed.
  ...on(['idle', 'armed', 'down', ...SYSTEM_PHASES] as const, stays(learnOs)),
  ...on(['up', 'diskBoot'] as const, stays(askedInSystem)),
  powering: either('-> diskBoot | stays with a job (override ignored)', (node, event) => {
    const learned = learnOs(node, event).node;
    if (node.job !== undefined)
      return node.phase.poweredAt === undefined ? step(learned) : overrideIgnored(learned, event.time);
    return step(goTo(learned, 'diskBoot', diskBootFacts(event), event.time, 'wire'));
  }),
  ...on(EARLY_PHASES, enter<'dhcp.osAsked', 'diskBoot'>('diskBoot', diskBootFacts, learnOs)),
  script: either('-> diskBoot when answered local | stays', (node, event) => {
    const learned = learnOs(node, event).node;
    if (node.phase.answer !== 'local') return step(learned);
    return step(goTo(learned, 'diskBoot', diskBootFacts(event), event.time, 'wire'));
  }),
  ...on(
    IMAGE_PHASES,
    enter<'dhcp.osAsked', 'up'>('up', (event) => ({ by: 'wire' as const, ...addressOf(event) }), learnOs),
  ),
  rebooting: either('-> diskBoot after an install | stays', (node, event) => {
    const learned = learnOs(node, event).node;
    if (node.phase.after !== 'install') return step(learned);
    return step(goTo(learned, 'diskBoot', diskBootFacts(event), event.time, 'wire'));
  }),
};
