import type { Beside, Lack } from '../phase.ts';

/** What its answer could not give. */
export const lackOf = ({ lacks }: { readonly lacks?: Lack }) => (lacks === undefined ? {} : { lacks });

/** What was missing in the answer before may be there now. */
export function withoutLack<P extends { readonly lacks?: Lack }>({ lacks: _before, ...phase }: P): Omit<P, 'lacks'> {
  return phase;
}

export const besideOf = ({ beside }: { readonly beside?: Beside }) => (beside === undefined ? {} : { beside });
