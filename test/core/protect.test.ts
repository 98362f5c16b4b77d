import { describe, expect, test } from 'vitest';
import type { Fleet } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import { isProtected, protectionOf } from '../../src/core/protection.ts';
import { answerGate } from '../../src/netboot/gate.ts';
import { resolveIdentity } from '../../src/netboot/identity.ts';
import { bodiesOf } from './bodies.ts';
import {
  ACTOR,
  apply,
  armed,
  at,
  fleetOf,
  planOf,
  reduceAt,
  specOf,
  stateOf,
  stored,
  type Timed,
  uuidOf,
} from './kit.ts';

/** What an operator protects, nothing writes: neither a new job nor one that was armed before. */

const by = ACTOR;
const node = 'node-01';
const e = bodiesOf(node);
const fleet = fleetOf(specOf(node), specOf('node-02'));
const protect: Timed = [5, { type: 'operator.protected', node, why: 'holds the only copy', by }];
const ends: Timed = [8, { type: 'operator.protected', node, endsAll: true, by }];
const release: Timed = [9, { type: 'operator.unprotected', node, by }];
const glass: Timed = [6, { type: 'site.glassBroken', reason: 'it must be', until: at(900), by }];

const arm = (kind: 'install' | 'reinstall' | 'inspect', seconds: number): readonly Timed[] => [
  [seconds, armed(kind)],
  [seconds, stored()],
];
const kindOf = (...events: readonly Timed[]) => stateOf(apply(fleet, ...events)).job?.kind;

describe('a machine that an operator protects', () => {
  test.each([
    ['is not armed for what writes', [protect, ...arm('install', 7)], undefined],
    ['is armed for what writes nothing', [protect, ...arm('inspect', 7)], 'inspect'],
    ['is armed again once it is released', [protect, release, ...arm('reinstall', 10)], 'reinstall'],
    ['is armed through broken glass', [protect, glass, ...arm('reinstall', 7)], 'reinstall'],
    ['loses a job that may still write', [...arm('reinstall', 1), protect], undefined],
    ['keeps a job that writes nothing', [...arm('inspect', 1), protect], 'inspect'],
    ['loses a job that was armed while the glass was broken', [glass, ...arm('reinstall', 7), ends], undefined],
    ['loses one that was armed through its protection', [protect, glass, ...arm('reinstall', 7), ends], undefined],
    ['keeps that in a journal of an older version', [glass, ...arm('reinstall', 7), [8, protect[1]]], 'reinstall'],
  ] as const satisfies readonly (readonly [string, readonly Timed[], string | undefined])[])(
    '%s',
    (_, events, kind) => {
      expect(kindOf(...events)).toBe(kind);
    },
  );

  test('whose disk is being written is left to end well', () => {
    const begun = apply(fleet, ...arm('install', 1), [2, e.script('install')], [3, e.phase('install')], protect);
    expect(stateOf(begun).job?.spentAt).toBeDefined();
    expect(isProtected(stateOf(begun))).toBe(true);
  });

  test('has the boot override of the job that ends taken back', () => {
    const [, effects] = reduceAt(apply(fleet, ...arm('install', 1)), ...protect);
    expect(effects.map((effect) => effect.type)).toContain('bmc.clearOverride');
  });

  test('is told by whom, and still is after a restart from the snapshot', () => {
    const saved = parseFleet(JSON.parse(fleetText(apply(fleet, protect))));
    if (!saved.ok) throw new Error(saved.error);
    const woken = apply(saved.value, [60, { type: 'engine.started', version: '1', simulated: false }]);
    expect(protectionOf(stateOf(woken))).toBe('protected by ada: holds the only copy');
    expect(stateOf(apply(woken, ...arm('install', 70))).job).toBeUndefined();
  });

  test('still is when its file is read again, protected there or not', () => {
    const loaded = (isProtectedInFile: boolean): Timed => [
      20,
      {
        type: 'inventory.loaded',
        nodes: [specOf(node, { protected: isProtectedInFile })],
        site: 'lab',
        hash: 'x',
        warnings: [],
      },
    ];
    expect(isProtected(stateOf(apply(fleet, protect, loaded(false))))).toBe(true);
    // Its release takes the operator's word back, never the file's.
    expect(isProtected(stateOf(apply(fleet, protect, loaded(true), [30, release[1]])))).toBe(true);
  });

  const asks = (now: Fleet) => {
    const { hash: planHash, configHash } = planOf('reinstall');
    const identity = resolveIdentity(now, { macs: specOf(node).identity.macs, uuid: uuidOf(1) });
    const proof = { planHash, configHash, artefactsProven: true };
    return answerGate({ fleet: now, route: 'script', at: at(30), identity, token: 'match', arch: 'amd64', now: proof });
  };
  const read = (isProtectedInFile: boolean, guards: { readonly guards?: true } = { guards: true }): Timed => {
    const nodes = [specOf(node, { protected: isProtectedInFile })];
    return [20, { type: 'inventory.loaded', nodes, site: 'lab', hash: 'x', warnings: [], ...guards }];
  };

  test.each<readonly [string, readonly Timed[], 'write' | 'local']>([
    ['is written where nothing protects it', [glass, ...arm('reinstall', 7), read(false)], 'write'],
    ['is not once its file says so', [...arm('reinstall', 7), read(true)], 'local'],
    ['is not, though the glass was broken when it was armed', [glass, ...arm('reinstall', 7), read(true)], 'local'],
    ['is as before in a journal of an older version', [glass, ...arm('reinstall', 7), read(true, {})], 'write'],
    [
      'is where the glass was broken for what its file said already',
      [read(true), [21, glass[1]], ...arm('reinstall', 22), [23, read(true)[1]]],
      'write',
    ],
  ])('whose file says so: it %s', (_, events, give) => {
    expect(asks(apply(fleet, ...events)).give).toBe(give);
  });

  test('is sent to its disk by the gate, whatever was armed before', () => {
    const ask = (...events: readonly Timed[]) => {
      const now = apply(fleet, ...events);
      const plan = planOf('install');
      return answerGate({
        fleet: now,
        route: 'script',
        at: at(100),
        identity: resolveIdentity(now, { macs: specOf(node).identity.macs, uuid: uuidOf(1) }),
        token: 'match',
        arch: 'amd64',
        now: { planHash: plan.hash, configHash: plan.configHash, artefactsProven: true },
      });
    };
    expect(ask(...arm('install', 1))).toMatchObject({ give: 'write' });
    expect(ask(...arm('install', 1), protect)).toMatchObject({ give: 'local', rule: 'explicit' });
  });

  test('is sent to its disk even where a job that writes survived with it', () => {
    const under = apply(fleet, ...arm('install', 1));
    const guarded = stateOf(under);
    const now = { ...under, nodes: apply(under, protect).nodes };
    const held = { ...stateOf(now), ...(guarded.job === undefined ? {} : { job: guarded.job }) };
    const plan = planOf('install');
    const answer = answerGate({
      fleet: now,
      route: 'script',
      at: at(100),
      identity: { is: 'node', node: held, sure: true, why: '' } as never,
      token: 'match',
      arch: 'amd64',
      now: { planHash: plan.hash, configHash: plan.configHash, artefactsProven: true },
    });
    expect(answer).toMatchObject({ give: 'local', rule: 'fresh', reason: expect.stringContaining('protected by ada') });
  });
});
