import { type ActionGroup, ACTIONS, type ActionId, actionInfo } from '../keys/action-id.ts';
import type { Keymap, ScreenMode } from '../keys/keymap.ts';
import { fit, showText } from '../terminal/fit.ts';
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
const FILTER_HELP: readonly string[] = ['fail  rack:r07  phase:inst', 'ip:10.20.7. !ready  age>5m', 'role: mac: image: code: job:'];

/** The page of help for a screen, made from its keymap: what is not bound is not told, and nothing bound is left out. */
export function helpLines(scene: Scene, dialog: { readonly of: ScreenMode; readonly search: { readonly text: string } }, box: Box): readonly FrameLine[] {
  const wanted = dialog.search.text.trim().toLowerCase();
  const { keymap } = scene.model;
  if (wanted !== '') return searchLines(scene, keymap, dialog.of, wanted, box.width);
  const closing: readonly FrameLine[] = [[['Esc never quits. No single key destroys anything.', 'bold']]];
  if (box.width < 76) return [...groupLines(scene, keymap, dialog.of, [...LEFT, ...RIGHT], box.width), ...closing];
  const half = Math.min(42, Math.floor(box.width * 0.45));
  const left = groupLines(scene, keymap, dialog.of, LEFT, half);
  const right = groupLines(scene, keymap, dialog.of, RIGHT, box.width - half - 1);
  const count = Math.max(left.length, right.length);
  const rows = Array.from({ length: count }, (_, at): FrameLine => [...fitSpans(left[at] ?? [], half), ' ', ...fitSpans(right[at] ?? [], box.width - half - 1)]);
  return [...rows, ...closing];
}

function groupLines(scene: Scene, keymap: Keymap, mode: ScreenMode, groups: readonly ActionGroup[], width: number): readonly FrameLine[] {
  return groups.flatMap((group): readonly FrameLine[] => {
    const bound = keymap[mode].filter(([action]) => actionInfo(action).group === group && hasKey(keymap, mode, action));
    if (bound.length === 0) return [];
    const lines = bound.map(([action, ...keys]) => entry(scene, action, keys, width));
    const extra = group === 'find' ? FILTER_HELP.map((line): FrameLine => [[`    ${line}`, 'dim']]) : [];
    return [[[GROUP_TITLES[group], 'bold']], ...lines, ...(mode === 'rack' || mode === 'list' ? extra : [])];
  });
}

const hasKey = (keymap: Keymap, mode: ScreenMode, action: ActionId): boolean => keymap[mode].some(([one, first]) => one === action && first !== undefined);

function entry({ theme }: Scene, action: ActionId, keys: readonly string[], width: number): FrameLine {
  const { up, down } = theme.glyphs;
  const shown = keys.map((key) => ({ up, down, left: '<-', right: '->' })[key] ?? key).join(' ');
  const { help, tier } = actionInfo(action);
  const text: Span = tier === 'destructive' || tier === 'locked' ? [help, 'bad'] : help;
  return [` ${fit(showText(shown, theme.set), Math.min(14, Math.floor(width / 3)))} `, text];
}

function searchLines(scene: Scene, keymap: Keymap, mode: ScreenMode, wanted: string, width: number): readonly FrameLine[] {
  const lines = keymap[mode]
    .filter(([action, ...keys]) => `${action} ${ACTIONS[action].help} ${keys.join(' ')}`.toLowerCase().includes(wanted))
    .map(([action, ...keys]) => entry(scene, action, keys, width));
  return lines.length > 0 ? lines : [[['nothing here has that word; : searches all actions', 'dim']]];
}
