import type { Binding, OverlayMode } from './keymap.ts';
import { MOVE } from './move-keys.ts';

/** The keys of what lies over a screen: nothing below it hears a key. */
export const DIALOG_KEYS: { readonly [M in OverlayMode]: readonly Binding[] } = {
  help: [['search', '/'], ...MOVE, ['cancel', 'esc', '?', 'q'], ['interrupt', 'ctrl-c'], ['redraw', 'ctrl-l']],
  alarms: [...MOVE, ['copy', 'y'], ['cancel', 'esc', '!', 'q'], ['interrupt', 'ctrl-c'], ['redraw', 'ctrl-l']],
  menu: [
    ['confirm', 'enter'],
    ['up', 'k', 'up'],
    ['down', 'j', 'down'],
    ['cancel', 'esc', 'q'],
    ['interrupt', 'ctrl-c'],
  ],
  typed: [
    ['confirm', 'enter'],
    ['fieldOn', 'tab', 'down'],
    ['fieldBack', 'shift-tab', 'up'],
    ['pageDown', 'pgdn'],
    ['pageUp', 'pgup'],
    ['cancel', 'esc'],
    ['interrupt', 'ctrl-c'],
    ['suspend', 'ctrl-z'],
    ['redraw', 'ctrl-l'],
  ],
  field: [
    ['confirm', 'enter'],
    ['up', 'up'],
    ['down', 'down'],
    ['cancel', 'esc'],
    ['interrupt', 'ctrl-c'],
    ['suspend', 'ctrl-z'],
    ['redraw', 'ctrl-l'],
  ],
  palette: [
    ['confirm', 'enter'],
    ['up', 'up', 'ctrl-p'],
    ['down', 'down', 'ctrl-n'],
    ['cancel', 'esc'],
    ['interrupt', 'ctrl-c'],
    ['suspend', 'ctrl-z'],
    ['redraw', 'ctrl-l'],
  ],
  columns: [
    ['toggle', 'space', 'enter'],
    ['up', 'k', 'up'],
    ['down', 'j', 'down'],
    ['earlier', 'K', '[', 'left'],
    ['later', 'J', ']', 'right'],
    ['usual', 'u'],
    ['cancel', 'esc', 'q', 'W'],
    ['interrupt', 'ctrl-c'],
    ['redraw', 'ctrl-l'],
  ],
  // The same key again, also where it was given another: a hand that hits it twice meant it, and it can be taken back.
  panicAsked: [
    ['confirm', 'P'],
    ['cancel', 'esc', 'q', 'n'],
    ['interrupt', 'ctrl-c'],
  ],
  quitAsked: [
    ['confirm', 'Q', 'ctrl-c'],
    ['cancel', 'esc', 'n'],
  ],
};
