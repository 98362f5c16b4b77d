import { expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import type { CauseCode } from '../../src/core/cause.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Health } from '../../src/core/node.ts';
import { apply, armed, at, fleetOf, specOf, stateOf, stored, type Timed, withoutBmc } from '../core/kit.ts';

const node = 'node-01';
const ASK = 'power-cycle r7 U1 (node-01) now, F12 for network';
/** Armed, without a BMC: a person is asked to power-cycle it. */
const ARMED: readonly Timed[] = [
  [0, armed('install')],
  [0, stored()],
];
const COMPARED: EventBody = { type: 'job.compared', node, job: 'job-1' };

function rowAfter(events: readonly Timed[], health?: Health) {
  const fleet = apply(fleetOf(withoutBmc(specOf(node))), ...ARMED, ...events);
  const state = stateOf(fleet);
  expect(state.ask).toBe(ASK);
  return toRow(health === undefined ? state : { ...state, health }, { fleet, nowMs: at(100) });
}

test('an armed machine whose plan changed is not to be power-cycled, until that is taken back', () => {
  const changed = rowAfter([[10, { ...COMPARED, differs: 'the image changed' }]]);
  expect(changed).not.toHaveProperty('ask');
  expect(renderRows([changed]).endsWith(' the image changed')).toBe(true);
  const same = rowAfter([
    [10, { ...COMPARED, differs: 'the image changed' }],
    [20, COMPARED],
  ]);
  expect(renderRows([same]).endsWith(` ${ASK}`)).toBe(true);
});

test.each<readonly [Health['is'] & ('failed' | 'conflict'), CauseCode]>([
  ['failed', 'SENT_TO_DISK'],
  ['failed', 'IDENTITY_UNSURE'],
  ['failed', 'LOOP'],
  ['conflict', 'IDENTITY_CONFLICT'],
])('nor is one that is sent to its disk whatever is done at it: %s %s', (is, code) => {
  const health = { is, code, since: at(10), detail: 'this is why' } as Health;
  expect(renderRows([rowAfter([], health)]).endsWith(' this is why')).toBe(true);
});

test('what is to be done goes before what failed where it helps', () => {
  const problem = { code: 'unreachable', message: 'no answer', advice: 'look at its cable' } as const;
  const failed: EventBody = { type: 'bmc.failed', node, job: 'job-1', step: 'override', problem };
  const fleet = apply(fleetOf(specOf(node)), ...ARMED, [10, failed]);
  const row = toRow(stateOf(fleet), { fleet, nowMs: at(100) });
  expect([row.code, row.ask]).toEqual(['BMC_UNREACHABLE', 'look at its cable']);
  expect(renderRows([row]).endsWith(' look at its cable')).toBe(true);
});
