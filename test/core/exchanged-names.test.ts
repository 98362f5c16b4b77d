import { describe, expect, test } from 'vitest';
import { toRow } from '../../src/cli/node-rows.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { createDisarmLog } from '../../src/engine/disarm-log.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, reduceAt, specOf, stateOf, stored, type Timed } from './kit.ts';

/** Files that exchange their names: what an operator said of a machine goes with the machine, as where a file is renamed. */

const [a, b, c] = ['node-01', 'node-02', 'node-03'].map((name) => specOf(name)) as [NodeSpec, NodeSpec, NodeSpec];
const as = (name: string, spec: NodeSpec): NodeSpec => ({ ...spec, name, file: `rack-7/${name}.yaml` });
const load = (seconds: number, ...nodes: readonly NodeSpec[]): Timed => [
  seconds,
  { type: 'inventory.loaded', nodes, site: 'lab', hash: 'x', warnings: [], remembers: true, follows: true },
];
const PROTECTED: Timed = [
  2,
  { type: 'operator.protected', node: 'node-01', why: 'only copy', leavesWaves: true, by: ACTOR },
];
const HELD: Timed = [3, { type: 'operator.held', node: 'node-02', why: 'smoke', leavesWaves: true, by: ACTOR }];
const base = apply(fleetOf(a, b, c), PROTECTED, HELD);
const standing = (fleet: Fleet, name: string) => {
  const { intent, guard } = stateOf(fleet, name);
  return [intent.is, guard?.why];
};
const FREE = ['observe', undefined];
const DATA = ['observe', 'only copy'];
const SMOKE = ['hold', undefined];
const swapped = [as('node-01', b), as('node-02', a), c] as const;

test('protection and hold go with the machines, and back again with them', () => {
  const fleet = apply(base, load(5, ...swapped));
  expect([standing(fleet, 'node-02'), standing(fleet, 'node-01')]).toEqual([DATA, SMOKE]);
  expect(stateOf(fleet, 'node-02').evidence.at(-1)?.text).toBe('inventory: node-01 is named node-02 now');
  expect(fleet.left).toBeUndefined();
  const back = apply(fleet, load(8, a, b, c));
  expect([standing(back, 'node-01'), standing(back, 'node-02'), back.left]).toEqual([DATA, SMOKE, undefined]);
});

test('with a machine that nothing is said of, which is free under the new name', () => {
  const fleet = apply(base, load(5, as('node-01', c), b, as('node-03', a)));
  expect([standing(fleet, 'node-01'), standing(fleet, 'node-03')]).toEqual([FREE, DATA]);
});

test('of many at once, each to its own', () => {
  const many = Array.from({ length: 600 }, (_, index) => specOf(`m-${index + 1}`, { identity: macs(index + 1) }));
  const guarded = many.map(
    ({ name }): Timed => [1, { type: 'operator.protected', node: name, why: name, leavesWaves: true, by: ACTOR }],
  );
  const turned = many.map((spec, index) => as(many[(index + 1) % many.length]?.name ?? '', spec));
  const fleet = apply(fleetOf(...many), ...guarded, load(5, ...turned));
  for (const [index, { name }] of turned.entries()) expect(stateOf(fleet, name).guard?.why).toBe(many[index]?.name);
});

const macs = (index: number): NodeSpec['identity'] => ({
  macs: [`52:54:00:01:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`],
});

test.each<readonly [string, readonly Timed[]]>([
  ['one file is away for a moment', [load(5, b, c), load(6, as('node-01', b), c), load(7, ...swapped)]],
  ['one file is written over first', [load(5, as('node-01', b), c), load(7, ...swapped)]],
  [
    'the machine comes back by a third name',
    [load(5, as('node-01', c), b), load(7, as('node-01', c), b, as('node-09', a))],
  ],
])('also where the files are exchanged one by one: %s', (_, loads) => {
  const fleet = apply(base, ...loads);
  const name = fleet.left === undefined && stateOfData(fleet);
  expect(name).toBeTruthy();
  expect(standing(fleet, String(name))).toEqual(DATA);
});

