import { describe, expect, test } from 'vitest';
import type { Fleet } from '../../src/core/fleet.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import type { Job } from '../../src/core/job.ts';
import { heldScript } from '../../src/core/next-script.ts';
import type { NodeState } from '../../src/core/node.ts';
import { BEFORE_SCRIPT_PHASES, PHASES, type PhaseName } from '../../src/core/phase.ts';
import { answerGate } from '../../src/netboot/gate.ts';
import { awaitedOf } from '../../src/ui/select/awaited.ts';
import { ACTOR, at, attemptOf, jobOf, nodeWith, PHASE_SAMPLES, phaseOf, planOf, specOf, T0 } from '../core/kit.ts';

/** "Waits: its BMC may yet cut this boot" is told of exactly those machines whose script the gate holds for that. */

const NOW = at(0);
const spec = specOf('node-01');
const BEFORE: ReadonlySet<PhaseName> = new Set(BEFORE_SCRIPT_PHASES);

const JOBS: readonly (readonly [string, Job | undefined])[] = [
  ['no job', undefined],
  ...(['install', 'reinstall', 'wipe', 'inspect', 'rescue'] as const).map((kind) => [kind, jobOf(kind)] as const),
  ['a spent install', jobOf('install', { spentAt: at(-9) })],
  ['a suspended one', jobOf('install', { suspended: { at: at(-9), code: 'LOOP' } })],
  ['an expired one', jobOf('install', { expiresAt: at(-1) })],
  ['one that is not on disk', jobOf('install', { stored: false })],
  ['its last try', jobOf('install', { attempts: 3 })],
  ['tries that are used up', jobOf('install', { attempts: 4 })],
  ['no sure disk', jobOf('install', { plan: planOf('install', { disk: { sure: false, why: 'two' } }) })],
  ['no checked configuration', jobOf('reinstall', { plan: planOf('reinstall', { configChecked: false }) })],
  ['a wipe that went out', jobOf('wipe', { wipeSentAt: at(-99), wipeAttempt: 3, wipeFetchedAt: at(-98) })],
  ['a reinstall that wiped', jobOf('reinstall', { wipeSentAt: at(-99), wipeAttempt: 3, wipeFetchedAt: at(-98) })],
  [
    'an install that overwrites',
    jobOf('install', { plan: planOf('install', { kernelArgs: ['talos.platform=metal'] }) }),
  ],
  ['a foreign system', jobOf('reinstall', { plan: planOf('reinstall', { foreign: true, kernelArgs: [] }) })],
  ['a foreign install', jobOf('install', { plan: planOf('install', { foreign: true, kernelArgs: [] }) })],
];

const CHANGES: readonly (readonly [string, Partial<NodeState>])[] = [
  ['as it is', {}],
  ['protected', { guard: { since: at(-9), by: 'ada' } }],
  ['on hold', { intent: { is: 'hold', since: at(-9), why: 'burnt' } }],
  ['in conflict', { health: { is: 'conflict', code: 'IDENTITY_CONFLICT', since: at(-9), detail: 'other' } }],
  ['failed', { health: { is: 'failed', code: 'BMC_UNREACHABLE', since: at(-9), detail: 'silent' } }],
  ['two boots from a loop', { failedBoots: [at(-200), at(-100)] }],
];

const empty = emptyFleet(T0);
const SITES: readonly (readonly [string, Fleet])[] = [
  ['a quiet site', empty],
  ['panic', { ...empty, switches: { panic: { since: at(-9), by: ACTOR } } }],
  ['a full disk', { ...empty, saving: { is: 'failing', since: at(-9), reason: 'full' } }],
];

const ORDERS: readonly (readonly [string, NodeState['powerOrder']])[] = [
  ['no order', undefined],
  ['one that is lost', { askedAt: at(-20), lostAt: at(-10) }],
  ['one that was lost for good', { askedAt: at(-200), lostAt: at(-190) }],
  ['one that was done', { askedAt: at(-20), doneAt: at(-1) }],
  ['one under way', { askedAt: at(-20) }],
];

interface Case {
  readonly name: string;
  readonly fleet: Fleet;
  readonly node: NodeState;
}

function casesOf(phase: PhaseName): readonly Case[] {
  return PHASE_SAMPLES[phase].flatMap((facts) =>
    [undefined, attemptOf({ lastActivityAt: at(-5) })].flatMap((attempt) =>
      JOBS.flatMap(([jobName, job]) =>
        CHANGES.flatMap(([changeName, change]) =>
          SITES.flatMap(([siteName, fleet]) =>
            ORDERS.map(([orderName, powerOrder]) => ({
              name: [phase, jobName, changeName, siteName, orderName, attempt === undefined ? '' : 'booting'].join(
                ', ',
              ),
              fleet,
              node: nodeWith(phaseOf(phase, facts as never), {
                ...change,
                ...(attempt && { attempt }),
                ...(job && { job }),
                ...(powerOrder && { powerOrder }),
              }),
            })),
          ),
        ),
      ),
    ),
  );
}

function gateHolds({ fleet, node }: Case): boolean {
  const plan = node.job?.plan;
  const now = plan && { planHash: plan.hash, configHash: plan.configHash, artefactsProven: true };
  const identity = { is: 'node', node, sure: true, matched: ['serial'], why: 'its serial' } as const;
  const asked = { fleet, identity, route: 'script', at: NOW, token: 'absent', arch: 'amd64', now } as const;
  const gate = answerGate(asked);
  return gate.give === 'wait' && gate.unsaved === undefined;
}

const view = ({ fleet, node }: Case) => awaitedOf(node, { fleet, nowMs: NOW });
const isLost = ({ node }: Case) => node.powerOrder?.lostAt !== undefined;

describe.each(PHASES)('in phase %s', (phase) => {
  const cases = casesOf(phase);

  test('the view says "may be cut" where the gate holds the script that is still to come, and nowhere else', () => {
    const told = cases.filter((one) => view(one)?.brief === 'may be cut').map(({ name }) => name);
    const held = cases.filter((one) => BEFORE.has(phase) && isLost(one) && gateHolds(one)).map(({ name }) => name);
    expect(told).toEqual(held);
    expect(held.length > 0).toBe(BEFORE.has(phase));
  });

  test('what both ask says the same as the gate, whatever became of the order', () => {
    const wrong = cases.filter(
      (one) => BEFORE.has(phase) && (heldScript(one.fleet, one.node, NOW) !== undefined) !== gateHolds(one),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

test('a boot that was put off waits in whatever phase it was seen', () => {
  const powerOrder = { askedAt: at(-20), lostAt: at(-10), putOffAt: at(-3) };
  const node = nodeWith(phaseOf('handoff', { beacon: true }), {
    job: jobOf('install'),
    attempt: attemptOf(),
    powerOrder,
  });
  expect(view({ name: '', fleet: empty, node })?.brief).toBe('may be cut');
  const { putOffAt: _not, ...unasked } = powerOrder;
  expect(view({ name: '', fleet: empty, node: { ...node, powerOrder: unasked } })).toBeUndefined();
});

test('a machine that nobody armed waits for nothing', () => {
  const powerOrder = { askedAt: at(-20), lostAt: at(-10) };
  const node = nodeWith(phaseOf('idle', {}), { powerOrder }, spec);
  expect(view({ name: '', fleet: empty, node })).toBeUndefined();
});
