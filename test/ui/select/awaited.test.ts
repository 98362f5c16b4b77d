import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../../src/cli/node-rows.ts';
import type { EventBody } from '../../../src/core/event.ts';
import { awaitedOf, awaitedText } from '../../../src/ui/select/awaited.ts';
import { apply, armed, at, fleetOf, planOf, specOf, stateOf, stored, type Timed, withoutBmc } from '../../core/kit.ts';

/** What a machine waits for is told where nothing is heard of it on the wire: its BMC may take minutes for each step. */

/** What the list has for it at the least. */
const LIST_COLUMNS = 12;

const node = 'node-01';
const job = 'job-1';
const identity: EventBody = {
  type: 'bmc.identityRead',
  node,
  identity: { vendor: 'Dell', macs: [], drives: [], bootTargets: ['pxe'], canInsertMedia: true },
};
const set: EventBody = { type: 'bmc.overrideSet', node, job, read: { target: 'pxe', enabled: 'once' } };
const inserted: EventBody = { type: 'bmc.mediaInserted', node, job };
const cycle: EventBody = { type: 'bmc.powerAsked', node, job, action: 'cycle' };
const done: EventBody = { type: 'bmc.resetDone', node, job, action: 'cycle', power: 'on', askedAt: at(50) };
const refused: EventBody = {
  type: 'bmc.failed',
  node,
  job,
  step: 'override',
  problem: { code: 'timeout', message: 'no answer', advice: 'look at it' },
};
const ipxe: EventBody = { type: 'dhcp.ipxeAsked', node, mac: '52:54:00:00:00:01', address: '10.77.0.1', xid: 5 };
const putOff: EventBody = { type: 'http.scriptPutOff', node, address: '10.77.0.1', reason: 'its power is switched' };
const begun: readonly Timed[] = [
  [0, armed('install')],
  [0, stored()],
];

describe('an armed machine', () => {
  test.each<readonly [string, readonly Timed[], string]>([
    ['waits for the disk of this host', [[0, armed('install')]], 'waits until its arming is on disk, 100 s'],
    [
      'waits for its BMC to say whose it is',
      begun,
      'waits for its BMC: whose it is, 100 s; or power-cycle it and choose network boot (F12)',
    ],
    ['waits for its boot override', [...begun, [78, identity]], 'waits for its BMC: boot override, 22 s'],
    [
      'that waits for a minute can be booted by hand',
      [...begun, [40, identity]],
      'waits for its BMC: boot override, 60 s; or power-cycle it and choose network boot (F12)',
    ],
    ['waits for its power to be read', [...begun, [1, identity], [90, set]], 'waits for its BMC: power state, 10 s'],
    [
      'waits for its reset',
      [...begun, [1, identity], [40, set], [50, cycle]],
      'waits for its BMC to switch its power, 50 s',
    ],
    ['waits for its firmware, as its phase says', [...begun, [1, identity], [40, set], [50, cycle], [60, done]], ''],
    ['that failed waits for nobody', [...begun, [1, identity], [40, refused]], ''],
  ])('%s', (_name, events, expected) => {
    const state = stateOf(apply(fleetOf(specOf(node)), ...events));
    expect(awaitedText(state, at(100))).toBe(expected);
    expect(toRow(state, at(100)).waitsFor ?? '').toBe(expected);
    expect(awaitedOf(state, at(100))?.brief.length ?? 0).toBeLessThanOrEqual(LIST_COLUMNS);
    if (expected !== '') expect(renderRows([toRow(state, at(100))])).toContain(expected);
  });

  test('with a virtual medium waits for that first', () => {
    const fleet = apply(fleetOf(specOf(node, { boot: 'virtualMedia' })), ...begun, [1, identity]);
    expect(awaitedOf(stateOf(fleet), at(100))?.text).toBe('waits for its BMC: virtual medium');
    expect(awaitedOf(stateOf(apply(fleet, [2, inserted])), at(100))?.text).toBe('waits for its BMC: boot override');
  });

  test('that runs Talos waits for its reset', () => {
    const running: EventBody = { type: 'talos.stageChanged', node, stage: 'running', ready: true, unmet: [] };
    const plan = planOf('reinstall', { resetFirst: true });
    const state = apply(fleetOf(specOf(node)), [0, running], [1, armed('reinstall', { plan })], [1, stored()]);
    expect(awaitedOf(stateOf(state), at(100))?.text).toBe('waits for Talos to reset itself');
  });

  test('without a BMC waits for a person, which is told already', () => {
    expect(awaitedOf(stateOf(apply(fleetOf(withoutBmc(specOf(node))), ...begun)), at(100))).toBeUndefined();
  });
});

test('a boot that is put off tells what it waits for, until that is done', () => {
  const waits = apply(fleetOf(specOf(node)), ...begun, [1, identity], [2, set], [50, cycle], [60, ipxe], [61, putOff]);
  expect(stateOf(waits).phase.is).toBe('ipxe');
  expect(awaitedText(stateOf(waits), at(62))).toBe('waits for its BMC to switch its power, 12 s');
  expect(toRow(stateOf(waits), at(62)).waitsFor).toBe('waits for its BMC to switch its power, 12 s');
  expect(awaitedOf(stateOf(apply(waits, [70, done])), at(100))).toBeUndefined();
});

test('a boot whose power order nobody answered waits until that cannot come any more, and says when it goes on', () => {
  const problem = { code: 'timeout', message: 'no answer', advice: 'look at it.', maybeDone: true } as const;
  const silent: EventBody = { type: 'bmc.failed', node, job, step: 'power', problem };
  const lost = apply(fleetOf(specOf(node)), ...begun, [1, identity], [2, set], [50, cycle], [60, ipxe], [61, putOff]);
  const waits = stateOf(apply(lost, [85, silent]));
  const text = 'waits: its BMC may yet cut this boot; goes on in 70 s';
  expect(awaitedText(waits, at(100))).toBe(text);
  expect(awaitedOf(waits, at(100))?.brief.length ?? 99).toBeLessThanOrEqual(LIST_COLUMNS);
  expect(renderRows([toRow(waits, at(100))])).toContain(`look at it; ${text}`);
  expect(awaitedText(waits, at(169))).not.toBe('');
  expect(awaitedText(waits, at(170))).toBe('');
  expect(renderRows([toRow(waits, at(170))])).toContain('look at it.');
});
