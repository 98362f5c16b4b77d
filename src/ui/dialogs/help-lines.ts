import { ACTIONS, type ActionGroup, type ActionId, actionInfo } from '../keys/action-id.ts';
import { type Binding, type Keymap, keysOf, type ScreenMode } from '../keys/keymap.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { fitText, showText, widthOf, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { fitSpans, type Span } from '../widgets/spans.ts';
import { wordLines } from './word-lines.ts';

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
const RIGHT: readonly ActionGroup[] = ['site', 'act', 'view', 'quit'];
/** Screens with machines in them: their short words are explained. */
const WITH_WORDS: ReadonlySet<ScreenMode> = new Set(['rack', 'list', 'node', 'log', 'jobs', 'bringUp']);
const FILTER_HELP: readonly string[] = ['fail  rack:r07  phase:inst', 'ip:10.20.7. !ready  age>5m'];
/** Two directions of one thing share a line. */
const PAIRS: { readonly [A in ActionId]?: readonly [other: ActionId, help: string] } = {
  up: ['down', 'up, down'],
  left: ['right', 'column'],
  pageUp: ['pageDown', 'half a page'],
  first: ['last', 'first, last'],
  rackBack: ['rackOn', 'previous, next rack'],
  problemOn: ['problemBack', 'next, previous problem'],
  matchOn: ['matchBack', 'next, previous match, or problem'],
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
  const keymap = keymapHere(scene.model, dialog.of);
  if (wanted !== '') return searchLines(scene, keymap, dialog.of, wanted, box.width);
  const closing: readonly FrameLine[] = [
    ...playerLines(scene),
    ...wrapText('Esc never quits. No single key destroys anything.', box.width).map(
      (line): FrameLine => [[line, 'bold']],
    ),
    ...(WITH_WORDS.has(dialog.of) ? wordLines(box.width) : []),
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

/** What orders something is left out where nothing can be ordered. */
function keymapHere({ keymap, session }: ScreenModel, of: ScreenMode): Keymap {
  if (session.player === undefined) return keymap;
  const told = ([action]: Binding): boolean => actionInfo(action).tier === 'read' && action !== 'power';
  return { ...keymap, [of]: keymap[of].filter(told) };
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
        : entries(
            scene,
            keymap,
            mode,
            actions.filter((one) => !isSecond(actions, one)),
            width,
          );
    return [[[GROUP_TITLES[group], 'bold']], ...lines, ...extra];
  });
}

/** Told together with its other half, when that one is bound too. */
const isSecond = (actions: readonly ActionId[], action: ActionId): boolean =>
  SECOND.has(action) && actions.some((one) => PAIRS[one]?.[0] === action);

/** Keys as wide as the widest of the group needs, and the words wrapped beside them: nothing is cut. */
function entries(
  scene: Scene,
  keymap: Keymap,
  mode: ScreenMode,
  actions: readonly ActionId[],
  width: number,
): readonly FrameLine[] {
  const cells = actions.map((action) => cellOf(scene, keymap, mode, action));
  const most = Math.max(0, ...cells.map(({ keys }) => widthOf(keys)));
  const own = Math.min(most, KEY_COLUMNS, Math.floor(width / 2));
  return cells.flatMap(({ keys, text, grave }) =>
    wrapText(text, width - own - 2).map((part, row): FrameLine => {
      const tone: Span = grave ? [part, 'bad'] : part;
      return [` ${fitText(row === 0 ? keys : '', own)} `, tone];
    }),
  );
}

const KEY_COLUMNS = 14;

function cellOf(scene: Scene, keymap: Keymap, mode: ScreenMode, action: ActionId) {
  const pair = PAIRS[action];
  const keys = keysOf(keymap, mode, action);
  const others = pair === undefined ? [] : keysOf(keymap, mode, pair[0]);
  const shown = others.length === 0 ? keys : keys.flatMap((key, at) => [key, others[at] ?? '']);
  const { help, tier } = actionInfo(action);
  return {
    keys: keyNames(scene, shown),
    text: others.length > 0 && pair !== undefined ? pair[1] : help,
    grave: tier === 'destructive' || tier === 'locked',
  };
}

/** In the font of a console as well. */
const ARROWS = { left: '←', right: '→' };
const ASCII_ARROWS = { left: '<-', right: '->' };

function keyNames({ theme }: Scene, keys: readonly string[]): string {
  const { up, down } = theme.glyphs;
  const names: Readonly<Record<string, string>> = { up, down, ...(theme.set === 'ascii' ? ASCII_ARROWS : ARROWS) };
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
    .flatMap(([action, ...keys]) =>
      wrapText(ACTIONS[action].help, width - 16).map(
        (part, row): FrameLine => [` ${fitText(row === 0 ? keyNames(scene, keys) : '', 14)} `, part],
      ),
    );
  return lines.length > 0 ? lines : [[['nothing here has that word; : searches all actions', 'dim']]];
}
