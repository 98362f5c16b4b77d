import type { Span } from './spans.ts';

/** `[racks] list discovery`: brackets mark the open one, so that it needs no colour. */
export function tabSpans(names: readonly string[], open: string): readonly Span[] {
  return names.flatMap((name, at): readonly Span[] => {
    const gap = at === 0 ? [] : [' '];
    return name === open ? [...gap, [`[${name}]`, 'bold']] : [...gap, ` ${name} `];
  });
}
