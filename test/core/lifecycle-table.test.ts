import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CAUSES } from '../../src/core/cause.ts';
import type { Event, EvidenceType } from '../../src/core/event.ts';
import type { Job } from '../../src/core/job.ts';
import { applyEvidence, LIFECYCLE } from '../../src/core/lifecycle/table.ts';
import type { NodeState } from '../../src/core/node.ts';
import { PHASES, type PhaseFacts, type PhaseName } from '../../src/core/phase.ts';
import {
  at,
  attemptOf,
  deepFreeze,
  EVENT_SAMPLES,
  jobOf,
  nodeWith,
  PHASE_SAMPLES,
  phaseOf,
  specOf,
  withoutBmc,
} from './kit.ts';
import { renderLifecycle } from './render-lifecycle.ts';

/** Every label of the table is held against what its move does, for many machines in every phase. */

const EVENTS = Object.keys(EVENT_SAMPLES) as EvidenceType[];

type Facts = {
  readonly [P in PhaseName]: readonly [
    required: readonly (keyof PhaseFacts[P])[],
    optional?: readonly (keyof PhaseFacts[P])[],
  ];
};

const transfer = [['sentBytes', 'totalBytes', 'bytesPerSecond', 'movedAt']] as const;

const FACTS: Facts = {
  idle: [[]],
  armed: [[]],
  powering: [['overrideSet'], ['poweredAt']],
  firmware: [
    ['arch', 'firmware', 'xid', 'asks'],
    ['askedAt', 'offered'],
  ],
  requesting: [
    ['firmware', 'address'],
    ['bootFile', 'rival', 'refused', 'notServed'],
  ],
  loader: [
    ['file', 'sentBytes', 'totalBytes'],
    ['doneAt', 'refused', 'lostBlock', 'eased', 'open', 'sizeOnly'],
  ],
  ipxe: [[], ['address', 'asks', 'offered', 'refused', 'bootstrap']],
  script: [['answer', 'reason']],
  kernel: transfer,
  initrd: transfer,
  handoff: [['beacon']],
  up: [['by'], ['addressed', 'lacks']],
  config: [[], ['servedAt']],
  maintenance: [['api']],
  halted: [[]],
  wiping: [[]],
  installing: [[], ['disk', 'percent', 'step']],
  installed: [[]],
  rebooting: [['how', 'after']],
  diskBoot: [['askedAgain'], ['addressed', 'lacks']],
  running: [['unmet']],
  ready: [[]],
  down: [['why'], ['was']],
};

/** The phases that a label names; `stays`, `noted` and `ignored` name the phase itself. */
function namedBy(label: string, phase: PhaseName): ReadonlySet<string> {
  const pieces = label.replace(/\([^)]*\)/g, '').split('|');
  const names = pieces.map((piece) => /->\s*(\w+)/.exec(piece)?.[1] ?? /^\s*(\w+)/.exec(piece)?.[1] ?? '');
  const self = pieces.some((piece) => /\b(stays|noted|ignored)\b/.test(piece));
  return new Set([...names.filter((name) => (PHASES as readonly string[]).includes(name)), ...(self ? [phase] : [])]);
}

const JOBS: readonly (Job | undefined)[] = [
  undefined,
  jobOf('install'),
  jobOf('install', { spentAt: at(-3) }),
  jobOf('reinstall', { wipeSentAt: at(-9), overrideRetried: true }),
  jobOf('wipe', { wipeSentAt: at(-9) }),
  jobOf('inspect'),
  jobOf('rescue'),
];

/** Armed comes without an attempt; idle and down with the one that ended there, or with none. */
const QUIET: ReadonlySet<PhaseName> = new Set(['idle', 'down']);

function* machinesIn(phase: PhaseName): Generator<NodeState> {
  const answers = ['install', 'local', 'wipe', 'rescue'] as const;
  for (const facts of PHASE_SAMPLES[phase]) {
    for (const job of JOBS) {
      for (const answered of answers) {
        for (const lastActivityAt of [at(-5), at(-90)]) {
          const sent = answered === 'install' ? { initrdSentAt: at(-6), configServedAt: at(-5) } : {};
          const gone = lastActivityAt === at(-90) ? { talosGoneAt: at(-80) } : {};
          const attempt = attemptOf({ answered, lastActivityAt, xid: 10, ...sent, ...gone });
          const open = phase === 'armed' || (QUIET.has(phase) && lastActivityAt === at(-5)) ? {} : { attempt };
          const power = { is: lastActivityAt === at(-5) ? 'off' : 'on', since: at(-9), readAt: at(-9) } as const;
          const changes = { ...open, power, ...(job === undefined ? {} : { job }) };
          const spec = answered === 'local' ? withoutBmc(specOf('node-01')) : specOf('node-01');
          yield nodeWith(phaseOf(phase, facts as never, lastActivityAt), changes, spec);
        }
      }
    }
  }
}

function factsFault(node: NodeState): string | undefined {
  const [required, optional = []] = FACTS[node.phase.is] as readonly [readonly string[], (readonly string[])?];
  const { is, since: _since, ...facts } = node.phase;
  const keys = Object.keys(facts);
  const exact =
    required.every((key) => keys.includes(key)) &&
    keys.every((key) => required.includes(key) || optional.includes(key));
  return exact ? undefined : `facts of ${is}: ${keys.join(', ')}`;
}

/** What of the label is not so; the phases that it names are compared by the caller, over all machines. */
function faultsOf(label: string, before: NodeState, next: NodeState): readonly string[] {
  const sameAttempt = before.attempt?.number === next.attempt?.number;
  return [
    factsFault(next),
    label === 'noted' && next !== before ? 'noted, and something changed' : undefined,
    label === 'ignored' && next.ignored.count !== before.ignored.count + 1 ? 'ignored, and not counted' : undefined,
    /^-> \w+ \(new attempt\)$/.test(label) && sameAttempt ? 'no new attempt' : undefined,
    !/attempt|down/.test(label) && before.attempt !== undefined && !sameAttempt ? 'the attempt changed' : undefined,
  ].filter((fault) => fault !== undefined);
}

describe.each(EVENTS)('%s', (type) => {
  test.each(PHASES)('does in %s what its label says, and nothing that the label does not name', (phase) => {
    const { label } = LIFECYCLE[type][phase];
    const reached = new Set<string>();
    const faults = new Set<string>();
    for (const node of machinesIn(phase)) {
      deepFreeze(node);
      for (const body of EVENT_SAMPLES[type]) {
        const step = applyEvidence(node, { ...body, time: at(0) } as Event & typeof body);
        reached.add(step.node.phase.is);
        for (const fault of faultsOf(label, node, step.node)) faults.add(fault);
        if (!isDeepStrictEqual(JSON.parse(JSON.stringify(step)), step)) faults.add('JSON changes it');
      }
    }
    expect({ label, faults: [...faults] }).toEqual({ label, faults: [] });
    expect({ label, reached: [...reached].sort() }).toEqual({ label, reached: [...namedBy(label, phase)].sort() });
  });
});

test('every phase × every event is what people have reviewed', async () => {
  await expect(renderLifecycle()).toMatchFileSnapshot('golden/lifecycle.txt');
});

test('no cause and no advice names a port of ours: `ports:` may have put it elsewhere', () => {
  const texts = Object.values(CAUSES).flat();
  expect(texts.filter((text) => /\b(TCP|UDP|port) (67|69|80|4001|4002|4011)\b|\b400[12] \(/.test(text))).toEqual([]);
});
