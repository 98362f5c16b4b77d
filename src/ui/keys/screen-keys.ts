import type { ActionId } from './action-id.ts';
import type { Binding, ScreenMode } from './keymap.ts';
import { MOVE } from './move-keys.ts';

const ANYWHERE: readonly Binding[] = [
  ['help', '?', 'f1'],
  ['palette', ':', 'f2'],
  ['alarms', '!'],
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
  ['ascii', 'V'],
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
  ['wide', 'ctrl-w'],
  ['columns', 'W'],
  ['sort', 's'],
  ['sortBack', 'Z'],
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
  ['pager', 'm'],
];

const without = (bindings: readonly Binding[], ...actions: readonly ActionId[]): readonly Binding[] =>
  bindings.filter(([action]) => !actions.includes(action));

const WAVE: readonly Binding[] = [
  ['wavePause', 'u'],
  ['waveResume', 'U'],
  ['waveCancel', 'X'],
];

/** The keys of each screen. A key means one thing: what is bound on two screens is the same wish on both. */
export const SCREEN_KEYS: { readonly [M in ScreenMode]: readonly Binding[] } = {
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
    ['adopt', 'A'],
    ['ignore', 'i'],
    ['discovery', 'O'],
    ['filter', '/', 'f3'],
    ...MOVE,
    ...ANYWHERE,
  ],
  bringUp: [...RACKS, ...WAVE, ['open', 'enter'], ...PROBLEMS, ...MOVE, ...ANYWHERE],
  jobs: [['open', 'enter'], ...MARKS, ...NODE_ACTIONS, ...WAVE, ['pane', 'tab'], ...PROBLEMS, ...MOVE, ...ANYWHERE],
  services: [...LOG, ['matchOn', 'n'], ['matchBack', 'N'], ['restart', 'K'], ['pane', 'tab'], ...MOVE, ...ANYWHERE],
  history: [['search', '/', 'f3'], ['matchOn', 'n'], ['matchBack', 'N'], ['open', 'enter'], ...MOVE, ...ANYWHERE],
  plan: [
    ['planOn', 'tab', 'l', 'right'],
    ['planBack', 'shift-tab', 'h', 'left'],
    ...without(NODE_ACTIONS, 'planPage'),
    ...PROBLEMS,
    ...MOVE,
    ...ANYWHERE,
  ],
};
