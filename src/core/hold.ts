import type { NodeState } from './node.ts';
import type { TimeMs } from './time.ts';

export interface Hold {
  readonly why: string;
  /** Unknown of holds in snapshots of older versions. */
  readonly by?: string;
  readonly since: TimeMs;
}

export function holdOf({ intent }: NodeState): Hold | undefined {
  if (intent.is !== 'hold') return undefined;
  const { is: _is, ...hold } = intent;
  return hold;
}

/** Who holds a machine and why, in words. */
export const holdText = ({ by, why }: Hold): string =>
  `on hold${by === undefined ? '' : ` by ${by}`}${why === '' ? '' : `: ${why}`}`;
