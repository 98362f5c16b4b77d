import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../../src/cli/node-rows.ts';
import type { EventBody } from '../../../src/core/event.ts';
import { awaitedInFull, awaitedOf, awaitedText } from '../../../src/ui/select/awaited.ts';
import {
  ACTOR,
  apply,
  armed,
  at,
  fleetOf,
  planOf,
  specOf,
  stateOf,
  stored,
  type Timed,
  withoutBmc,
} from '../../core/kit.ts';

/** What a machine waits for is told where nothing is heard of it on the wire: its BMC may take minutes for each step. */

const SITE = fleetOf();

/** What the list has for it at the least. */
const LIST_COLUMNS = 12;

const now = (seconds: number) => ({ fleet: SITE, nowMs: at(seconds) });

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
    expect(awaitedText(state, now(100))).toBe(expected);
    expect(toRow(state, now(100)).waitsFor ?? '').toBe(expected);
    expect(awaitedOf(state, now(100))?.brief.length ?? 0).toBeLessThanOrEqual(LIST_COLUMNS);
    if (expected !== '') expect(renderRows([toRow(state, now(100))])).toContain(expected);
  });

  test('with a virtual medium waits for that first', () => {
    const fleet = apply(fleetOf(specOf(node, { boot: 'virtualMedia' })), ...begun, [1, identity]);
    expect(awaitedOf(stateOf(fleet), now(100))?.text).toBe('waits for its BMC: virtual medium');
    expect(awaitedOf(stateOf(apply(fleet, [2, inserted])), now(100))?.text).toBe('waits for its BMC: boot override');
  });

  test('that runs Talos waits for its reset', () => {
    const running: EventBody = { type: 'talos.stageChanged', node, stage: 'running', ready: true, unmet: [] };
    const plan = planOf('reinstall', { resetFirst: true });
    const state = apply(fleetOf(specOf(node)), [0, running], [1, armed('reinstall', { plan })], [1, stored()]);
    expect(awaitedOf(stateOf(state), now(100))?.text).toBe('waits for Talos to reset itself');
    // A retry orders its boot without that.
    const retried = stateOf(apply(state, [5, { type: 'operator.retried', node, by: ACTOR }]));
    expect(awaitedOf(retried, now(100))?.text).toMatch(/^waits for its BMC: /);
  });

  test('without a BMC waits for a person, which is told already', () => {
    expect(awaitedOf(stateOf(apply(fleetOf(withoutBmc(specOf(node))), ...begun)), now(100))).toBeUndefined();
  });
});

test('a boot that is put off tells what it waits for, until that is done', () => {
  const waits = apply(fleetOf(specOf(node)), ...begun, [1, identity], [2, set], [50, cycle], [60, ipxe], [61, putOff]);
  expect(stateOf(waits).phase.is).toBe('ipxe');
  expect(awaitedText(stateOf(waits), now(62))).toBe('waits for its BMC to switch its power, 12 s');
  expect(toRow(stateOf(waits), now(62)).waitsFor).toBe('waits for its BMC to switch its power, 12 s');
  expect(awaitedOf(stateOf(apply(waits, [70, done])), now(100))).toBeUndefined();
});

test('a boot whose power order nobody answered waits until that cannot come any more, and says when it goes on', () => {
  const problem = { code: 'timeout', message: 'no answer', advice: 'look at it.', maybeDone: true } as const;
  const silent: EventBody = { type: 'bmc.failed', node, job, step: 'power', problem };
  const lost = apply(fleetOf(specOf(node)), ...begun, [1, identity], [2, set], [50, cycle], [60, ipxe], [61, putOff]);
  const waits = stateOf(apply(lost, [85, silent]));
  const text = 'waits: its BMC may yet cut this boot; goes on in 70 s';
  expect(awaitedText(waits, now(100))).toBe(text);
  expect(awaitedOf(waits, now(100))?.brief.length ?? 99).toBeLessThanOrEqual(LIST_COLUMNS);
  expect(renderRows([toRow(waits, now(100))])).toContain(`look at it; ${text}`);
  expect(awaitedText(waits, now(169))).not.toBe('');
  expect(awaitedText(waits, now(170))).toBe('');
  expect(renderRows([toRow(waits, now(170))])).toContain('look at it.');
});

const by = (user: string) => ({ user, from: 'tty1' });
const ordered = (action: 'reset' | 'forceOff', user = 'anna'): EventBody => ({
  type: 'operator.poweredBy',
  node,
  action,
  by: by(user),
});
const reset: EventBody = { type: 'bmc.powerAsked', node, action: 'reset', spares: true };
const resetDone: EventBody = { type: 'bmc.resetDone', node, action: 'reset', power: 'on', askedAt: at(20) };
const fails = (step: string, maybeDone?: true): EventBody => {
  const problem = { code: 'timeout', message: 'it cut the connection.', advice: 'look at it.' } as const;
  return { type: 'bmc.failed', node, step, problem: { ...problem, ...(maybeDone && { maybeDone }) } };
};

