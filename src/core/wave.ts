import { mayArm } from './arm-node.ts';
import type { CauseCode } from './cause.ts';
import type { EventOf, WaveEntry } from './event.ts';
import { type Fleet, isOpenWave, nodeOf, type Wave, type WaveMember } from './fleet.ts';
import { JOB_EXPIRY_MS } from './job.ts';
import { newest } from './newest.ts';
import type { Health } from './node.ts';
import { type Away, addAway, awayBefore, awayText, controlPlaneOf, controlPlanesAway } from './quorum.ts';
import type { TimeMs } from './time.ts';
import { isUnsaved } from './unsaved.ts';
import { createRoom } from './uplink.ts';

/** Many machines, a few at a time: the canaries first, then as many as the width, and a stop when too many fail. */
export function startWave(event: EventOf<'site.waveStarted'>): Wave {
  return {
    id: event.wave,
    kind: event.kind,
    entries: event.nodes,
    canary: Math.max(0, event.canary),
    width: Math.max(1, event.width),
    stopAfterFailures: Math.max(1, event.stopAfterFailures),
    ...(event.together === undefined ? {} : { together: event.together }),
    ...(event.waitsForErased === true ? { waitsForErased: true } : {}),
    ...(event.letsEnd === true ? { letsEnd: true } : {}),
    ...(event.savesFirst === true ? { savesFirst: true } : {}),
    startedAt: event.time,
    by: event.by,
    state: 'running',
    started: [],
    ended: {},
  };
}

/** Whoever stopped everything looks at the rack before more of it is armed: a wave never goes on by itself. */
export function pauseWaves(waves: Fleet['waves'], why: string): Fleet['waves'] {
  if (!Object.values(waves).some((wave) => wave.state === 'running')) return waves;
  const paused = (wave: Wave): Wave => (wave.state === 'running' ? { ...wave, state: 'paused', why } : wave);
  return Object.fromEntries(Object.entries(waves).map(([id, wave]) => [id, paused(wave)]));
}

/** Whoever was taken out of one of them may stand in it again. */
export function cancelWaves(waves: Fleet['waves'], why: string): Fleet['waves'] {
  const cancelled = (wave: Wave): Wave => (isOpenWave(wave) ? { ...wave, state: 'cancelled', why } : wave);
  return Object.fromEntries(Object.entries(waves).map(([id, wave]) => [id, cancelled(wave)]));
}

export interface WaveView {
  readonly waiting: readonly string[];
  readonly active: readonly string[];
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
}

export function viewWave(wave: Wave): WaveView {
  const ended = Object.values(wave.ended);
  const started = new Set(wave.started);
  return {
    waiting: wave.entries
      .map((entry) => entry.node)
      .filter((name) => !started.has(name) && wave.ended[name] === undefined),
    active: wave.started.filter((name) => wave.ended[name] === undefined),
    done: ended.filter((end) => end.outcome === 'done').length,
    failed: ended.filter((end) => end.outcome === 'failed' || end.outcome === 'expired').length,
    cancelled: ended.filter((end) => end.outcome === 'cancelled').length,
  };
}

/** By the width alone: worth no words. */
const A_PLACE = 'a place';

/** Told of each machine that is passed over, and why. */
type PassedOver = (name: string, why: string, refused: boolean) => void;

