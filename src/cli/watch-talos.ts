import { nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import type { SeenApi } from '../core/seen-talos.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { TalosCalls } from './talos-calls.ts';

export interface TalosWatchOptions {
  readonly engine: Engine;
  readonly calls: Pick<TalosCalls, 'ask' | 'hasCredentials'>;
  readonly everyMs?: number;
  readonly tickMs?: number;
}

/** Talos takes some seconds from RUNNING to an API that answers with the certificate of its cluster. */
const FIRST_AFTER_MS = 10_000;
const AT_ONCE = 4;
/** The same news again is worth a line of the journal once an hour. */
const SAME_NEWS_MS = 60 * 60_000;

/** Asks every node that runs what it is, now and then, with the talosconfig of the site; without one nobody is asked. */
export function watchTalos({ engine, calls, everyMs = 5 * 60_000, tickMs = 2_000 }: TalosWatchOptions): () => void {
  const askedAt = new Map<string, number>();
  const busy = new Set<string>();
  let stopped = false;

  const isDue = (node: NodeState, at: number): boolean => {
    const { phase, job, name } = node;
    if (job !== undefined || busy.has(name) || (phase.is !== 'running' && phase.is !== 'ready')) return false;
    const last = askedAt.get(name);
    // It came up since it was asked last: what it was is no news of what it is.
    const fresh = last === undefined || last < phase.since;
    return fresh ? at - phase.since >= FIRST_AFTER_MS : at - last >= everyMs;
  };

  const check = async (name: string, address: string) => {
    busy.add(name);
    askedAt.set(name, engine.now());
    const told = await calls.ask({ type: 'talos.check', node: name, address });
    busy.delete(name);
    const node = nodeOf(engine.fleet(), name);
    if (stopped || !told.ok || told.value?.type !== 'talos.checked' || node === undefined) return;
    const { at = 0, ...before }: Partial<SeenApi> = node.seen.api ?? {};
    const { facts } = told.value;
    const isSame =
      facts.problem === undefined
        ? JSON.stringify(ordered(facts)) === JSON.stringify(ordered(before))
        : before.problem === facts.problem;
    if (!isSame || engine.now() - at > SAME_NEWS_MS) engine.emit(told.value);
  };

  const timer = setInterval(() => {
    if (!calls.hasCredentials()) return;
    const at = engine.now();
    for (const node of valuesOf(engine.fleet().nodes)) {
      if (busy.size >= AT_ONCE) return;
      const address = node.seen.address ?? node.spec.network.ip;
      if (address !== undefined && isDue(node, at)) void check(node.name, address);
    }
  }, tickMs);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

const ordered = (facts: object): readonly unknown[] => Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1));
