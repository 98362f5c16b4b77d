/** What the killed process and its judge both make of the records: order, number and content all count. */

export type KillRecord =
  | { readonly kind: 'event'; readonly n: number }
  | { readonly kind: 'action'; readonly action: string };

export interface Fold {
  readonly count: number;
  readonly hash: number;
  readonly actions: readonly string[];
}

export const startFold: Fold = { count: 0, hash: 17, actions: [] };

export function addToFold(fold: Fold, record: KillRecord): Fold {
  const { count, hash, actions } = fold;
  if (record.kind === 'event') return { count: count + 1, hash: (Math.imul(hash, 31) + record.n) | 0, actions };
  return { count: count + 1, hash: (Math.imul(hash, 37) + count) | 0, actions: [...actions, record.action] };
}
