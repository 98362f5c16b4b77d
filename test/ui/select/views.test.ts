import { describe, expect, test } from 'vitest';
import { CAUSES, type CauseCode } from '../../../src/core/cause.ts';
import { type Fleet, nodeOf, nodesOf, type Wave } from '../../../src/core/fleet.ts';
import { indexIdentities } from '../../../src/core/identity-index.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { setIn, shardMapOf } from '../../../src/core/shard-map.ts';
import { bringUpRack } from '../../../src/ui/select/bring-up-view.ts';
import { compareNames, viewFleet } from '../../../src/ui/select/fleet-view.ts';
import { layoutFor } from '../../../src/ui/select/layout.ts';
import { countMedians, medianOf } from '../../../src/ui/select/median-boot.ts';
import { lookOf, reasonOf } from '../../../src/ui/select/node-look.ts';
import { radarWord } from '../../../src/ui/select/radar-words.ts';
import { reasonFor, SHORT_COLUMNS } from '../../../src/ui/select/short-reason.ts';
import { timelineOf } from '../../../src/ui/select/timeline.ts';
import { freshUi } from '../../../src/ui/state/ui-state.ts';
import { jobOf, NOW, sampleFleet, samplePlan, wayTo } from '../sample-fleet.ts';

const ui = { ...freshUi(80, 25), rack: 'r07' };
const fleet = sampleFleet('failure');
const node = (name: string, from: Fleet = fleet): NodeState => {
  const found = nodeOf(from, name);
  if (found === undefined) throw new Error(name);
  return found;
};

describe('the fleet in the order of the screen', () => {
  const view = viewFleet(fleet, ui, NOW);

  test('racks by number, units from the top', () => {
    expect(view.racks.map((rack) => rack.name)).toEqual(['r06', 'r07', 'r08']);
    expect([view.inRack[0], view.inRack.at(-1), view.inRack.length]).toEqual(['r07-u40', 'r07-u01', 40]);
    expect(compareNames('r2', 'r10')).toBeLessThan(0);
    expect(compareNames('a9', 'b1')).toBeLessThan(0);
  });

  test('the worst problem first, whatever the filter', () => {
    expect(viewFleet(fleet, { ...ui, filter: 'rack:r06' }, NOW).problems).toEqual(['r07-u33', 'r07-u12']);
  });

  test('the arm budget counts disks that may still be written', () => {
    expect(view.armed).toEqual({ jobs: 44, writing: 20 });
  });

  test('every machine is counted once', () => {
    expect(Object.values(view.counts).reduce((sum, count) => sum + count, 0)).toBe(view.total);
  });

  test('places are kept while the inventory stays, and found again when it changes', () => {
    const changed = {
      ...fleet,
      nodes: setIn(fleet.nodes, 'r07-u33', { ...node('r07-u33'), health: { is: 'ok' as const } }),
    };
    const next = viewFleet(changed, ui, NOW, view);
    expect(next.places).toBe(view.places);
    expect(next.problems).toEqual(['r07-u12']);
    const fewer = nodesOf(fleet).slice(1);
    const reloaded = {
      ...fleet,
      nodes: shardMapOf(fewer.map((one) => [one.name, one] as const)),
      index: indexIdentities(fewer.map((one) => one.spec)),
    };
    expect(viewFleet(reloaded, ui, NOW, view).total).toBe(119);
  });

  test.each([
    ['name', false, 'r06-u01'],
    ['state', false, 'r07-u33'],
    ['address', false, 'r06-u01'],
    ['progress', false, 'r06-u07'],
    ['unit', true, 'r08-u01'],
  ] as const)('sorted by %s (reversed: %s) %s is the first', (column, reverse, expected) => {
    const [first = ''] = viewFleet(fleet, { ...ui, sort: { column, reverse } }, NOW).visible;
    if (column === 'progress') expect(lookOf(node(first)).word).toMatch(/INST|KERN/);
    else expect(first).toBe(expected);
  });
});

