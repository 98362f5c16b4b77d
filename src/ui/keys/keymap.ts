import type { ActionId } from './action-id.ts';

/** What the keys mean, per mode. The only place where a key is named; help, hints and palette read it. */
export type ScreenMode =
  | 'rack'
  | 'list'
  | 'node'
  | 'log'
  | 'discovery'
  | 'bringUp'
  | 'jobs'
  | 'services'
  | 'history'
  | 'plan';
export type OverlayMode = 'help' | 'menu' | 'typed' | 'field' | 'palette' | 'columns' | 'panicAsked' | 'quitAsked';
export type Mode = ScreenMode | OverlayMode;

/** First key first in hints. */
export type Binding = readonly [action: ActionId, ...keys: readonly string[]];
export type Keymap = { readonly [M in Mode]: readonly Binding[] };

const MOVE: readonly Binding[] = [
  ['up', 'k', 'up'],
  ['down', 'j', 'down'],
  ['pageUp', 'ctrl-u', 'pgup'],
  ['pageDown', 'ctrl-d', 'pgdn'],
  ['first', 'g', 'home'],
  ['last', 'G', 'end'],
];

const ANYWHERE: readonly Binding[] = [
  ['help', '?', 'f1'],
  ['palette', ':', 'f2'],
  ['back', 'esc'],
  ['showRacks', '1'],
  ['showList', '2'],
  ['showDiscovery', '3', 'd'],
  ['showServices', '4'],
  ['showHistory', '5'],
  ['showJobs', '6'],
  ['showBringUp', '7'],
  ['panic', 'P'],
  ['breakGlass', 'B'],
  ['ascii', 'A'],
  ['colour', 'C'],
  ['mouse', 'M'],
  ['redraw', 'ctrl-l'],
  ['copy', 'y'],
  ['export', 'E'],
  ['quit', 'q', 'f10'],
  ['interrupt', 'ctrl-c'],
  ['suspend', 'ctrl-z'],
];

const PROBLEMS: readonly Binding[] = [
  ['problemOn', 'n'],
  ['problemBack', 'N'],
];

const NODE_ACTIONS: readonly Binding[] = [
  ['menu', 'a', 'f9'],
  ['retry', 'r'],
  ['install', 'I'],
  ['reinstall', 'R'],
  ['power', 'p'],
  ['locate', 'b'],
  ['hold', 'H'],
  ['protect', 'T'],
  ['cancelJob', 'c'],
  ['serial', 'o'],
  ['edit', 'e'],
  ['planPage', 'D'],
  ['drift', 'F'],
];

const MARKS: readonly Binding[] = [
  ['mark', 'space'],
  ['markRange', 'v'],
  ['markAll', '*'],
  ['clearMarks', '\\'],
];

const NODE_LISTS: readonly Binding[] = [
  ['open', 'enter'],
  ['filter', '/', 'f3'],
  ...MARKS,
  ...NODE_ACTIONS,
  ...PROBLEMS,
  ['zoom', 'z'],
  ['wide', 'w'],
  ['columns', 'W'],
  ['sort', 's'],
  ['sortBack', 'S'],
];

const COLUMNS: readonly Binding[] = [
  ['left', 'h', 'left'],
  ['right', 'l', 'right'],
];

const RACKS: readonly Binding[] = [
  ['rackBack', '['],
  ['rackOn', ']'],
];

const LOG: readonly Binding[] = [
  ['follow', 'f'],
  ['wrap', 'w'],
  ['level', 'L'],
  ['search', '/', 'f3'],
  ['saveLog', 'S'],
  ['pager', 'l'],
];

const without = (bindings: readonly Binding[], ...actions: readonly ActionId[]): readonly Binding[] =>
  bindings.filter(([action]) => !actions.includes(action));

export const DEFAULT_KEYMAP: Keymap = {
  rack: [...RACKS, ...NODE_LISTS, ...MOVE, ...COLUMNS, ...ANYWHERE],
  list: [...NODE_LISTS, ...MOVE, ...COLUMNS, ...ANYWHERE],
  node: [...LOG, ...PROBLEMS, ...NODE_ACTIONS, ...RACKS, ...MOVE, ['pane', 'tab'], ['zoom', 'z'], ...ANYWHERE],
  // The same screen with the log in focus: n and N go through the matches, as in a pager.
  log: [
    ...LOG,
    ['matchOn', 'n'],
    ['matchBack', 'N'],
    ...NODE_ACTIONS,
    ...MOVE,
    ['pane', 'tab'],
    ['zoom', 'z'],
    ...ANYWHERE,
  ],
  discovery: [
    ...MARKS,
    ['adopt', 'A', 'enter'],
    ['ignore', 'i'],
    ['discovery', 'O'],
    ['filter', '/', 'f3'],
    ...MOVE,
    ...without(ANYWHERE, 'ascii'),
  ],
  bringUp: [
    ...RACKS,
    ['proceed', 'c'],
    ['wavePause', 'p'],
    ['waveResume', 'U'],
    ['waveCancel', 'X'],
    ['open', 'enter'],
    ...PROBLEMS,
    ...MOVE,
    ...ANYWHERE,
  ],
  jobs: [
    ['open', 'enter'],
    ...MARKS,
    // p is the wave's here; the power menu is in the menu of actions.
    ...without(NODE_ACTIONS, 'power'),
    ['wavePause', 'p'],
    ['waveResume', 'U'],
    ['waveCancel', 'X'],
    ['pane', 'tab'],
    ...PROBLEMS,
    ...MOVE,
    ...ANYWHERE,
  ],
  services: [...LOG, ['matchOn', 'n'], ['matchBack', 'N'], ['restart', 'R'], ['pane', 'tab'], ...MOVE, ...ANYWHERE],
  history: [['search', '/', 'f3'], ['matchOn', 'n'], ['matchBack', 'N'], ['open', 'enter'], ...MOVE, ...ANYWHERE],
  plan: [
    ['planOn', 'tab', 'l', 'right'],
    ['planBack', 'shift-tab', 'h', 'left'],
    ...without(NODE_ACTIONS, 'planPage'),
    ...PROBLEMS,
    ...MOVE,
    ...ANYWHERE,
  ],
  help: [['search', '/'], ...MOVE, ['cancel', 'esc', '?', 'q'], ['interrupt', 'ctrl-c'], ['redraw', 'ctrl-l']],
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

export function findAction(keymap: Keymap, mode: Mode, keyName: string): ActionId | undefined {
  return keymap[mode].find(([, ...keys]) => keys.includes(keyName))?.[0];
}

export function keysOf(keymap: Keymap, mode: Mode, action: ActionId): readonly string[] {
  return keymap[mode].find(([one]) => one === action)?.slice(1) ?? [];
}

/** For a sentence that names a key: the first one of the action, or its name in the palette where it has none. */
export const keyIn = (keymap: Keymap, mode: Mode, action: ActionId): string =>
  keysOf(keymap, mode, action)[0] ?? `:${action}`;

/** Keys that one mode binds twice: always a mistake, and with a user's own keys a refused setting. */
export function findClashes(keymap: Keymap, mode: Mode): readonly string[] {
  const keys = keymap[mode].flatMap(([, ...names]) => names);
  return [...new Set(keys.filter((name, at) => keys.indexOf(name) !== at))];
}