/** By whatever name the machine with the data is in the files. */
const stateOfData = (fleet: Fleet): string | undefined =>
  ['node-01', 'node-02', 'node-09'].find((name) => {
    try {
      return stateOf(fleet, name).spec.identity === a.identity;
    } catch {
      return false;
    }
  });

describe('a machine that nobody knows', () => {
  const unknown = as('node-01', specOf('node-07'));

  test('in a file that was another one is protected as that was, and says so; so is that one when it is back', () => {
    const fleet = apply(base, load(5, unknown, b, c));
    expect(standing(fleet, 'node-01')).toEqual(DATA);
    const text = 'inventory: another machine has this name now; it is protected as the one before';
    expect(stateOf(fleet, 'node-01').evidence.at(-1)?.text).toBe(text);
    const both = apply(fleet, load(8, unknown, b, c, as('node-08', a)));
    expect([standing(both, 'node-01'), standing(both, 'node-08'), both.left]).toEqual([DATA, DATA, undefined]);
  });

  test('whose file names what it is for the first time is the one that was meant', () => {
    const blank = specOf('node-01', { identity: { macs: [] } });
    const fleet = apply(fleetOf(blank), PROTECTED, load(5, a));
    expect([standing(fleet, 'node-01'), fleet.left]).toEqual([DATA, undefined]);
  });
});

test('a job ends by it, under the new name of its machine, and what was seen goes along', () => {
  const e = bodiesOf('node-03');
  const job = armed('install', { node: 'node-03', job: 'j' });
  const run = apply(base, [4, job], [4, stored('node-03', 'j')], [4, e.discover(1)]);
  const fleet = apply(run, load(5, as('node-03', a), b, as('node-01', c)));
  expect(toRow(stateOf(fleet, 'node-01'), { fleet, nowMs: at(9) }).disarmed).toBe(
    'its install job was ended: its file was renamed, it was node-03; arm it again if it is the machine that is meant',
  );
  expect([stateOf(fleet, 'node-01').attempt?.number, stateOf(fleet, 'node-03').job]).toEqual([1, undefined]);
  expect(standing(fleet, 'node-03')).toEqual(DATA);
});

test('is in the log, under both names', () => {
  const lines: string[] = [];
  const [, body] = load(5, as('node-01', c), b, as('node-03', a));
  createDisarmLog(base, ({ node, text }) => lines.push(`${node} ${text}`))(
    { ...body, time: at(5) },
    reduceAt(base, 5, body)[0],
  );
  expect(lines).toEqual([
    'node-01 inventory: node-03 is named node-01 now: it is neither held nor protected; the machine that had this name is protected by ada: only copy',
    'node-03 inventory: node-01 is named node-03 now: it is protected by ada: only copy',
  ]);
});

test('a journal of an older version replays as it was: the names kept them', () => {
  const { follows: _new, ...old } = { ...load(5, ...swapped)[1], follows: true } as const;
  const fleet = apply(base, [5, old]);
  expect([standing(fleet, 'node-01'), standing(fleet, 'node-02')]).toEqual([DATA, SMOKE]);
});

test('identities that change places while each file keeps its BMC: what is under way there, and a conflict, hold back both', () => {
  const identity = {
    vendor: 'x',
    serial: 'OTHER',
    macs: [],
    drives: [],
    bootTargets: [],
    canInsertMedia: false,
  } as const;
  const read = { type: 'bmc.identityRead', node: 'node-03', identity } as const;
  const asked = { type: 'bmc.powerAsked', node: 'node-03', action: 'reset' } as const;
  const run = apply(base, [4, asked], [4, read]);
  expect(stateOf(run, 'node-03').health.is).toBe('conflict');
  const fleet = apply(run, load(5, { ...a, identity: c.identity }, b, { ...c, identity: a.identity }));
  const { health, powerOrder } = stateOf(fleet, 'node-03');
  expect([health.is, powerOrder?.action, powerOrder?.lostAt]).toEqual(['conflict', 'reset', undefined]);
  expect(stateOf(fleet, 'node-01').health.is).toBe('conflict');
});