describe('looks', () => {
  const base = node('r07-u40');
  test.each<[string, Partial<NodeState>, string]>([
    ['ready', {}, '=RDY'],
    [
      'a conflict over everything',
      {
        health: { is: 'conflict', code: 'IDENTITY_CONFLICT', since: 0, detail: 'serial differs' },
        intent: { is: 'hold', since: 0, why: 'x' },
      },
      '!IDNT',
    ],
    [
      'a failure over a hold',
      { health: { is: 'failed', code: 'LOOP', since: 0, detail: 'x' }, intent: { is: 'hold', since: 0, why: 'x' } },
      '!FAIL',
    ],
    [
      'a hold over lateness',
      { health: { is: 'late', code: 'NOT_READY', since: 0, detail: 'x' }, intent: { is: 'hold', since: 0, why: 'x' } },
      '#HOLD',
    ],
    [
      'halted, said as such',
      { phase: { is: 'halted', since: 0 }, health: { is: 'stalled', code: 'HALTED', since: 0, detail: 'x' } },
      '?HALT',
    ],
    ['lost after a restart', { lostSightAt: 5 }, '?LOST'],
    ['silent is not off', { phase: { is: 'down', since: 0, why: 'silent' } }, '?SLNT'],
    ['off', { phase: { is: 'down', since: 0, why: 'off' } }, ' OFF'],
  ])('%s', (_name, over, expected) => {
    expect(lookOf({ ...base, ...over }).word).toBe(expected);
  });

  test('no two groups of states share both sign and word', () => {
    const words = nodesOf(fleet).map((one) => `${lookOf(one).word} ${lookOf(one).group}`);
    expect(new Set(words).size).toBe(new Set(nodesOf(fleet).map((one) => lookOf(one).word)).size);
  });

  test('what a person is asked to do is the reason when there is no other', () => {
    expect(reasonOf({ ...base, ask: 'power-cycle it by hand' })).toBe('power-cycle it by hand');
  });
});

describe('the timeline', () => {
  test('tells what each step took, and where it failed', () => {
    const steps = timelineOf(node('r07-u33'), node('r07-u33').attempt, NOW);
    expect(steps.map((step) => `${step.state} ${step.title} ${(step.tookMs ?? -1) / 1000}`)).toEqual([
      'done power on (BMC) 2',
      'done DHCP discover/offer 4',
      'done boot loader 1',
      'done HTTP boot script 2',
      'done kernel + initrd 5',
      'done system up, config 41',
      'failed INSTALL partition disk 9',
      'waiting reboot to disk -0.001',
      'waiting boot from disk -0.001',
      'waiting first check-in -0.001',
    ]);
  });

  test('of a past attempt ends with where it broke', () => {
    const { health: _, ...rest } = node('r07-u33');
    const past = {
      number: 1,
      openedAt: NOW - 60_000,
      closedAt: NOW - 20_000,
      cameUp: false,
      lastActivityAt: NOW - 20_000,
      way: [
        { phase: 'firmware' as const, at: NOW - 60_000 },
        { phase: 'kernel' as const, at: NOW - 50_000 },
      ],
    };
    const steps = timelineOf({ ...rest, health: { is: 'ok' } }, past, NOW);
    expect(steps.map((step) => [step.title, step.state, step.tookMs])).toEqual([
      ['DHCP discover/offer', 'done', 10_000],
      ['kernel + initrd', 'failed', 30_000],
    ]);
  });

  test('of a machine that is up stands still: it ends when the machine was ready', () => {
    const ready = node('r07-u20');
    const steps = timelineOf(ready, ready.attempt, NOW);
    expect(steps.at(-1)).toEqual({ title: 'first check-in', state: 'done', tookMs: 10_000, totalMs: 160_000 });
    expect(timelineOf(ready, ready.attempt, NOW + 600_000)).toEqual(steps);
    const silent: NodeState = { ...ready, phase: { is: 'down', since: NOW, why: 'silent', was: 'ready' } };
    expect(timelineOf(silent, silent.attempt, NOW + 600_000)).toEqual(steps);
  });

  test('of a machine that runs and waits goes on until nothing is missing', () => {
    const at = NOW - 30_000;
    const running = (unmet: readonly string[]): NodeState => {
      const attempt = wayTo('running', at);
      return {
        ...node('r07-u20'),
        phase: { is: 'running', since: at, unmet },
        ...(attempt === undefined ? {} : { attempt }),
      };
    };
    const last = (one: NodeState) => {
      const step = timelineOf(one, one.attempt, NOW).at(-1);
      return [step?.title, step?.state, step?.tookMs];
    };
    expect(last(running(['kubelet']))).toEqual(['first check-in', 'working', 30_000]);
    expect(last(running([]))).toEqual(['first check-in', 'done', 0]);
  });

  test('of a machine that was up and restarts tells the restart', () => {
    const ready = node('r07-u20');
    if (ready.attempt === undefined) throw new Error('no attempt');
    const way = [...ready.attempt.way, { phase: 'rebooting' as const, at: NOW - 20_000 }];
    const again: NodeState = {
      ...ready,
      phase: { is: 'rebooting', since: NOW - 20_000, how: 'kexec', after: 'other' },
      attempt: { ...ready.attempt, way },
    };
    const steps = timelineOf(again, again.attempt, NOW);
    expect(steps[0]).toEqual({ title: 'reboot to disk', state: 'working', tookMs: 20_000, totalMs: 20_000 });
    expect(steps.slice(1).map((step) => step.state)).toEqual(['waiting', 'waiting']);
  });

  test('of nothing is empty', () => {
    expect(timelineOf(node('r07-u06'), undefined, NOW)).toEqual([]);
  });

  test('medians are of those that installed and came up, and are kept for ten seconds', () => {
    const nodes = nodesOf(fleet);
    const medians = countMedians(nodes, NOW, undefined);
    expect(medianOf(medians, node('r07-u33'))).toEqual({ ms: 150_000, runs: 70 });
    expect(countMedians([], NOW + 9_000, medians)).toBe(medians);
    expect(countMedians([], NOW + 11_000, medians).byModel.size).toBe(0);
  });
});

