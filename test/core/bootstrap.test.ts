import { describe, expect, test } from 'vitest';
import { bootstrapProblem } from '../../src/core/bootstrap.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import { setIn } from '../../src/core/shard-map.ts';
import { ACTOR, apply, at, fleetOf, reduceAt, specOf, stateOf, type Timed } from './kit.ts';

/** Once per cluster means once: over screens, restarts and failures. */

const cp = (name: string, cluster = 'prod') => specOf(name, { role: 'controlplane', cluster });
const stage = (name: string, ready = false): EventBody => ({
  type: 'talos.stageChanged',
  node: name,
  stage: 'running',
  ready,
  unmet: [],
});
const ask = (name: string, reason?: string): EventBody => ({
  type: 'operator.talosAsked',
  node: name,
  ask: 'bootstrap',
  by: ACTOR,
  ...(reason === undefined ? {} : { reason }),
});
const ended = (name: string, problem?: string): EventBody => ({
  type: 'talos.bootstrapEnded',
  node: name,
  already: false,
  ...(problem === undefined ? {} : { problem }),
});
const WHY = 'its disk died, cp-02 is the first now';

function running(...more: readonly Timed[]): Fleet {
  const fleet = fleetOf(cp('node-01'), cp('node-02'), cp('node-03', 'other'), specOf('node-04'));
  return apply(fleet, ...[1, 2, 3, 4].map((i): Timed => [1, stage(`node-0${i}`)]), ...more);
}

const sent = (fleet: Fleet, seconds: number, body: EventBody): readonly string[] =>
  reduceAt(fleet, seconds, body)[1].map((effect) =>
    'address' in effect ? `${effect.type} ${effect.node}` : effect.type,
  );

const CASES: readonly (readonly [
  name: string,
  before: readonly Timed[],
  again: EventBody,
  expected: readonly string[],
])[] = [
  ['is sent when it is asked first', [], ask('node-01'), ['talos.bootstrap node-01']],
  ['is not sent a second time while the first runs', [[10, ask('node-01')]], ask('node-01'), []],
  ['is not sent through another node while the first runs', [[10, ask('node-01')]], ask('node-02', WHY), []],
  ['of another cluster is its own', [[10, ask('node-01')]], ask('node-03'), ['talos.bootstrap node-03']],
  ['of a worker is none', [], ask('node-04'), []],
  [
    'is not sent after one that was done',
    [
      [10, ask('node-01')],
      [11, ended('node-01')],
    ],
    ask('node-01', WHY),
    [],
  ],
  [
    'that failed goes to the same node again',
    [
      [10, ask('node-01')],
      [11, ended('node-01', 'no route')],
    ],
    ask('node-01'),
    ['talos.bootstrap node-01'],
  ],
  [
    'that failed does not go to another node',
    [
      [10, ask('node-01')],
      [11, ended('node-01', 'no route')],
    ],
    ask('node-02'),
    [],
  ],
  [
    'that failed goes to another node with a reason',
    [
      [10, ask('node-01')],
      [11, ended('node-01', 'no route')],
    ],
    ask('node-02', WHY),
    ['talos.bootstrap node-02'],
  ],
];

test.each(CASES)('a bootstrap %s', (_name, before, again, expected) => {
  expect(sent(running(...before), 20, again)).toEqual(expected);
});

test('one whose end was lost may be asked of the same node after two minutes', () => {
  const fleet = running([10, ask('node-01')]);
  expect(sent(fleet, 129, ask('node-01'))).toEqual([]);
  expect(sent(fleet, 131, ask('node-01'))).toEqual(['talos.bootstrap node-01']);
  expect(sent(fleet, 131, ask('node-02'))).toEqual([]);
});

test('is asked again when the node that had it was installed anew', () => {
  const fleet = running([10, ask('node-01')], [11, ended('node-01')]);
  expect(bootstrapProblem(fleet, 'node-01', at(20))).toBe(
    'its cluster was bootstrapped: asked by ada at 2025-10-09T08:53:30Z through node-01',
  );
  const state = stateOf(fleet, 'node-01');
  const installed = { ...state, seen: { ...state.seen, installedAt: at(15) } };
  const anew: Fleet = { ...fleet, nodes: setIn(fleet.nodes, 'node-01', installed) };
  expect(bootstrapProblem(anew, 'node-01', at(20))).toBeUndefined();
});

test('a restart from the snapshot remembers it', () => {
  const kept = parseFleet(JSON.parse(fleetText(running([10, ask('node-01')], [11, ended('node-01')]))));
  if (!kept.ok) throw new Error(kept.error);
  const [fleet] = reduceAt(kept.value, 30, { type: 'engine.started', version: '1', simulated: false });
  expect(sent(fleet, 31, ask('node-02', WHY))).toEqual([]);
});

describe('ready since', () => {
  const install: readonly Timed[] = [
    [30, { type: 'talos.connected', node: 'node-04', address: '10.77.0.4', by: 'events' }],
    [31, stage('node-04', true)],
  ];

  test('ends where the disk is written anew', () => {
    const ready = running(...install);
    expect(stateOf(ready, 'node-04').seen.readySince).toBe(at(31));
    const [script] = reduceAt(ready, 60, {
      type: 'http.scriptAsked',
      node: 'node-04',
      address: '10.77.0.4',
      answer: 'install',
      reason: '',
      hardware: {},
    });
    const [written] = reduceAt(script, 61, { type: 'talos.installing', node: 'node-04' });
    expect(stateOf(written, 'node-04').seen.readySince).toBeUndefined();
  });
});
