import { type Fleet, nodeOf, type Wave } from '../../core/fleet.ts';
import type { FleetView } from './fleet-view.ts';
import { lookOf } from './node-look.ts';
import { radarGap } from './radar-words.ts';

/** The seven steps of a rack, read from what is true: so the screen can be left, or the line drop, at any step. */
export interface BringUpStep {
  readonly title: string;
  readonly state: 'done' | 'working' | 'failed' | 'waiting';
  readonly note: string;
}

export interface BringUpView {
  readonly rack: string;
  readonly wave: Wave | undefined;
  /** Nodes of the rack that are not up yet, lowest unit first. */
  readonly todo: readonly string[];
  readonly checks: readonly BringUpStep[];
  readonly steps: readonly BringUpStep[];
  /** Number of the step that is on, from 1. */
  readonly at: number;
  /** Node to look at: the canary, or the newest of the wave that still works. */
  readonly focus: string | undefined;
  /** Of the wave, what has begun and not ended. */
  readonly working: readonly string[];
}

export function bringUpRack(fleet: Fleet, view: FleetView): BringUpView {
  const rack = view.rack ?? '-';
  const nodes = view.racks.find((one) => one.name === rack)?.nodes ?? [];
  const inside = new Set(nodes);
  const wave = Object.values(fleet.waves)
    .filter((one) => one.entries.some((entry) => inside.has(entry.node)))
    .sort((a, b) => b.startedAt - a.startedAt)[0];
  const todo = nodes.filter((name) => notUp(fleet, name)).toReversed();
  const checks = checkSite(fleet, nodes);
  const waves = wave === undefined ? waitingSteps(todo) : waveSteps(wave);
  const ended = waves.every((step) => step.state === 'done');
  const report: BringUpStep = {
    title: 'Report',
    state: ended && wave !== undefined ? 'done' : 'waiting',
    note: wave !== undefined && ended ? reportOf(wave) : '',
  };
  const steps = [...checks, ...waves, report];
  // Once a wave runs its step is the one that is on; a check that fails later shows its sign and moves nothing back.
  const open = steps.findIndex((step, at) => step.state !== 'done' && (wave === undefined || at >= checks.length));
  const at = open < 0 ? steps.length : open + 1;
  const working = wave?.started.filter((name) => wave.ended[name] === undefined) ?? [];
  return { rack, wave, todo, checks, steps, at, focus: focusOf(wave, todo), working };
}

function notUp(fleet: Fleet, name: string): boolean {
  const node = nodeOf(fleet, name);
  return node !== undefined && lookOf(node).group !== 'ready';
}

function checkSite(fleet: Fleet, nodes: readonly string[]): readonly BringUpStep[] {
  const services = Object.entries(fleet.services);
  const broken = services.find(([, state]) => state.is === 'failed');
  const listens = services
    .toSorted(([a], [b]) => Number(b === 'dhcp') - Number(a === 'dhcp'))
    .flatMap(([, state]) => (state.is === 'ok' && state.listens !== '' ? [state.listens] : []))[0];
  const rivals = Object.values(fleet.rivals);
  const errors = fleet.inventory.problems.filter((problem) => problem.severity === 'error');
  const macs = nodes.flatMap((name) => nodeOf(fleet, name)?.spec.identity.macs ?? []);
  const doubled = macs.length - new Set(macs).size;
  return [
    broken === undefined
      ? { title: 'Uplink and VLAN', state: services.length > 0 ? 'done' : 'waiting', note: listens ?? '' }
      : {
          title: 'Uplink and VLAN',
          state: 'failed',
          note: `${broken[0]}: ${broken[1].is === 'failed' ? broken[1].why : ''}`,
        },
    rivals.length === 0
      ? { title: 'No other DHCP server', state: 'done', note: radarGap(fleet) ?? 'none heard since the start' }
      : { title: 'No other DHCP server', state: 'failed', note: `${rivals[0]?.server ?? ''} answers too` },
    errors.length === 0 && doubled === 0
      ? {
          title: 'Rack plan',
          state: nodes.length > 0 ? 'done' : 'waiting',
          note: `${countOf(nodes.length, 'node')}, ${countOf(macs.length, 'MAC')}, 0 duplicates`,
        }
      : { title: 'Rack plan', state: 'failed', note: errors[0]?.message ?? `${doubled} MACs are there twice` },
  ];
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const FIRST = 5;

function waitingSteps(todo: readonly string[]): readonly BringUpStep[] {
  const rest = Math.max(0, todo.length - 1 - FIRST);
  const wait = (title: string, note: string): BringUpStep => ({
    title,
    state: todo.length === 0 ? 'done' : 'waiting',
    note,
  });
  return [
    wait('Canary: one node', todo[0] ?? ''),
    wait('First five', ''),
    wait(`The rest, ${countOf(rest, 'node')}`, ''),
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
  const ended = names.filter((name) => wave.ended[name] !== undefined);
  const bad = ended.filter((name) => wave.ended[name]?.outcome !== 'done');
  const begun = names.some((name) => wave.started.includes(name));
  const count =
    names.length <= 1
      ? (names[0] ?? 'nobody')
      : `${ended.length - bad.length} of ${names.length} done${bad.length > 0 ? `, ${bad.length} failed` : ''}`;
  if (ended.length === names.length) return { title, state: bad.length > 0 ? 'failed' : 'done', note: count };
  // Why it stopped stands below, in full.
  if (wave.state === 'stopped' && begun) return { title, state: 'failed', note: `${count}; the wave stopped` };
  return { title, state: begun ? 'working' : 'waiting', note: begun ? count : '' };
}

function reportOf(wave: Wave): string {
  const outcomes = Object.values(wave.ended);
  const failed = outcomes.filter((end) => end.outcome !== 'done').length;
  return `${outcomes.length - failed} done, ${failed} failed: crashcart export ${wave.id}`;
}

function focusOf(wave: Wave | undefined, todo: readonly string[]): string | undefined {
  if (wave === undefined) return todo[0];
  return (
    wave.started.findLast((name) => wave.ended[name] === undefined) ?? wave.started.at(-1) ?? wave.entries[0]?.node
  );
}
