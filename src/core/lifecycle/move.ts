import { openAttempt, trackPhase } from '../attempt.ts';
import type { CauseCode } from '../cause.ts';
import { withoutDoubt } from '../disk-doubt.ts';
import type { Effect } from '../effect.ts';
import { EVIDENCE_FROM, type EventOf, type EvidenceType } from '../event.ts';
import { isCured, withHealth } from '../health.ts';
import type { Job } from '../job.ts';
import type { Health, NodeIn, NodeState } from '../node.ts';
import { arrived } from '../own-script.ts';
import type { EvidenceClass, Phase, PhaseFacts, PhaseName } from '../phase.ts';
import type { TimeMs } from '../time.ts';

/** What one piece of evidence does in one phase. The label stands in the golden text that people review. */
export interface Move<E extends EvidenceType, P extends PhaseName> {
  readonly label: string;
  readonly apply: (node: NodeIn<P>, event: EventOf<E>) => Step;
}

export interface Step {
  readonly node: NodeState;
  readonly effects: readonly Effect[];
}

/** One row of the table: an answer for every phase. A phase that is left out does not compile. */
export type Row<E extends EvidenceType> = { readonly [P in PhaseName]: Move<E, P> };
export type Table = { readonly [E in EvidenceType]: Row<E> };

export const step = (node: NodeState, ...effects: readonly Effect[]): Step => ({ node, effects });

/** A move that is the same for all evidence in all phases. */
interface AnyMove {
  readonly label: string;
  readonly apply: (node: NodeState, event: { readonly type: string }) => Step;
}

/** Evidence that means nothing here: counted and kept with the phase, never lost silently. */
export const ignored: AnyMove = {
  label: 'ignored',
  apply: (node, event) => step(ignore(node, event)),
};

export function ignore(node: NodeState, event: { readonly type: string }): NodeState {
  return { ...node, ignored: { count: node.ignored.count + 1, last: `${event.type} in ${node.phase.is}` } };
}

/** Evidence that confirms what is believed and moves nothing. */
export const noted: AnyMove = { label: 'noted', apply: (node) => step(node) };

/** The same move in several phases. */
export function on<const T extends readonly PhaseName[], Event>(
  phases: T,
  move: Same<T[number], Event>,
): { readonly [K in T[number]]: Same<T[number], Event> } {
  const entries = phases.map((phase) => [phase, move]);
  return Object.fromEntries(entries) as { readonly [K in T[number]]: Same<T[number], Event> };
}

interface Same<P extends PhaseName, Event> {
  readonly label: string;
  readonly apply: (node: NodeIn<P>, event: Event) => Step;
}

/** Goes to another phase with exactly the facts that are true in it. */
export function enter<E extends EvidenceType, T extends PhaseName, P extends PhaseName = PhaseName>(
  to: T,
  facts: (event: EventOf<E>, node: NodeIn<P>) => PhaseFacts[T],
  also?: (node: NodeState, event: EventOf<E>) => Step,
): Move<E, P> {
  return {
    label: `-> ${to}`,
    apply: (node, event) => {
      const entered = goTo(node, to, facts(event, node), event.time, EVIDENCE_FROM[event.type]);
      return also === undefined ? step(entered) : also(entered, event);
    },
  };
}

/** A new boot: the attempt before it ends here, whatever phase it had reached. */
export function opens<E extends EvidenceType, T extends PhaseName, P extends PhaseName = PhaseName>(
  to: T,
  facts: (event: EventOf<E>, node: NodeIn<P>) => PhaseFacts[T],
  also?: (node: NodeState, event: EventOf<E>) => Step,
): Move<E, P> {
  const move = enter<E, T, P>(to, facts, also);
  return {
    label: `-> ${to} (new attempt)`,
    apply: (node, event) => {
      const opened = openAttempt(node, event.time, 'rebooted');
      return move.apply({ ...opened, phase: node.phase }, event);
    },
  };
}

/** Stays in the phase and learns something. */
export function stays<N extends NodeState, Event>(
  learn: (node: N, event: Event) => NodeState | Step,
): { readonly label: string; readonly apply: (node: N, event: Event) => Step } {
  return {
    label: 'stays',
    apply: (node, event) => {
      const learned = learn(node, event);
      return 'effects' in learned ? learned : step(learned);
    },
  };
}

/** A move whose target depends on what is known; its label names the choices. */
export function either<N extends NodeState, Event>(
  label: string,
  apply: (node: N, event: Event) => Step,
): { readonly label: string; readonly apply: (node: N, event: Event) => Step } {
  return { label, apply };
}

export function goTo<T extends PhaseName>(
  node: NodeState,
  to: T,
  facts: PhaseFacts[T],
  at: TimeMs,
  from: EvidenceClass,
): NodeState {
  const tracked = trackPhase(arrived(withoutDoubt(node, to), to), to, at);
  const health: Health = isCured(tracked.health, to) ? { is: 'ok' } : tracked.health;
  const phase = { is: to, since: at, ...facts } as unknown as Phase;
  return { ...(tracked.ask === undefined ? tracked : answered(tracked)), phase, phaseFrom: from, health };
}

function answered({ ask: _answered, ...rest }: NodeState): NodeState {
  return rest;
}

export function withJob(node: NodeState, change: Partial<Job>): NodeState {
  return node.job === undefined ? node : { ...node, job: { ...node.job, ...change } };
}

export function failing(
  node: NodeState,
  is: 'late' | 'stalled' | 'failed',
  code: CauseCode,
  detail: string,
  at: TimeMs,
): NodeState {
  // Talos says the same again every few seconds: it began with the first of them.
  const { health } = node;
  const since = health.is === is && health.code === code ? health.since : at;
  return withHealth(node, { is, code, since, detail });
}
