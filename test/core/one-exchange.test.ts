import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { type Fleet, putNode } from '../../src/core/fleet.ts';
import type { NodeState } from '../../src/core/node.ts';
import type { PhaseName } from '../../src/core/phase.ts';
import {
  at,
  attemptOf,
  EVENT_SAMPLES,
  fleetOf,
  nodeWith,
  PHASE_SAMPLES,
  phaseOf,
  reduceAt,
  specOf,
  stateOf,
} from './kit.ts';

/** What was asked and what was taken are told in one, or one after the other: the same is believed, but for the wording. */

const PHASES = Object.keys(PHASE_SAMPLES) as PhaseName[];
const SPEC = specOf('node-01');

function fleetIn(is: PhaseName, quietSeconds: number, changes: Partial<NodeState> = {}): Fleet[] {
  const attempt = attemptOf({ lastActivityAt: at(-quietSeconds), xid: 1 });
  return PHASE_SAMPLES[is].map((facts) =>
    putNode(fleetOf(SPEC), nodeWith(phaseOf(is, facts as never, at(-quietSeconds)), { attempt, ...changes }, SPEC)),
  );
}

function told(fleet: Fleet, ...bodies: readonly EventBody[]): unknown {
  let after = fleet;
  for (const body of bodies) [after] = reduceAt(after, 0, body);
  const { evidence, ...node } = stateOf(after);
  return { ...after, nodes: undefined, node, heard: evidence.at(-1)?.at };
}

const variants: readonly (readonly [string, number, number, Partial<NodeState>])[] = [
  ['within the same boot', 2, 1, {}],
  ['the same request again after a silence', 60, 1, {}],
  ['in another boot', 60, 2, {}],
  ['out of sight until now', 60, 2, { lostSightAt: at(-30) }],
  [
    'where an offer was ignored',
    45,
    2,
    { health: { is: 'stalled', code: 'OFFER_IGNORED', since: at(-5), detail: '' } },
  ],
];

test.each(variants)(
  'firmware that takes its offer %s is believed as if both had been told',
  (_, quiet, xid, changes) => {
    const [sample] = EVENT_SAMPLES['dhcp.firmwareAsked'];
    const [lease] = EVENT_SAMPLES['dhcp.firmwareTook'];
    if (sample === undefined || lease === undefined) throw new Error('no samples');
    const { type: _type, node: _node, mac, firmware, lacks: _lacks, conflict: _conflict, ...rest } = { ...sample, xid };
    const asked: EventBody = { ...rest, type: 'dhcp.firmwareAsked', node: SPEC.name, mac, firmware };
    const took = { ...lease, node: SPEC.name, mac, firmware, leasedUntil: at(3600) };
    for (const is of PHASES)
      for (const fleet of fleetIn(is, quiet, changes))
        expect(told(fleet, { ...took, asked: rest }), is).toEqual(told(fleet, asked, took));
  },
);
