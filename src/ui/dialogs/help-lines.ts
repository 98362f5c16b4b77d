import { ACTIONS, type ActionGroup, type ActionId, actionInfo } from '../keys/action-id.ts';
import { type Keymap, keysOf, type ScreenMode } from '../keys/keymap.ts';
import { fitText, showText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { fitSpans, type Span } from '../widgets/spans.ts';

const GROUP_TITLES: { readonly [G in ActionGroup]: string } = {
  move: 'MOVE',
  find: 'FIND',
  marks: 'MARKS',
  act: 'ACT ON THE NODE (or the marked nodes)',
  site: 'THE SITE',
  screens: 'SCREENS',
  log: 'LOG',
  view: 'VIEW',
  quit: 'QUIT',
  dialog: '',
};
const LEFT: readonly ActionGroup[] = ['move', 'find', 'marks', 'log', 'screens'];
const RIGHT: readonly ActionGroup[] = ['act', 'site', 'view', 'quit'];
const FILTER_HELP: readonly string[] = ['fail  rack:r07  phase:inst', 'ip:10.20.7. !ready  age>5m'];
/** Two directions of one thing share a line. */
const PAIRS: { readonly [A in ActionId]?: readonly [other: ActionId, help: string] } = {
  up: ['down', 'up, down'],
  left: ['right', 'column'],
  pageUp: ['pageDown', 'half a page'],
  first: ['last', 'first, last'],
  rackBack: ['rackOn', 'previous, next rack'],
  problemOn: ['problemBack', 'next, previous problem'],
  matchOn: ['matchBack', 'next, previous match'],
  sort: ['sortBack', 'sort, reverse the order'],
  fieldOn: ['fieldBack', 'next, previous field'],
};
const SECOND: ReadonlySet<ActionId> = new Set(Object.values(PAIRS).map(([other]) => other));

interface HelpOf {
  readonly of: ScreenMode;
  readonly search: { readonly text: string };
}

/** The page of help for a screen, made from its keymap: what is not bound is not told, and nothing bound is left out. */
export function helpLines(scene: Scene, dialog: HelpOf, box: Box): readonly FrameLine[] {
  const wanted = dialog.search.text.trim().toLowerCase();
  const { keymap } = scene.model;
  if (wanted !== '') return searchLines(scene, keymap, dialog.of, wanted, box.width);
  const closing: readonly FrameLine[] = [
    ...playerLines(scene),
    [['Esc never quits. No single key destroys anything.', 'bold']],
  ];
  if (box.width < 76) return [...groupLines(scene, keymap, dialog.of, [...LEFT, ...RIGHT], box.width), ...closing];
  const half = Math.floor(box.width * 0.42);
  const left = groupLines(scene, keymap, dialog.of, LEFT, half);
  const right = groupLines(scene, keymap, dialog.of, RIGHT, box.width - half - 1);
  const rows = Array.from(
    { length: Math.max(left.length, right.length) },
    (_, at): FrameLine => [...fitSpans(left[at] ?? [], half), ' ', ...fitSpans(right[at] ?? [], box.width - half - 1)],
  );
  return [...rows, ...closing];
}

/** Keys that somebody else takes before the screen does. */
function playerLines({ model, theme }: Scene): readonly FrameLine[] {
  const keys = model.session.player?.keys ?? [];
  if (keys.length === 0) return [];
  return [
    [['REPLAY', 'bold']],
    ...keys.map(([key, what]): FrameLine => [` ${fitText(showText(key, theme.set), 14)} ${what}`]),
  ];
}

function groupLines(
  scene: Scene,
  keymap: Keymap,
  mode: ScreenMode,
  groups: readonly ActionGroup[],
  width: number,
): readonly FrameLine[] {
  return groups.flatMap((group): readonly FrameLine[] => {
    const actions = keymap[mode].flatMap(([action, first]) =>
      first !== undefined && actionInfo(action).group === group ? [action] : [],
    );
    if (actions.length === 0) return [];
    const isList = mode === 'rack' || mode === 'list';
    const extra = group === 'find' && isList ? FILTER_HELP.map((line): FrameLine => [[`    ${line}`, 'dim']]) : [];
    const lines =
      group === 'screens'
        ? screenLines(keymap, mode, actions, width)
        : actions.filter((one) => !isSecond(actions, one)).map((one) => entry(scene, keymap, mode, one, width));
    return [[[GROUP_TITLES[group], 'bold']], ...lines, ...extra];
  });
}

/** Told together with its other half, when that one is bound too. */
const isSecond = (actions: readonly ActionId[], action: ActionId): boolean =>
  SECOND.has(action) && actions.some((one) => PAIRS[one]?.[0] === action);

function entry(scene: Scene, keymap: Keymap, mode: ScreenMode, action: ActionId, width: number): FrameLine {
  const pair = PAIRS[action];
  const keys = keysOf(keymap, mode, action);
  const others = pair === undefined ? [] : keysOf(keymap, mode, pair[0]);
  const shown = others.length === 0 ? keys : keys.flatMap((key, at) => [key, others[at] ?? '']);
  const { help, tier } = actionInfo(action);
  const text = others.length > 0 && pair !== undefined ? pair[1] : help;
  const tone: Span = tier === 'destructive' || tier === 'locked' ? [text, 'bad'] : text;
  return [` ${fitText(keyNames(scene, shown), Math.min(14, Math.floor(width / 3)))} `, tone];
}

function keyNames({ theme }: Scene, keys: readonly string[]): string {
  const { up, down } = theme.glyphs;
  const names: Readonly<Record<string, string>> = { up, down, left: '<-', right: '->' };
  const text = keys.map((key) => names[key] ?? key).join(' ');
  return showText(text, theme.set).replace('ctrl-u ctrl-d pgup pgdn', 'ctrl-u/d pgup');
}

/** `1 racks  2 list  3 discovery`: as many to a line as fit. */
function screenLines(
  keymap: Keymap,
  mode: ScreenMode,
  actions: readonly ActionId[],
  width: number,
): readonly FrameLine[] {
  const lines: string[] = [];
  for (const action of actions) {
    const piece = `${keysOf(keymap, mode, action)[0]} ${actionInfo(action).help}`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + piece.length <= width) lines[lines.length - 1] = `${last}  ${piece}`;
    else lines.push(` ${piece}`);
  }
  return lines.map((line): FrameLine => [line]);
}

function searchLines(
  scene: Scene,
  keymap: Keymap,
  mode: ScreenMode,
  wanted: string,
  width: number,
): readonly FrameLine[] {
  const lines = keymap[mode]
    .filter(([action, ...keys]) => `${action} ${ACTIONS[action].help} ${keys.join(' ')}`.toLowerCase().includes(wanted))
    .map(
      ([action, ...keys]): FrameLine => [
        ` ${fitText(keyNames(scene, keys), 14)} `,
        fitText(ACTIONS[action].help, width - 16),
      ],
    );
  return lines.length > 0 ? lines : [[['nothing here has that word; : searches all actions', 'dim']]];
}
