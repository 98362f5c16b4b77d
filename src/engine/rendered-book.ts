import { nodeOf } from '../core/fleet.ts';
import type { Rendered, RenderedPort } from '../core/ports.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { Engine } from './create-engine.ts';
import type { PlannerPort } from './engine-ports.ts';

/** What the armed machines would be served now. In memory only: configurations hold secrets. */
export interface RenderedBook extends RenderedPort {
  readonly put: (rendered: Rendered) => void;
  /** Makes again what every live job serves: at a start, and when the inventory or the vault changed. */
  readonly refresh: () => Promise<readonly string[]>;
}

export function createRenderedBook(engine: Engine, planner: PlannerPort): RenderedBook {
  const book = new Map<string, Rendered>();
  engine.follow((event) => {
    if (!('node' in event) || typeof event.node !== 'string' || !book.has(event.node)) return;
    if (nodeOf(engine.fleet(), event.node)?.job === undefined) book.delete(event.node);
  });
  return {
    of: (node) => book.get(node),
    put: (rendered) => book.set(rendered.node, rendered),
    async refresh() {
      const problems: string[] = [];
      for (const node of valuesOf(engine.fleet().nodes)) {
        if (node.job === undefined) continue;
        const planned = await planner.plan(node, node.job.kind);
        if (planned.ok) book.set(node.name, planned.value.rendered);
        else {
          book.delete(node.name);
          problems.push(`${node.name}: ${planned.error}`);
        }
      }
      return problems;
    },
  };
}
