import { type Keymap, keyIn, type ScreenMode } from '../keys/keymap.ts';
import type { OpenDialog } from '../state/dialog-key.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { ANY_TERMINAL } from '../terminal/terminal-profile.ts';
import type { FrameLine } from '../widgets/frame.ts';
import { type Box, type Scene, sceneOf } from '../widgets/scene.ts';
import { fieldSpans } from '../widgets/text-field.ts';
import { alarmLines } from './alarm-lines.ts';
import type { Content } from './dialog-content.ts';
import { helpLines } from './help-lines.ts';

/** Dialogs that are read: longer than a screen, and scrolled. */
export type PageDialog = Extract<OpenDialog, { kind: 'help' | 'alarms' }>;

export function pageContent(scene: Scene, dialog: PageDialog, box: Box): Content {
  const { lines, room, width } = pageOf(scene, dialog, box);
  const scroll = Math.min(dialog.scroll, Math.max(0, lines.length - room));
  const shown = lines.slice(scroll, scroll + room);
  const search: readonly FrameLine[] = isSearched(dialog)
    ? [['/ ', ...fieldSpans(scene.theme, dialog.search, width - 8, dialog.typing)]]
    : [];
  const part = lines.length > room ? ` ${scroll + 1}-${scroll + shown.length} of ${lines.length}` : '';
  return {
    title: `${titleOf(dialog)}${part}  ${keysOf(scene.model.keymap, dialog, box.width)}`,
    lines: [...search, ...shown],
    width,
    height: shown.length + search.length + 2,
  };
}

/** The line on top when the last one is in view: farther down there is nothing to scroll to. */
export function lastScroll(model: ScreenModel, dialog: PageDialog): number {
  const { columns, rows } = model.ui.size;
  const { lines, room } = pageOf(sceneOf(model, ANY_TERMINAL), dialog, { width: columns, height: rows });
  return Math.max(0, lines.length - room);
}

function pageOf(scene: Scene, dialog: PageDialog, box: Box) {
  const width = Math.min(box.width, 100);
  const room = Math.max(4, box.height) - 2 - (isSearched(dialog) ? 1 : 0);
  const inner = { width: width - 4, height: room };
  const lines = dialog.kind === 'help' ? helpLines(scene, dialog, inner) : alarmLines(scene, inner.width);
  return { lines, room, width };
}

const isSearched = (dialog: PageDialog): dialog is Extract<PageDialog, { kind: 'help' }> =>
  dialog.kind === 'help' && (dialog.typing || dialog.search.text !== '');

/** As the operator knows them: a mode's own name is the program's. */
const MODE_TITLES: { readonly [M in ScreenMode]: string } = {
  rack: 'rack',
  list: 'list',
  node: 'node',
  log: 'log of the node',
  discovery: 'discovery',
  bringUp: 'bring-up',
  jobs: 'jobs and waves',
  services: 'services',
  history: 'history',
  plan: 'plan',
};

const titleOf = (dialog: PageDialog): string => (dialog.kind === 'help' ? `HELP: ${MODE_TITLES[dialog.of]}` : 'ALARMS');

function keysOf(keymap: Keymap, { kind }: PageDialog, width: number): string {
  if (width < 60) return 'esc close';
  return kind === 'help' ? '/ search, esc close' : `${keyIn(keymap, 'alarms', 'copy')} copy, esc close`;
}
