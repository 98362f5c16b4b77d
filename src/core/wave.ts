import { mayArm, otherControlPlane } from './arm-node.ts';
import type { Event, EventOf } from './event.ts';
import { type Fleet, nodeOf, type Wave } from './fleet.ts';
import { JOB_EXPIRY_MS } from './job.ts';
import type { TimeMs } from './time.ts';

/** Many machines, a few at a time: the canaries first, then as many as the width, and a stop when too many fail. */
export function startWave(event: EventOf<'site.waveStarted'>): Wave {
  return {
    id: event.wave,
    kind: event.kind,
    entries: event.nodes,
    canary: Math.max(0, event.canary),
    width: Math.max(1, event.width),
    stopAfterFailures: Math.max(1, event.stopAfterFailures),
    startedAt: event.time,
    by: event.by,
    state: 'running',
    started: [],
    ended: {},
  };
}

export interface WaveView {
  readonly waiting: readonly string[];
  readonly active: readonly string[];
  readonly done: number;
  readonly failed: number;
}

export function viewWave(wave: Wave): WaveView {
  const ended = Object.values(wave.ended);
  return {
    waiting: wave.entries.map((entry) => entry.node).filter((name) => !wave.started.includes(name)),
    active: wave.started.filter((name) => wave.ended[name] === undefined),
    done: ended.filter((end) => end.outcome === 'done').length,
    failed: ended.filter((end) => end.outcome === 'failed' || end.outcome === 'expired').length,
  };
}

/** Which machines of the wave are armed next. They become `operator.armed` events, so that the journal tells of each. */
export function nextOfWave(fleet: Fleet, wave: Wave, at: TimeMs): readonly Event[] {
  if (wave.state !== 'running' || fleet.saving.is === 'failing') return [];
  const view = viewWave(wave);
  const canaryOpen = wave.canary > 0 && view.done < Math.min(wave.canary, wave.entries.length);
  const places = (canaryOpen ? Math.min(wave.canary, wave.width) : wave.width) - view.active.length;
  const mostStarted = canaryOpen ? wave.canary - wave.started.length : Number.POSITIVE_INFINITY;
  const next: Event[] = [];
  for (const entry of wave.entries) {
    if (next.length >= Math.min(places, mostStarted)) break;
    if (wave.started.includes(entry.node)) continue;
    const node = nodeOf(fleet, entry.node);
    if (node === undefined) continue;
    const armed: Event = {
      type: 'operator.armed',
      time: at,
      node: entry.node,
      job: entry.job,
      kind: wave.kind,
      plan: entry.plan,
      ...(entry.confirmed === undefined ? {} : { confirmed: entry.confirmed }),
      expiresAt: at + JOB_EXPIRY_MS,
      wave: wave.id,
      by: wave.by,
    };
    if (otherControlPlane(fleet, node) !== undefined || next.some((one) => sameControlPlane(fleet, one, entry.node)))
      continue;
    if (!mayArm(fleet, node, armed).ok) continue;
    next.push(armed);
  }
  return next;
}

function sameControlPlane(fleet: Fleet, event: Event, name: string): boolean {
  if (event.type !== 'operator.armed') return false;
  const a = nodeOf(fleet, event.node)?.spec;
  const b = nodeOf(fleet, name)?.spec;
  return a?.role === 'controlplane' && b?.role === 'controlplane' && a.cluster !== undefined && a.cluster === b.cluster;
}

export function afterWaveJob(wave: Wave, name: string, end: Wave['ended'][string]): Wave {
  const ended = { ...wave.ended, [name]: end };
  const view = viewWave({ ...wave, ended });
  if (view.failed >= wave.stopAfterFailures && wave.state === 'running') {
    return {
      ...wave,
      ended,
      state: 'stopped',
      why: `${view.failed} failed: ${name} was the last; the rest is not started`,
    };
  }
  const complete = wave.entries.every((entry) => ended[entry.node] !== undefined);
  return complete ? { ...wave, ended, state: 'done' } : { ...wave, ended };
}
