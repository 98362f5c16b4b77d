import type { Attempt, NodeState } from '../../core/node.ts';

/** How long a boot with installation takes from first evidence to running, per model and image, from those that made it. */
export interface Median {
  readonly ms: number;
  readonly runs: number;
}

export interface Medians {
  /** When they were counted: they change slowly, and counting all attempts of a big fleet is not for every frame. */
  readonly atMs: number;
  readonly byModel: ReadonlyMap<string, Median>;
}

const KEEP_MS = 10_000;

const modelOf = (node: NodeState): string =>
  `${node.seen.product ?? node.spec.profile} ${node.job?.plan.version ?? node.seen.talosVersion ?? ''}`;

export function countMedians(nodes: readonly NodeState[], nowMs: number, last: Medians | undefined): Medians {
  if (last !== undefined && Math.abs(nowMs - last.atMs) < KEEP_MS) return last;
  const times = new Map<string, number[]>();
  for (const node of nodes) {
    for (const attempt of node.attempt === undefined ? node.pastAttempts : [...node.pastAttempts, node.attempt]) {
      const took = bootTime(attempt);
      if (took === undefined) continue;
      const model = modelOf(node);
      const known = times.get(model);
      if (known === undefined) times.set(model, [took]);
      else known.push(took);
    }
  }
  const byModel = new Map([...times].map(([model, all]) => [model, middle(all)]));
  return { atMs: nowMs, byModel };
}

function bootTime(attempt: Attempt): number | undefined {
  const up = attempt.way.find((step) => step.phase === 'running' || step.phase === 'ready')?.at;
  return up !== undefined && attempt.way.some((step) => step.phase === 'installing')
    ? up - attempt.openedAt
    : undefined;
}

function middle(times: number[]): Median {
  times.sort((a, b) => a - b);
  return { ms: times[Math.floor(times.length / 2)] ?? 0, runs: times.length };
}

export const medianOf = (medians: Medians, node: NodeState): Median | undefined => medians.byModel.get(modelOf(node));