/** Which machines of the wave are armed next. They become `operator.armed` events, so that the journal tells of each. */
export function nextOfWave(
  fleet: Fleet,
  wave: Wave,
  at: TimeMs,
  passedOver?: PassedOver,
): readonly EventOf<'operator.armed'>[] {
  if (wave.state !== 'running' || fleet.saving.is === 'failing' || isUnsaved(wave)) return [];
  if (wave.started.length >= wave.entries.length) return [];
  const places = placesLeft(wave);
  if (places <= 0) return [];
  const started = new Set(wave.started);
  const away = wave.together === true ? new Map<string, readonly Away[]>() : awayFor(fleet, wave);
  const room = createRoom(fleet, at);
  const next: EventOf<'operator.armed'>[] = [];
  for (const entry of wave.entries) {
    if (next.length >= places && passedOver === undefined) break;
    if (started.has(entry.node) || wave.ended[entry.node] !== undefined) continue;
    const { plan } = entry;
    const node = nodeOf(fleet, entry.node);
    if (node === undefined || plan === undefined) continue;
    const armed = armedBy(wave, { ...entry, plan }, at);
    const cluster = wave.together === true ? undefined : controlPlaneOf(node);
    const may = mayArm(fleet, node, armed);
    const first = cluster === undefined ? undefined : awayBefore(away, node, wave.kind);
    const quorum = cluster === undefined || first === undefined ? undefined : turnText(first, cluster, wave);
    const why = may.ok ? (quorum ?? (next.length >= places ? A_PLACE : room.take(node))) : may.error;
    if (why !== undefined) {
      passedOver?.(entry.node, why, !may.ok);
      continue;
    }
    if (cluster !== undefined) addAway(away, cluster, { name: node.name, is: 'armed' });
    next.push(armed);
  }
  return next;
}

/** By the width, and as long as the canaries are not home by their number. */
function placesLeft(wave: Wave): number {
  const active = wave.started.reduce((sum, name) => (wave.ended[name] === undefined ? sum + 1 : sum), 0);
  const canaryOpen = canariesOf(wave).length < wave.canary || canariesOf(wave).some((name) => !wave.ended[name]);
  return Math.min(wave.width - active, canaryOpen ? wave.canary - wave.started.length : Number.POSITIVE_INFINITY);
}

/** Nothing of the wave needs its plan any more: its job has it. */
export function memberStarted(wave: Wave, name: string): Wave {
  const at = wave.entries.findIndex(({ node }) => node === name);
  const { plan: _armed, ...member } = wave.entries[at] ?? { node: name, job: '' };
  const entries = at < 0 ? wave.entries : wave.entries.with(at, member);
  return { ...wave, entries, started: newest(wave.started, name) };
}

function armedBy(wave: Wave, entry: WaveEntry, at: TimeMs): EventOf<'operator.armed'> {
  return {
    type: 'operator.armed',
    time: at,
    node: entry.node,
    job: entry.job,
    kind: wave.kind,
    plan: entry.plan,
    ...(entry.confirmed === undefined ? {} : { confirmed: entry.confirmed }),
    expiresAt: at + JOB_EXPIRY_MS,
    ...(wave.letsEnd === true ? { letsEnd: true } : {}),
    wave: wave.id,
    by: wave.by,
  };
}

/** For what the machines wait that could have gone by the width: `3 wait for the uplink of r07 (…)`. */
export function waveWaits(fleet: Fleet, wave: Wave): readonly string[] {
  if (wave.state !== 'running') return [];
  if (fleet.saving.is === 'failing') return ['nothing starts while the state cannot be saved'];
  if (isUnsaved(wave)) return ['nothing starts before it is on disk'];
  const waits = new Map<string, string[]>();
  const refused: string[] = [];
  nextOfWave(fleet, wave, fleet.at, (name, why, isRefused) => {
    if (isRefused) refused.push(why.startsWith(name) ? why : `${name}: ${why}`);
    else waits.set(why, [...(waits.get(why) ?? []), name]);
  });
  waits.delete(A_PLACE);
  const lines = [...waits].map(([why, all]) =>
    all.length === 1 ? `${all[0]} waits for ${why}` : `${all.length} wait for ${why}`,
  );
  return [...lines, ...refused.slice(0, 3), ...(refused.length > 3 ? [`${refused.length - 3} more cannot start`] : [])];
}

/** A wave of an older version waited for those with a job alone. */
function awayFor(fleet: Fleet, { waitsForErased }: Wave): Map<string, readonly Away[]> {
  const away = controlPlanesAway(fleet);
  if (waitsForErased === true) return away;
  return new Map([...away].map(([cluster, all]) => [cluster, all.filter(({ is }) => is === 'armed')]));
}

function turnText(first: Away, cluster: string, { id }: Wave): string {
  const text = awayText(first, cluster);
  if (first.is === 'armed') return text;
  return `${text}; where it is gone for good: \`crashcart wave cancel ${id}\`, and the rest with --together --width 1`;
}

