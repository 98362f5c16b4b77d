import type { EventOf } from '../core/event.ts';
import { type Fleet, isOpenWave, nodeOf } from '../core/fleet.ts';
import { toldDifference } from '../core/health.ts';
import type { JobKind } from '../core/job.ts';
import { type Proof, unprovenReason } from '../core/next-script.ts';
import type { NodeState } from '../core/node.ts';
import type { Rendered, RenderedPort } from '../core/ports.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { Engine } from './create-engine.ts';
import type { PlannerPort } from './engine-ports.ts';

/** What the armed machines, and those that a wave will arm, would be served now. In memory only: configurations hold secrets. */
export interface RenderedBook extends RenderedPort {
  readonly put: (rendered: Rendered) => void;
  /** Makes again what every live job serves: at a start, and when the inventory or the vault changed. */
  readonly refresh: () => Promise<readonly string[]>;
}

export function createRenderedBook(engine: Engine, planner: PlannerPort): RenderedBook {
  const book = new Map<string, Rendered>();
  const waiting = createWaiting(() => engine.fleet().waves);

  const render = async (node: NodeState, kind: JobKind): Promise<string | undefined> => {
    const planned = await planner.plan(node, kind);
    if (planned.ok) book.set(node.name, planned.value.rendered);
    else book.delete(node.name);
    return planned.ok ? undefined : planned.error;
  };

  /** Who is armed and would be sent to its disk hears of it before it boots. */
  const compare = (name: string, problem: string | undefined): void => {
    const node = nodeOf(engine.fleet(), name);
    if (node?.job === undefined || node.job.spentAt !== undefined) return;
    const differs = problem ?? unprovenReason(proofOf(book.get(name)), node.job);
    if (differs !== toldDifference(node))
      engine.emit({
        type: 'job.compared',
        node: name,
        job: node.job.id,
        ...(differs === undefined ? {} : { differs }),
      });
  };

  /** A wave that a restart paused is resumed: what its machines get was held by the program before this one. */
  const renderWave = async ({ wave }: EventOf<'site.waveResumed'>): Promise<void> => {
    const { kind, entries = [] } = engine.fleet().waves[wave] ?? {};
    for (const entry of entries) {
      const node = nodeOf(engine.fleet(), entry.node);
      const isOver = engine.fleet().waves[wave]?.ended[entry.node] !== undefined;
      if (kind !== undefined && node !== undefined && !isOver && !book.has(entry.node)) await render(node, kind);
    }
  };

  engine.follow((event) => {
    if (event.type === 'site.waveResumed') void renderWave({ ...event, type: 'site.waveResumed' });
    if (!('node' in event) || typeof event.node !== 'string' || !book.has(event.node)) return;
    const isArmed = nodeOf(engine.fleet(), event.node)?.job !== undefined;
    if (!isArmed && !waiting().has(event.node)) book.delete(event.node);
  });
  return {
    of: (node) => book.get(node),
    put: (rendered) => book.set(rendered.node, rendered),
    async refresh() {
      const problems: string[] = [];
      for (const node of valuesOf(engine.fleet().nodes)) {
        // Of a wave that waits to be resumed, only what is held already: at a start it may be thousands.
        const kind = node.job?.kind ?? (book.has(node.name) ? waiting().get(node.name) : undefined);
        const problem = kind === undefined ? undefined : await render(node, kind);
        compare(node.name, problem);
        if (problem !== undefined) problems.push(`${node.name}: ${problem}`);
      }
      return problems;
    },
  };
}

const proofOf = (rendered: Rendered | undefined): Proof | undefined =>
  rendered === undefined
    ? undefined
    : {
        planHash: rendered.plan.hash,
        configHash: rendered.plan.configHash,
        artefactsProven: rendered.artefactsProven,
      };

/** Machines that a wave has yet to arm, and what for; counted again only when the waves changed. */
function createWaiting(waves: () => Fleet['waves']): () => ReadonlyMap<string, JobKind> {
  let of: Fleet['waves'] | undefined;
  let names = new Map<string, JobKind>();
  return () => {
    const now = waves();
    if (of === now) return names;
    of = now;
    names = new Map();
    for (const wave of Object.values(now)) {
      if (!isOpenWave(wave)) continue;
      const started = new Set(wave.started);
      for (const { node } of wave.entries)
        if (!started.has(node) && wave.ended[node] === undefined) names.set(node, wave.kind);
    }
    return names;
  };
}