describe('machines that their files name by nothing but a label, a place or a BMC', () => {
  const bare = (name: string, named: Partial<NodeSpec>): NodeSpec => {
    const { bmc: _bmc, ...rest } = specOf(name);
    return { ...rest, identity: { macs: [] }, ...named };
  };
  const bmcAt = (url: string, password = 'BMC_PASSWORD'): Pick<NodeSpec, 'bmc'> => ({
    bmc: { url, username: 'admin', password: { from: 'env', name: password } },
  });
  const wiped = (...nodes: readonly NodeSpec[]) =>
    apply(fleetOf(...nodes), PROTECTED, [3, armed('inspect')], [3, stored()]);
  const pairs: readonly (readonly [string, Partial<NodeSpec>, Partial<NodeSpec>])[] = [
    ['asset', { identity: { macs: [], asset: 'A-1' } }, { identity: { macs: [], asset: 'A-2' } }],
    ['switchPort', { identity: { macs: [], switchPort: 'sw1/1' } }, { identity: { macs: [], switchPort: 'sw1/2' } }],
    ['bmc', bmcAt('https://10.0.0.1'), bmcAt('https://10.0.0.2')],
    [
      'asset, bmc',
      { identity: { macs: [], asset: 'A-1' }, ...bmcAt('https://10.0.0.1') },
      { identity: { macs: [], asset: 'A-2' }, ...bmcAt('https://10.0.0.2') },
    ],
  ];

  test.each(pairs)('exchanged by %s: the job ends, and protection goes with the machine', (what, first, second) => {
    const before = wiped(bare('node-01', first), bare('node-02', second));
    const load1 = load(5, bare('node-01', second), bare('node-02', first));
    const fleet = apply(before, load1);
    expect([stateOf(fleet, 'node-01').job, stateOf(fleet, 'node-02').job]).toEqual([undefined, undefined]);
    expect([standing(fleet, 'node-01'), standing(fleet, 'node-02')]).toEqual([FREE, DATA]);
    const lines: string[] = [];
    const tell = createDisarmLog(before, ({ text }) => lines.push(text));
    tell({ time: at(5), ...load1[1] } as Parameters<typeof tell>[0], fleet);
    expect(lines).toContain(`inventory: its identity changed (${what}): its inspect job is ended`);
  });

  test.each(pairs)('one whose %s is another one since: its job and its place in a wave end', (what, first, second) => {
    const fleet = apply(wiped(bare('node-01', first)), load(5, bare('node-01', second)));
    expect(stateOf(fleet).job).toBeUndefined();
    expect(standing(fleet, 'node-01')).toEqual(DATA);
    const [was, is] = [specOf('node-01'), specOf('node-01')].map((spec, index) => {
      const changes = index === 0 ? first : second;
      return { ...spec, ...changes, identity: { ...spec.identity, ...changes.identity, macs: spec.identity.macs } };
    }) as [NodeSpec, NodeSpec];
    // With MACs of its own it is the same machine behind a BMC that has got another address.
    const named = apply(wiped(was), load(5, is));
    expect(stateOf(named).job?.kind).toBe(what === 'bmc' ? 'inspect' : undefined);
    expect(named.left).toBeUndefined();
  });

  test('another password, protocol or spelling of its BMC is the same machine, and so is one that gets its MACs', () => {
    const before = wiped(bare('node-01', bmcAt('https://bmc-1.lan/')));
    for (const bmc of [bmcAt('https://bmc-1.lan', 'OTHER'), bmcAt('ipmi://BMC-1.lan')])
      expect(stateOf(apply(before, load(5, bare('node-01', bmc)))).job?.kind).toBe('inspect');
    const adopted = apply(before, load(5, { ...specOf('node-01'), ...bmcAt('https://bmc-1.lan') }));
    expect([stateOf(adopted).guard?.why, stateOf(adopted).job, adopted.left]).toEqual([
      'only copy',
      undefined,
      undefined,
    ]);
    expect(
      stateOf(adopted)
        .evidence.map(({ text }) => text)
        .join(),
    ).not.toMatch(/another machine/);
  });
});