/** The first machines of the wave; the others wait until all of these have ended. */
const canariesOf = (wave: Wave): readonly string[] => wave.started.slice(0, wave.canary);

type End = Wave['ended'][string];

/**
 * Looks after the machines that the wave started: a job that ended, failed where it stands, or left with its machine.
 * Evidence concerns one machine; what comes from the clock, the inventory or an operator may concern all.
 */
export function settleWave(fleet: Fleet, wave: Wave, at: TimeMs, only: ReadonlySet<string> | undefined): Wave {
  if (only?.size === 0) return wave;
  let next = wave;
  const entries = only === undefined ? wave.entries : wave.entries.filter((entry) => only.has(entry.node));
  if (entries.length === 0) return wave;
  const started = new Set(only === undefined ? wave.started : wave.started.filter((name) => only.has(name)));
  for (const entry of entries) {
    const end = endOf(fleet, entry, wave.ended[entry.node], started.has(entry.node), at);
    if (end !== undefined) next = afterWaveJob(next, entry.node, end);
  }
  return next;
}

/** For a wave, a machine that waits for a person has failed. */
export function failureOf(health: Health): CauseCode | undefined {
  return health.is === 'failed' || health.is === 'conflict' ? health.code : undefined;
}

function endOf(
  fleet: Fleet,
  entry: WaveMember,
  before: End | undefined,
  started: boolean,
  at: TimeMs,
): End | undefined {
  if (before !== undefined && before.outcome !== 'failed') return undefined;
  const node = nodeOf(fleet, entry.node);
  if (node === undefined) return before === undefined ? { outcome: 'cancelled', at } : undefined;
  if (!started) return undefined;
  const job = node.endedJobs.findLast((one) => one.id === entry.job);
  // A machine that failed, and then came up after all, is done; one that was given up has failed.
  if (before !== undefined) return job?.outcome === 'done' ? { outcome: 'done', at: job.endedAt } : undefined;
  if (job !== undefined)
    return { outcome: job.outcome, at: job.endedAt, ...(job.code === undefined ? {} : { code: job.code }) };
  if (node.job?.id !== entry.job) return { outcome: 'cancelled', at };
  const code = failureOf(node.health);
  return code === undefined ? undefined : { outcome: 'failed', at, code };
}

export function afterWaveJob(wave: Wave, name: string, end: End): Wave {
  const next = doneIfAll({ ...wave, ended: { ...wave.ended, [name]: end } });
  if (next.state !== 'running' || end.outcome === 'done') return next;
  const { failed, waiting } = viewWave(next);
  // All of it has begun: nothing is left that a stop could spare.
  if (waiting.length === 0) return next;
  const how = end.outcome === 'cancelled' ? 'was cancelled' : end.outcome;
  if (canariesOf(wave).includes(name))
    return { ...next, state: 'stopped', why: `${name}, which went first, ${how}; the rest is not started` };
  if (failed < wave.stopAfterFailures) return next;
  // It was resumed behind them.
  const last =
    end.outcome === 'cancelled'
      ? `${failed} failed, and ${name} was cancelled`
      : `${failed} failed: ${name} was the last`;
  return { ...next, state: 'stopped', why: `${last}; the rest is not started` };
}

/** These leave it before their turn: who never began is no failure, and stops nobody. */
export function withoutWaiting(wave: Wave, names: readonly string[], at: TimeMs): Wave {
  const left = Object.fromEntries(names.map((name) => [name, { outcome: 'cancelled', at } as const]));
  return doneIfAll({ ...wave, ended: { ...wave.ended, ...left } });
}

function doneIfAll(wave: Wave): Wave {
  const isOver = Object.keys(wave.ended).length >= wave.entries.length;
  return isOver && wave.state !== 'cancelled' ? withoutWhy({ ...wave, state: 'done' }) : wave;
}

function withoutWhy(wave: Wave): Wave {
  const { why: _why, ...rest } = wave;
  return rest;
}
