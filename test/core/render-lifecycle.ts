import { adviceOf, CAUSES, type CauseCode, causeOf } from '../../src/core/cause.ts';
import type { EvidenceType } from '../../src/core/event.ts';
import { EVIDENCE_FROM } from '../../src/core/event.ts';
import { LIFECYCLE } from '../../src/core/lifecycle/table.ts';
import { PHASES, type PhaseName } from '../../src/core/phase.ts';
import {
  AFTER_ASKING,
  AFTER_BOOTSTRAP,
  AFTER_CONFIG,
  AFTER_KEXEC,
  AFTER_LOADER,
  AFTER_SIZE,
  BEFORE_POWER,
  BESIDE_JOB,
  LIMITS,
  type PhaseLimit,
  SENT_AWAY,
  WITHOUT_CONFIG,
  WITHOUT_INITRD,
} from '../../src/core/phase-limits.ts';

/** The whole lifecycle as one text that a person can review: limits, events by phase, causes with advice. */
export function renderLifecycle(): string {
  const events = Object.keys(EVIDENCE_FROM) as EvidenceType[];
  return [
    'The life of a node, from src/core/lifecycle/table.ts. Written by test/core/lifecycle-table.test.ts.',
    '',
    ...renderLimits(),
    '',
    ...events.flatMap(renderEvent),
    'CAUSES',
    ...(Object.keys(CAUSES) as CauseCode[]).flatMap((code) => [
      `  ${code}`,
      `    cause:  ${causeOf(code)}`,
      `    advice: ${adviceOf(code)}`,
    ]),
    '',
  ].join('\n');
}

const SPECIAL: readonly (readonly [string, PhaseLimit])[] = [
  ['powering, before power', BEFORE_POWER],
  ['firmware, ipxe, few requests', AFTER_ASKING],
  ['loader, its size alone', AFTER_SIZE],
  ['loader, after it was sent', AFTER_LOADER],
  ['ipxe, after /boot.ipxe', AFTER_BOOTSTRAP],
  ['script, sent to its disk', SENT_AWAY],
  ['kernel, after it was sent', WITHOUT_INITRD],
  ['config, events and no fetch', WITHOUT_CONFIG],
  ['config, after it was sent', AFTER_CONFIG],
  ['rebooting, by kexec', AFTER_KEXEC],
  ['on disk, job has not begun', BESIDE_JOB],
];

function renderLimits(): string[] {
  const rows = [...PHASES.map((phase) => [phase, LIMITS[phase]] as const), ...SPECIAL];
  return [
    'PHASES AND THEIR LIMITS',
    ...rows.map(([name, limit]) => {
      if (limit === undefined) return `  ${name}`;
      return `  ${name.padEnd(28)} ${seconds(limit.afterMs).padStart(6)} from ${limit.from.padEnd(8)} -> ${limit.turns} ${limit.code}`;
    }),
  ];
}

const seconds = (ms: number): string => (ms >= 120_000 ? `${ms / 60_000} min` : `${ms / 1000} s`);

function renderEvent(type: EvidenceType): string[] {
  const byLabel = new Map<string, PhaseName[]>();
  for (const phase of PHASES) {
    const { label } = LIFECYCLE[type][phase];
    byLabel.set(label, [...(byLabel.get(label) ?? []), phase]);
  }
  const folds = (label: string) => label === 'ignored' || label === 'noted' || byLabel.size === 1;
  const folded = [...byLabel].filter(([label]) => folds(label));
  const rows = PHASES.filter((phase) => !folds(LIFECYCLE[type][phase].label));
  return [
    `${type}  [${EVIDENCE_FROM[type]}]`,
    ...rows.map((phase) => `  ${phase.padEnd(12)} ${LIFECYCLE[type][phase].label}`),
    ...folded.map(
      ([label, phases]) => `  ${label}: ${phases.length === PHASES.length ? 'in every phase' : phases.join(', ')}`,
    ),
    '',
  ];
}