/** From the top of the rack. */
const ENTRIES = [40, 39, 38, 37, 36, 35, 34, 33].map((unit) => `r07-u${unit}`);

describe('the bring-up of a rack', () => {
  const wave = (over: Partial<Wave>): Fleet => {
    const names = ENTRIES;
    const value: Wave = {
      id: 'w9',
      kind: 'install',
      entries: names.map((name) => ({ node: name, job: name, plan: samplePlan })),
      canary: 1,
      width: 5,
      stopAfterFailures: 1,
      startedAt: NOW,
      by: { user: 'maria', from: 'tty1' },
      state: 'running',
      started: [],
      ended: {},
      ...over,
    };
    return { ...sampleFleet('normal'), waves: { w9: value } };
  };
  const at = (from: Fleet) => {
    const view = bringUpRack({ fleet: from, view: viewFleet(from, ui, NOW), services: [], nowMs: NOW });
    return [view.at, view.steps[view.at - 1]?.state, view.steps[view.at - 1]?.note];
  };
  const done = { outcome: 'done' as const, at: NOW };
  const ears = { is: 'ok', listens: 'eth1:68' } as const;

  test('begins with the services', () => {
    expect(at({ ...sampleFleet('normal'), services: {}, waves: {} })).toEqual([1, 'waiting', '']);
    expect(at({ ...sampleFleet('failure'), waves: {} })[0]).toBe(1);
  });

  test('stops at another DHCP server', () => {
    const from = { ...sampleFleet('failure'), services: sampleFleet('normal').services, waves: {} };
    expect(at(from)).toEqual([2, 'failed', '10.20.0.99 answers too']);
  });

  test('stops at errors of the inventory', () => {
    const problems = [
      { file: 'r07/x.yaml', line: 3, column: 1, severity: 'error' as const, message: 'MAC is there twice' },
    ];
    const services = { ...sampleFleet('normal').services, radar: ears };
    expect(at({ ...sampleFleet('normal'), services, waves: {}, inventory: { problems } })).toEqual([
      3,
      'failed',
      'r07/x.yaml:3:1: MAC is there twice',
    ]);
  });

  test('goes from the canary to the first five and the rest', () => {
    expect(at(wave({ started: ['r07-u40'] }))).toEqual([4, 'working', 'r07-u40']);
    expect(at(wave({ started: ['r07-u40', 'r07-u39'], ended: { 'r07-u40': done } }))).toEqual([
      5,
      'working',
      '0 of 5 done',
    ]);
    const five = Object.fromEntries(
      ['r07-u40', 'r07-u39', 'r07-u38', 'r07-u37', 'r07-u36', 'r07-u35'].map((name) => [name, done]),
    );
    expect(at(wave({ started: Object.keys(five), ended: five }))).toEqual([6, 'waiting', '']);
  });

  test('is not moved back by a check that fails while a wave runs, and shows it', () => {
    const from = { ...wave({ started: ['r07-u40'] }), rivals: sampleFleet('failure').rivals };
    const view = bringUpRack({ fleet: from, view: viewFleet(from, ui, NOW), services: [], nowMs: NOW });
    expect([view.at, view.steps[1]?.state]).toEqual([4, 'failed']);
  });

  test('says where a stopped wave stands', () => {
    const stopped = wave({
      state: 'stopped',
      why: 'r07-u40 failed: DISK_MISSING',
      started: ['r07-u40'],
      ended: { 'r07-u40': { outcome: 'failed', at: NOW, code: 'DISK_MISSING' } },
    });
    expect(at(stopped)[1]).toBe('failed');
  });

  test('ends with the report', () => {
    const all = Object.fromEntries(ENTRIES.map((name) => [name, done]));
    const from = wave({ started: Object.keys(all), ended: all, state: 'done' });
    expect(
      bringUpRack({ fleet: from, view: viewFleet(from, ui, NOW), services: [], nowMs: NOW }).steps.at(-1),
    ).toMatchObject({
      state: 'done',
      note: '8 done, 0 failed',
    });
  });

  const bad = (outcome: 'failed' | 'cancelled') => ({ outcome, at: NOW, code: 'DISK_MISSING' as const });
  const over = (from: Fleet) => bringUpRack({ fleet: from, view: viewFleet(from, ui, NOW), services: [], nowMs: NOW });

  test('ends with the report too when machines failed or were cancelled, and names them', () => {
    const ended = {
      ...Object.fromEntries(ENTRIES.map((name) => [name, done])),
      'r07-u38': bad('failed'),
      'r07-u34': bad('cancelled'),
    };
    const view = over(wave({ started: ENTRIES, ended, state: 'done' }));
    expect([view.at, view.isOver, view.focus]).toEqual([7, true, 'r07-u38']);
    expect(view.troubled).toEqual(['r07-u38', 'r07-u34']);
    expect(view.steps.slice(3).map((step) => [step.state, step.note])).toEqual([
      ['done', 'r07-u40'],
      ['failed', '4 of 5 done, 1 failed'],
      ['failed', '1 of 2 done, 1 cancelled'],
      ['done', '6 done, 1 failed, 1 cancelled'],
    ]);
  });

  test('looks at who failed when the wave stopped, not at who is under way beside', () => {
    const started = ['r07-u40', 'r07-u39', 'r07-u38'];
    const ended = { 'r07-u40': done, 'r07-u39': bad('failed') };
    const look = (state: 'stopped' | 'running') => over(wave({ started, ended, state })).focus;
    expect([look('stopped'), look('running')]).toEqual(['r07-u39', 'r07-u38']);
  });

  test('of a cancelled wave ends when what it started has ended', () => {
    const cancelled = { started: ['r07-u40', 'r07-u39'], state: 'cancelled' as const };
    const first = { 'r07-u40': done };
    // Said at once, also while some are under way: nothing follows them.
    expect(at(wave({ ...cancelled, ended: first }))).toEqual([
      7,
      'working',
      '1 done, 0 failed, 1 under way, 6 not begun',
    ]);
    expect(at(wave({ ...cancelled, ended: { ...first, 'r07-u39': bad('cancelled') } }))).toEqual([
      7,
      'done',
      '1 done, 0 failed, 1 cancelled, 6 not begun',
    ]);
  });

  test('goes on behind a canary that failed, once the wave was resumed', () => {
    const from = wave({ started: ['r07-u40', 'r07-u39'], ended: { 'r07-u40': bad('failed') } });
    expect(at(from).slice(0, 2)).toEqual([5, 'working']);
    expect(over(from).steps[3]).toMatchObject({ state: 'failed', note: 'r07-u40, failed' });
  });

  test('takes nobody for the canary who cannot go, and says who stays out and why', () => {
    const normal = sampleFleet('normal');
    let idle = normal.nodes;
    for (const { job: _job, ...one } of nodesOf(normal)) idle = setIn(idle, one.name, one);
    const from: Fleet = { ...normal, nodes: idle, waves: {} };
    const was = over(from);
    const [first = '', second = '', third = ''] = was.todo;
    const changed = (name: string, change: Partial<NodeState>) => {
      const one = nodeOf(from, name);
      if (one === undefined) throw new Error(name);
      return [name, { ...one, ...change }] as const;
    };
    const guarded = changed(first, { guard: { since: NOW, by: 'maria', why: 'holds the backup' } });
    const held = changed(second, {
      intent: { is: 'hold', since: NOW, why: 'fan' },
    });
    const nodes = setIn(setIn(from.nodes, ...guarded), ...held);
    const view = over({ ...from, nodes });
    expect([view.todo[0], view.steps[3]?.note]).toEqual([third, third]);
    expect(view.leftOut.filter((one) => !was.leftOut.some((before) => before.node === one.node))).toEqual([
      { node: first, why: 'protected by maria: holds the backup' },
      { node: second, why: 'on hold: fan' },
    ]);
    const glass = { until: NOW + 1, reason: 'x', by: { user: 'maria', from: 'tty1' } };
    expect(over({ ...from, nodes, switches: { glass } }).todo[0]).toBe(first);
  });

  const radar = (state: Fleet['services'][string] | undefined, more: Partial<Fleet> = {}): readonly unknown[] => {
    const from = sampleFleet('normal');
    const services = state === undefined ? {} : { radar: state };
    const { state: is, note } = radarWord({ ...from, rivals: {}, services, startedAt: NOW - 12_000, ...more }, NOW);
    return [is, note];
  };
  const rival = (lastAt: number): Pick<Fleet, 'rivals'> => ({
    rivals: { a: { server: '10.20.0.99', mac: '', iface: 'eth1', offers: '', firstAt: lastAt, lastAt, count: 1 } },
  });
  const heard = { startedAt: NOW - 3_600_000 };
  const late = 'another DHCP server that was heard';
  test.each<[what: string, found: readonly unknown[], want: readonly [string, string]]>([
    ['nothing is known before anything runs', radar(undefined), ['waiting', '']],
    ['a radar without ears is no tick', radar({ is: 'ok', listens: '' }), ['unknown', 'no interface to listen on']],
    ['nor is one that is off', radar({ is: 'off', why: 'loopback' }), ['unknown', 'not listened for (loopback)']],
    ['quiet is nothing before it lasted', radar(ears), ['working', 'listened 12 s of 30 s']],
    ['quiet that lasted is', radar(ears, heard), ['done', 'listened 60 min, none heard']],
    [late, radar(ears, { ...heard, ...rival(NOW - 60_000) }), ['failed', '10.20.0.99 answers too']],
    [
      `${late} long ago`,
      radar(ears, { ...heard, ...rival(NOW - 900_000) }),
      ['unknown', '10.20.0.99 answered 15 min ago'],
    ],
  ])('%s', (_, found, want) => expect(found).toEqual(want));
});

