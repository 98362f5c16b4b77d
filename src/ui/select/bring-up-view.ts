import type { Wave } from '../../core/fleet.ts';
import { viewWave } from '../../core/wave.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { type BringUpStep, checkSite, countOf } from './bring-up-checks.ts';
import { type RackTodo, rackTodo } from './rack-todo.ts';

type Site = Pick<ScreenModel, 'fleet' | 'view' | 'services' | 'nowMs'>;

/** The seven steps of a rack, read from what is true: so the screen can be left, or the line drop, at any step. */
export interface BringUpView extends RackTodo {
  readonly rack: string;
  /** The last one that took machines of this rack. */
  readonly wave: Wave | undefined;
  /** Nothing of the wave works or will; the machines that did not come up are `troubled`. */
  readonly isOver: boolean;
  readonly troubled: readonly string[];
  readonly checks: readonly BringUpStep[];
  readonly steps: readonly BringUpStep[];
  /** Number of the step that is on, from 1. */
  readonly at: number;
  /** Node to look at: the first that did not come up once the wave rests, else the canary or the newest that works. */
  readonly focus: string | undefined;
  /** Of the wave, what has begun and not ended. */
  readonly working: readonly string[];
}

export function bringUpRack({ fleet, view, services, nowMs }: Site): BringUpView {
  const rack = view.rack ?? '-';
  const nodes = view.racks.find((one) => one.name === rack)?.nodes ?? [];
  const inside = new Set(nodes);
  const wave = Object.values(fleet.waves)
    .filter((one) => one.entries.some((entry) => inside.has(entry.node)))
    .sort((a, b) => b.startedAt - a.startedAt)[0];
  const { todo, leftOut } = rackTodo(fleet, nodes);
  const checks = checkSite({ fleet, services, nowMs }, rack, nodes);
  const working = wave?.started.filter((name) => wave.ended[name] === undefined) ?? [];
  const isOver = wave !== undefined && (wave.state === 'done' || (wave.state === 'cancelled' && working.length === 0));
  const waves = wave === undefined ? waitingSteps(nodes.length, todo, leftOut.length) : waveSteps(wave);
  // Cancelled: those under way go on, and nothing follows them.
  const report: BringUpStep =
    isOver || wave?.state === 'cancelled'
      ? { title: 'Report', state: isOver ? 'done' : 'working', note: reportOf(wave) }
      : { title: 'Report', state: 'waiting', note: '' };
  const steps = [...checks, ...waves, report];
  const troubled =
    wave?.entries.flatMap(({ node }) => ((wave.ended[node]?.outcome ?? 'done') === 'done' ? [] : [node])) ?? [];
  const rests = isOver || wave?.state === 'stopped' || (wave?.state === 'cancelled' && troubled.length > 0);
  const focus = (rests ? troubled[0] : undefined) ?? focusOf(wave, todo);
  const at = stepOn(wave, isOver, steps, checks.length);
  return { rack, wave, isOver, troubled, todo, leftOut, checks, steps, at, focus, working };
}

/**
 * Once a wave runs its step is the one that is on; a check that fails later shows its sign and moves nothing back. A step
 * whose machines all ended is passed, whether they came up or not: unless the wave stopped there, or is over.
 */
function stepOn(wave: Wave | undefined, isOver: boolean, steps: readonly BringUpStep[], checks: number): number {
  if (isOver || wave?.state === 'cancelled') return steps.length;
  // Where nobody can listen for other servers, nobody would ever get past that step.
  const waits = (step: BringUpStep) => step.state !== 'done' && step.state !== 'unknown';
  const open =
    wave === undefined
      ? steps.findIndex(waits)
      : wave.state === 'stopped'
        ? steps.findLastIndex((step, at) => at >= checks && step.begun === true)
        : steps.findIndex((step, at) => at >= checks && step.ended !== true);
  return open < 0 ? steps.length : open + 1;
}

const FIRST = 5;

function waitingSteps(nodes: number, todo: readonly string[], leftOut: number): readonly BringUpStep[] {
  const rest = Math.max(0, todo.length - 1 - FIRST);
  const state = nodes > 0 && todo.length === 0 && leftOut === 0 ? 'done' : 'waiting';
  return [
    { title: 'Canary: one node', state, note: todo[0] ?? (leftOut === 0 ? '' : 'no machine can be installed') },
    { title: 'First five', state, note: '' },
    { title: `The rest, ${countOf(rest, 'node')}`, state, note: '' },
  ];
}

function waveSteps(wave: Wave): readonly BringUpStep[] {
  const names = wave.entries.map((entry) => entry.node);
  const canary = names.slice(0, wave.canary);
  const five = names.slice(wave.canary, wave.canary + FIRST);
  const rest = names.slice(wave.canary + FIRST);
  return [
    stepOf(wave, 'Canary: one node', canary),
    stepOf(wave, 'First five', five),
    stepOf(wave, `The rest, ${countOf(rest.length, 'node')}`, rest),
  ];
}

function stepOf(wave: Wave, title: string, names: readonly string[]): BringUpStep {
  const own = new Set(names);
  const { done, failed, cancelled, waiting } = viewWave({
    ...wave,
    entries: wave.entries.filter((entry) => own.has(entry.node)),
    ended: Object.fromEntries(Object.entries(wave.ended).filter(([name]) => own.has(name))),
  });
  const bad = failed + cancelled;
  const begun = waiting.length < names.length;
  const ended = done + bad === names.length;
  const counts = [`${done} of ${names.length} done`, ...badWords(failed, cancelled)].join(', ');
  const one = [names[0] ?? 'nobody', ...badWords(failed, cancelled, true)].join(', ');
  const note = names.length <= 1 ? one : counts;
  if (ended) return { title, state: bad > 0 ? 'failed' : 'done', note, begun, ended };
  if (wave.state === 'cancelled' && !begun) return { title, state: 'waiting', note: 'not begun', begun, ended };
  if (wave.state === 'cancelled')
    return { title, state: 'failed', note: `${note}; the wave was cancelled`, begun, ended };
  // Why it stopped stands below, in full.
  if (wave.state === 'stopped' && begun)
    return { title, state: 'failed', note: `${note}; the wave stopped`, begun, ended };
  return { title, state: begun ? 'working' : 'waiting', note: begun ? note : '', begun, ended };
}

/** `1 failed`, `2 cancelled`; of a single machine without the count. */
const badWords = (failed: number, cancelled: number, single = false): readonly string[] =>
  (
    [
      [failed, 'failed'],
      [cancelled, 'cancelled'],
    ] as const
  ).flatMap(([count, word]) => (count === 0 ? [] : [single ? word : `${count} ${word}`]));

function reportOf(wave: Wave): string {
  const { done, failed, cancelled, waiting, active } = viewWave(wave);
  const under = active.length === 0 ? [] : [`${active.length} under way`];
  const begun = waiting.length === 0 ? [] : [`${waiting.length} not begun`];
  return [`${done} done`, `${failed} failed`, ...badWords(0, cancelled), ...under, ...begun].join(', ');
}

function focusOf(wave: Wave | undefined, todo: readonly string[]): string | undefined {
  if (wave === undefined) return todo[0];
  return (
    wave.started.findLast((name) => wave.ended[name] === undefined) ?? wave.started.at(-1) ?? wave.entries[0]?.node
  );
}
