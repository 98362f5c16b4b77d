import type { Binding } from './keymap.ts';

/** The same in every list and every text, as in vi and with the arrows. */
export const MOVE: readonly Binding[] = [
  ['up', 'k', 'up'],
  ['down', 'j', 'down'],
  ['pageUp', 'ctrl-u', 'pgup'],
  ['pageDown', 'ctrl-d', 'pgdn'],
  ['first', 'g', 'home'],
  ['last', 'G', 'end'],
];