/** An operator's own order is told from the moment at which he gave it, whatever its BMC is asked before it is sent. */
describe('a power order of an operator', () => {
  const waits = apply(fleetOf(specOf(node)), [10, ordered('reset')]);
  const text = 'power reset by anna, waits for its BMC: whose it is, 12 s';

  test.each<readonly [string, readonly Timed[]]>([
    ['of a machine without a job', []],
    ['of an armed one', begun],
    ['of one that failed', [...begun, [1, refused]]],
  ])('%s is told before it is sent', (_name, before) => {
    const state = stateOf(apply(fleetOf(specOf(node)), ...before, [10, ordered('reset')]));
    expect(awaitedText(state, now(22))).toBe(text);
    expect(awaitedOf(state, now(22))?.brief).toBe('reset waits');
    expect(renderRows([toRow(state, now(22))])).toContain(text);
  });

  test('waits for no identity that was read in this run', () => {
    const state = stateOf(apply(waits, [12, identity]));
    expect(awaitedText(state, now(22))).toBe('power reset by anna, waits for its BMC, 12 s');
    const later = { ...now(22), fleet: { ...SITE, startedAt: at(20) } };
    expect(awaitedText(state, later)).toBe(text);
  });

  test('says whose it is once it was sent, and that it is the BMC that is waited for', () => {
    const state = stateOf(apply(waits, [20, reset]));
    expect(awaitedText(state, now(22))).toBe('power reset by anna, waits for its BMC to switch its power, 2 s');
    const on: EventBody = { ...ordered('reset'), action: 'on' } as EventBody;
    const goesOn = apply(fleetOf(specOf(node)), [10, on], [20, { type: 'bmc.powerAsked', node, action: 'on' }]);
    expect(awaitedText(stateOf(goesOn), now(22))).toBe('power on by anna, waits for its BMC to switch its power, 2 s');
  });

  test.each(['on', 'off', 'forceOff', 'cycle', 'reset'] as const)('to %s fits in the list', (action) => {
    const state = stateOf(
      apply(waits, [20, reset], [21, resetDone], [22, { ...ordered('reset'), action } as EventBody]),
    );
    expect(awaitedOf(state, now(23))?.text).toContain(`power ${action} by anna`);
    expect(awaitedOf(state, now(23))?.brief.length ?? 99).toBeLessThanOrEqual(LIST_COLUMNS);
  });

  test.each<readonly [string, readonly Timed[]]>([
    [
      'it is done',
      [
        [20, reset],
        [21, resetDone],
      ],
    ],
    ['nothing was to be sent', [[20, { type: 'bmc.powerFound', node, action: 'reset', power: 'on' }]]],
    ['its BMC cannot be reached', [[20, fails('open')]]],
    ['it may not be sent', [[20, fails('power')]]],
    ['an old journal tells only its end', [[21, resetDone]]],
    ['the program is started again', [[20, { type: 'engine.started', version: '1', simulated: true }]]],
  ])('is told no more where %s', (_name, events) => {
    expect(awaitedOf(stateOf(apply(waits, ...events)), now(30))).toBeUndefined();
    expect(stateOf(apply(waits, ...events)).powerWaits).toBeUndefined();
  });

  test('goes on being told when something else fails at the same BMC', () => {
    for (const step of ['poll', 'locate', 'identify', 'clearOverride'])
      expect(awaitedText(stateOf(apply(waits, [20, fails(step)])), now(22))).toBe(text);
    const other = { ...fails('open'), order: 'of another' } as EventBody;
    expect(awaitedText(stateOf(apply(waits, [20, other])), now(22))).toBe(text);
    const ofJob: EventBody = { type: 'bmc.powerAsked', node, job, action: 'on' };
    expect(awaitedText(stateOf(apply(waits, ...begun, [20, ofJob])), now(22))).toBe(text);
  });

  test('that waits behind another is told when that one is over', () => {
    const two = apply(waits, [11, ordered('forceOff', 'ben')], [20, reset]);
    expect(awaitedOf(stateOf(two), now(22))?.text).toContain('power reset by anna, waits for its BMC to switch');
    expect(awaitedOf(stateOf(apply(two, [21, resetDone])), now(22))?.text).toBe(
      'power forceOff by ben, waits for its BMC: whose it is',
    );
  });

  test('is kept only so often, whoever hammers at a key', () => {
    const many = Array.from({ length: 99 }, (_, i): Timed => [20 + i, ordered('reset')]);
    expect(stateOf(apply(waits, ...many)).powerWaits).toHaveLength(8);
  });
});