test.each([
  [80, 25, 'medium', 2, true],
  [140, 40, 'wide', 2, true],
  [119, 40, 'medium', 2, true],
  [140, 20, 'medium', 2, true],
  [79, 25, 'narrow', 2, true],
  [44, 12, 'narrow', 2, false],
  [44, 11, 'narrow', 1, false],
  [80, 13, 'medium', 1, false],
  [39, 25, 'tooSmall', 2, true],
  [80, 9, 'tooSmall', 1, false],
] as const)('a window of %dx%d is %s', (columns, rows, kind, header, hasProblemLine) => {
  expect(layoutFor(columns, rows)).toMatchObject({ kind, header, hasProblemLine });
});

test('the way of the samples is a real one', () => {
  expect(wayTo('ready', NOW)?.way.at(-1)).toEqual({ phase: 'ready', at: NOW });
  expect(jobOf('x').plan).toBe(samplePlan);
});

describe('a reason in few columns', () => {
  const failing = (code: CauseCode, detail: string): NodeState => ({
    ...node('r07-u33'),
    health: { is: 'failed', code, detail, since: NOW },
  });

  test.each(Object.keys(CAUSES) as CauseCode[])('%s has words for a row of the rack', (code) => {
    const words = reasonFor(failing(code, 'error running phase 5 in install sequence: '.repeat(4)), SHORT_COLUMNS);
    expect([words, words.length <= SHORT_COLUMNS]).toEqual([words, true]);
    expect(words).not.toContain('error running');
  });

  test('is the whole reason where that fits, and both where there is room for a part', () => {
    expect(reasonFor(failing('DISK_MISSING', 'no nvme0n1'), SHORT_COLUMNS)).toBe('no nvme0n1');
    expect(reasonFor(failing('INSTALL_FAILED', 'x'.repeat(100)), 60)).toBe(`install failed: ${'x'.repeat(100)}`);
  });
});

test('machines that stand in no rack come last', () => {
  const found = node('r07-u33');
  const { rack: _, ...place } = found.spec.place;
  const lost: NodeState = { ...found, name: 'a', spec: { ...found.spec, name: 'a', place } };
  const nodes = setIn(fleet.nodes, 'a', lost);
  const more = { ...fleet, nodes, index: indexIdentities([...nodesOf(fleet).map((one) => one.spec), lost.spec]) };
  expect(viewFleet(more, freshUi(80, 25), NOW).racks.map((rack) => rack.name)).toEqual(['r06', 'r07', 'r08', '-']);
});
