import type { CauseCode } from '../../core/cause.ts';
import type { Attempt, NodeState } from '../../core/node.ts';
import type { PhaseName } from '../../core/phase.ts';
import { renderSize } from '../format/size.ts';
import { memoryOf } from './node-look.ts';

/** One boot as a person tells it: steps with how long each took, from the phases that the attempt went through. */
export interface TimelineStep {
  readonly title: string;
  readonly state: 'done' | 'working' | 'failed' | 'waiting';
  readonly tookMs: number | undefined;
  readonly totalMs: number | undefined;
}

interface Chapter {
  readonly title: string;
  readonly phases: readonly PhaseName[];
  /** Only told when it happened. */
  readonly optional?: true;
}

const CHAPTERS: readonly Chapter[] = [
  { title: 'power on (BMC)', phases: ['powering'], optional: true },
  { title: 'DHCP discover/offer', phases: ['firmware', 'requesting'] },
  { title: 'boot loader', phases: ['loader'] },
  { title: 'HTTP boot script', phases: ['ipxe', 'script'] },
  { title: 'kernel + initrd', phases: ['kernel', 'initrd'] },
  // From the hand-over on it is the system that is awaited.
  { title: 'system up, config', phases: ['handoff', 'up', 'config'] },
  { title: 'maintenance', phases: ['maintenance'], optional: true },
  { title: 'halted: installed', phases: ['halted'], optional: true },
  { title: 'wipe the disk', phases: ['wiping'], optional: true },
  { title: 'INSTALL', phases: ['installing'] },
  { title: 'reboot to disk', phases: ['installed', 'rebooting'] },
  { title: 'boot from disk', phases: ['diskBoot'] },
  { title: 'first check-in', phases: ['running', 'ready'] },
];

/** The last chapter before the disk. */
const UP = CHAPTERS.findIndex((chapter) => chapter.phases.includes('up'));

/** Where it is not the step that was seen last which failed: the one that never came. */
const NEVER_CAME: { readonly [C in CauseCode]?: PhaseName } = {
  NO_LOADER: 'loader',
  IPXE_HANG: 'ipxe',
  NO_KERNEL: 'kernel',
};

/** Such a boot ends in maintenance: nothing of an install is to come, also once its job is over. */
const LOOKS_ONLY: ReadonlySet<string> = new Set(['inspect', 'rescue', 'discover']);

export function timelineOf(node: NodeState, told: Attempt | undefined, nowMs: number): readonly TimelineStep[] {
  if (told === undefined) return [];
  const attempt = turnOf(told);
  const isCurrent = attempt.closedAt === undefined;
  const way = isCurrent ? [...attempt.way, ...missedStep(node)] : attempt.way;
  const entered = CHAPTERS.map((chapter) => way.find((step) => chapter.phases.includes(step.phase))?.at);
  const last = lastIndex(entered);
  const ended = bootEnd(node, attempt, nowMs);
  const looksOnly = attempt.answered !== undefined && LOOKS_ONLY.has(attempt.answered);
  const writes = !looksOnly && (node.job === undefined || node.job.kind === 'install' || node.job.kind === 'reinstall');
  return CHAPTERS.flatMap((chapter, at): readonly TimelineStep[] => {
    const began = entered[at];
    if (began === undefined) {
      if (chapter.optional || !isCurrent || (!writes && at > UP)) return [];
      // A step that was passed over (kexec needs no DHCP) is not waited for.
      return at < last ? [] : [{ title: chapter.title, state: 'waiting', tookMs: undefined, totalMs: undefined }];
    }
    const until = nextEntry(entered, at, began) ?? ended;
    const state = at < last || wasReady(attempt) ? 'done' : stateOfLast(node, isCurrent, attempt);
    return [
      {
        title: titleOf(chapter, node, isCurrent && chapter.phases.includes(node.phase.is)),
        state,
        tookMs: Math.max(0, until - began),
        totalMs: Math.max(0, until - attempt.openedAt),
      },
    ];
  });
}

/** It began when the step before it was done. */
function missedStep({ health, phase }: NodeState): Attempt['way'] {
  const missed = health.is === 'stalled' ? NEVER_CAME[health.code] : undefined;
  if (missed === undefined) return [];
  return [{ phase: missed, at: (phase.is === 'loader' ? phase.doneAt : undefined) ?? phase.since }];
}

/** A machine that was up and restarts without its firmware: the restart is what is told. */
function turnOf(attempt: Attempt): Attempt {
  const ready = attempt.way.findLastIndex((step) => step.phase === 'ready');
  const way = attempt.way.slice(ready + 1);
  const from = way.findIndex((step) => step.phase === 'rebooting' || step.phase === 'diskBoot');
  const began = way[from];
  return ready < 0 || began === undefined ? attempt : { ...attempt, way: way.slice(from), openedAt: began.at };
}

/** When the boot was over: up, failed or replaced by the next one. What runs since then is no part of it. */
export function bootEnd(node: NodeState, attempt: Attempt, nowMs: number): number {
  const ready = attempt.way.find((step) => step.phase === 'ready')?.at;
  if (ready !== undefined) return ready;
  const isUp = (node.phase.is === 'running' && node.phase.unmet.length === 0) || memoryOf(node) !== undefined;
  if (attempt.closedAt === undefined && isUp) return node.phase.since;
  const failed = node.health.is === 'failed' && node.health.since >= attempt.openedAt ? node.health.since : undefined;
  return attempt.closedAt ?? failed ?? nowMs;
}

const wasReady = (attempt: Attempt): boolean => attempt.way.some((step) => step.phase === 'ready');

function stateOfLast(node: NodeState, isCurrent: boolean, attempt: Attempt): TimelineStep['state'] {
  if (!isCurrent) return attempt.cameUp ? 'done' : 'failed';
  if (node.health.is === 'failed' || node.health.is === 'stalled' || node.health.is === 'conflict') return 'failed';
  if (memoryOf(node) !== undefined) return 'done';
  return node.phase.is === 'running' && node.phase.unmet.length === 0 ? 'done' : 'working';
}

function titleOf(chapter: Chapter, node: NodeState, isHere: boolean): string {
  const { phase } = node;
  if (!isHere) return chapter.title;
  if (phase.is === 'loader') return `${phase.file} ${renderSize(phase.totalBytes)}`;
  if (phase.is === 'kernel' || phase.is === 'initrd') return `${phase.is} ${renderSize(phase.totalBytes)}`;
  return phase.is === 'installing' && phase.step !== undefined ? `INSTALL ${phase.step}` : chapter.title;
}

const lastIndex = (entered: readonly (number | undefined)[]): number => entered.findLastIndex((at) => at !== undefined);

/** When the next chapter began; the way may go back, so the earliest that is later counts. */
function nextEntry(entered: readonly (number | undefined)[], at: number, began: number): number | undefined {
  const later = entered.filter(
    (time, other): time is number => other !== at && time !== undefined && time >= began && other > at,
  );
  return later.length === 0 ? undefined : Math.min(...later);
}
