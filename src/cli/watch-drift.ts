import type { Drift } from '../core/drift.ts';
import type { Event } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { DriftPort } from '../engine/engine-ports.ts';
import { type DriftWish, driftOf } from '../talos/drift.ts';

export interface DriftWatchOptions {
  readonly engine: Engine;
  readonly configOf: DriftPort['configOf'];
  /** How often changed nodes are compared; and how many wishes are made in one go. */
  readonly everyMs?: number;
  /** A configuration's files may change without the inventory: each wish is made again after so long. */
  readonly wishAgeMs?: number;
}

export interface DriftWatch {
  /** The inventory changed: every wish is made again, a few at a time. */
  readonly refresh: () => void;
  readonly stop: () => void;
}

const COMPARED_AT_ONCE = 200;
const WISHES_AT_ONCE = 2;

/** Says nothing about what machines are or should be. */
const IRRELEVANT: ReadonlySet<Event['type']> = new Set([
  'clock.ticked',
  'drift.found',
  'loader.progressed',
  'image.progressed',
  'bmc.powerRead',
]);

interface Wished {
  readonly spec: NodeState['spec'];
  readonly at: number;
  readonly generation: number;
  readonly wish: DriftWish;
}

/** Compares what machines are with what the inventory makes of them, a few at a time: the wire never waits for it. */
export function watchDrift(options: DriftWatchOptions): DriftWatch {
  const { engine, configOf, everyMs = 500, wishAgeMs = 5 * 60_000 } = options;
  const wishes = new Map<string, Wished>();
  const names = () => [...valuesOf(engine.fleet().nodes)].map((node) => node.name);
  const dirty = new Set<string>(names());
  /** Machines of which something installed is known; no other has a configuration to compare. */
  const installed = new Set<string>();
  let busy = false;
  let generation = 0;

  const unfollow = engine.follow((event) => {
    if (IRRELEVANT.has(event.type)) return;
    if ('node' in event && typeof event.node === 'string') dirty.add(event.node);
    if (event.type === 'inventory.loaded') for (const spec of event.nodes) dirty.add(spec.name);
  });

  const compare = () => {
    let left = COMPARED_AT_ONCE;
    for (const name of dirty) {
      if (left-- <= 0) break;
      dirty.delete(name);
      const node = nodeOf(engine.fleet(), name);
      if (node === undefined) {
        wishes.delete(name);
        installed.delete(name);
        continue;
      }
      if (node.seen.configHash !== undefined || node.seen.api?.version !== undefined) installed.add(name);
      const drift = driftOf(node, wishes.get(name)?.wish);
      if (!sameDrift(node.drift ?? [], drift)) engine.emit({ type: 'drift.found', node: name, drift });
    }
  };

  /** Only for machines of which something installed is known: no other has a configuration to compare. */
  const isDue = (node: NodeState, at: number): boolean => {
    if (node.seen.configHash === undefined && node.seen.api?.version === undefined) return false;
    const known = wishes.get(node.name);
    if (known === undefined || known.spec !== node.spec || known.generation !== generation) return true;
    // A command (SOPS and the like) is not run again and again for a look.
    const { config, patches } = node.spec.talos;
    return at - known.at > wishAgeMs && [config, ...patches].every((ref) => ref?.from !== 'exec');
  };

  const wishAgain = async () => {
    const at = engine.now();
    const begun = generation;
    let left = WISHES_AT_ONCE;
    // Not all machines: walking ten thousand twice a second took 2 % of the engine's time, and 10 ms in one go.
    for (const name of installed) {
      if (left <= 0) return;
      const node = nodeOf(engine.fleet(), name);
      if (node === undefined || !isDue(node, at)) continue;
      left -= 1;
      const made = await configOf(node);
      // What cannot be made (a file that is missing) is told where it is armed; here it is no difference.
      const wish = made.ok
        ? {
            configHash: made.value.hash,
            configPrint: made.value.print,
            version: made.value.version,
            ...(made.value.schematic === undefined ? {} : { schematic: made.value.schematic }),
          }
        : {};
      wishes.set(name, { spec: node.spec, at, generation: begun, wish });
      dirty.add(name);
    }
  };

  const timer = setInterval(() => {
    compare();
    if (busy) return;
    busy = true;
    void wishAgain().finally(() => {
      busy = false;
    });
  }, everyMs);
  timer.unref();

  return {
    refresh: () => {
      generation += 1;
      for (const name of names()) dirty.add(name);
    },
    stop: () => {
      clearInterval(timer);
      unfollow();
    },
  };
}

const sameDrift = (a: readonly Drift[], b: readonly Drift[]): boolean =>
  (a.length === 0 && b.length === 0) || JSON.stringify(a) === JSON.stringify(b);