describe('a boot that an order may yet cut', () => {
  const lost = (...asked: readonly Timed[]) => {
    const fleet = apply(fleetOf(specOf(node)), ...begun, [1, identity], [2, set], ...asked);
    return stateOf(apply(fleet, [60, ipxe], [61, putOff]));
  };

  test('tells which order, whose, when, and what its BMC said', () => {
    const state = lost([45, ordered('reset')], [50, reset], [55, fails('power', true)]);
    const text =
      'waits: its BMC may yet cut this boot; goes on in 100 s (power reset by anna, asked 20 s ago, is not known to be done: it cut the connection)';
    expect(awaitedInFull(state, now(70))).toBe(text);
    expect(toRow(state, now(70)).waitsFor).toBe(text);
  });

  test('tells of an order of its own job what that was for', () => {
    const state = lost([50, cycle], [55, { ...fails('power', true), job } as EventBody]);
    expect(awaitedInFull(state, now(70))).toContain('(power cycle for its install, asked 20 s ago, is not known');
  });

  test('tells of one that was lost with the program', () => {
    const state = lost([50, reset], [55, { type: 'engine.started', version: '1', simulated: true }]);
    expect(awaitedInFull(state, now(70))).toContain('the program ended before its BMC answered');
  });

  test('tells of one in a snapshot of an older version what is known', () => {
    const state = lost([50, reset], [55, fails('power', true)]);
    const old = { ...state, powerOrder: { askedAt: at(50), lostAt: at(55) } };
    expect(awaitedInFull(old, now(70))).toContain('(a power order, asked 20 s ago, is not known to be done)');
  });
});

describe('a row of the table', () => {
  const writes: readonly Timed[] = [
    ...begun,
    [60, ipxe],
    [61, { type: 'http.scriptAsked', node, address: '10.77.0.1', answer: 'install', reason: '', job, hardware: {} }],
    [62, { type: 'talos.installing', node, percent: 41 }],
  ];
  const row = (...events: readonly Timed[]) => toRow(stateOf(apply(fleetOf(specOf(node)), ...events)), now(70));

  test('says "armed" while the job may still write, and "spent" once it cannot', () => {
    expect(renderRows([row(...begun)])).toContain('armed: install');
    const after = row(...writes);
    expect(after.job).toMatchObject({ spent: true });
    expect(renderRows([after])).toContain('job: install (spent)');
    expect(renderRows([after])).not.toContain('armed:');
  });

  test('says of an own script that it went out, while nothing else is known', () => {
    const plan = planOf('reinstall', { foreign: true, profile: 'own', templateHash: 't' });
    const out: readonly Timed[] = [
      [1, armed('reinstall', { plan, confirmed: node })],
      [2, stored()],
      [60, ipxe],
      [61, { type: 'http.scriptAsked', node, address: '10.77.0.1', answer: 'install', reason: '', job, hardware: {} }],
    ];
    const after = row(...out);
    expect(after).toMatchObject({ job: { spent: true, scriptOut: true }, health: 'ok' });
    const text = 'its own script went out, and since then nothing was heard of it, 9 s';
    expect(renderRows([after])).toMatch(new RegExp(`job: reinstall \\(script out\\) .* ${text}`));
    const heard = row(...out, [65, { type: 'dhcp.osAsked', node, mac: '52:54:00:00:00:01', address: '10.77.0.1' }]);
    expect(renderRows([heard])).toContain('job: reinstall (spent)');
    expect(renderRows([heard])).not.toContain('went out');
  });

  test('counts the tries of its job as the page does', () => {
    expect(row(...begun).job).toMatchObject({ try: 0, most: 3 });
    expect(row(...begun, [60, ipxe]).job).toMatchObject({ try: 1, most: 3 });
  });
});

test('a machine that a wave has yet to arm says so, until it has its turn or its place ends', () => {
  const names = ['node-01', 'node-02'];
  const nodes = names.map((name) => ({ node: name, job: `w-${name}`, plan: planOf('install') }));
  const rules = { kind: 'install', canary: 0, width: 1, stopAfterFailures: 1 } as const;
  const start: EventBody = { type: 'site.waveStarted', wave: 'w-1', nodes, ...rules, by: ACTOR };
  const both = fleetOf(...names.map((name) => specOf(name)));
  const fleet = apply(both, [10, start]);
  const row = (of: typeof fleet, name: string) => toRow(stateOf(of, name), { fleet: of, nowMs: at(100) });
  expect(row(fleet, 'node-02').waitsFor).toBe('waits for its turn in wave w-1 (install), 90 s');
  expect(row(fleet, 'node-01').waitsFor ?? '').not.toContain('wave');
  expect(renderRows([row(fleet, 'node-02')])).toContain('waits for its turn in wave w-1');
  expect(awaitedOf(stateOf(fleet, 'node-02'), { fleet, nowMs: 0 })?.brief.length).toBeLessThanOrEqual(LIST_COLUMNS);
  const paused = apply(fleet, [20, { type: 'site.wavePaused', wave: 'w-1', by: ACTOR }]);
  expect(row(paused, 'node-02').waitsFor).toBe('waits for its turn in wave w-1 (install, paused), 90 s');
  const out: EventBody = { type: 'operator.cancelled', node: 'node-02', by: ACTOR, leavesWaves: true };
  expect(row(apply(paused, [30, out]), 'node-02').waitsFor).toBeUndefined();
});
