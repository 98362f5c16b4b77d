import { actionInfo } from '../keys/action-id.ts';
import { listCells } from '../screens/list-cells.ts';
import { columnChoices, shownColumns } from '../select/list-columns.ts';
import type { OpenDialog } from '../state/dialog-key.ts';
import type { MenuItem } from '../state/menu-item.ts';
import { menuItems, paletteItems } from '../state/menus.ts';
import { screenMode } from '../state/press-key.ts';
import { showText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { cutLines, type MenuLine, menuLines } from '../widgets/select-menu.ts';
import { fieldSpans } from '../widgets/text-field.ts';
import type { Content } from './dialog-content.ts';

/** Dialogs in which one of several lines is chosen. */

const toLine = (item: MenuItem): MenuLine => ({
  key: item.key,
  text: item.text,
  against: item.against,
  grave: ['destructive', 'locked'].includes(actionInfo(item.action).tier),
});

const MENU_TITLES = { actions: 'ACTIONS', power: 'POWER', drift: 'DIFFERENCES OF' } as const;

export function menuContent(scene: Scene, dialog: Extract<OpenDialog, { kind: 'menu' }>, box: Box): Content {
  const items = menuItems(scene.model, dialog.of, dialog.nodes).map(toLine);
  const width = Math.min(box.width, 78);
  const cut = cutLines(scene.theme, items, dialog.index, width - 4);
  const rows = Math.min(items.length, box.height - 2 - Math.max(1, cut.length));
  const count = items.length > rows ? `   ${rows} of ${items.length}` : '';
  const foot: readonly FrameLine[] = cut.length > 0 ? cut : [[[`enter  do   esc  close${count}`, 'dim']]];
  const whom =
    dialog.nodes.length === 1 ? showText(dialog.nodes[0] ?? '', scene.theme.set) : `${dialog.nodes.length} nodes`;
  const lines = [...menuLines(scene.theme, items, dialog.index, width - 4, rows), ...foot];
  const title = dialog.of === 'export' ? 'EXPORT' : `${MENU_TITLES[dialog.of]} ${whom}`;
  return { title, lines, width, height: lines.length + 2 };
}

export function columnsContent(scene: Scene, dialog: Extract<OpenDialog, { kind: 'columns' }>, box: Box): Content {
  const { columns } = scene.model.ui.look;
  const shown = shownColumns({ columns, wide: false });
  const cells = listCells(scene);
  const width = Math.min(box.width, 48);
  const items = columnChoices(columns).map(
    (id): MenuLine => ({
      key: shown.includes(id) ? `[x] ${String(shown.indexOf(id) + 1).padStart(2)}` : '[ ]',
      text: `${id}${cells[id].title === id ? '' : ` (${cells[id].title})`}`,
      against: undefined,
      grave: false,
    }),
  );
  const foot = ['space on/off [ ] move u usual esc close'];
  const rows = Math.max(1, Math.min(items.length, box.height - 3));
  const lines = [
    ...menuLines(scene.theme, items, dialog.index, width - 4, rows),
    ...foot.map((line): FrameLine => [[line, 'dim']]),
  ];
  return {
    title: `COLUMNS ${shown.length} of ${items.length}`,
    lines,
    width,
    height: lines.length + 2,
  };
}

export function paletteContent(scene: Scene, dialog: Extract<OpenDialog, { kind: 'palette' }>, box: Box): Content {
  const width = Math.min(box.width, 72);
  const items = paletteItems(scene.model, screenMode(scene.model.ui), dialog.edit.text).map(toLine);
  const rows = Math.max(1, Math.min(14, box.height - 4));
  const field: FrameLine = [[': ', 'bold'], ...fieldSpans(scene.theme, dialog.edit, width - 8, true)];
  const index = Math.min(dialog.index, items.length - 1);
  const cut = cutLines(scene.theme, items, index, width - 4);
  const found: readonly FrameLine[] =
    items.length === 0
      ? [[['no action has these words', 'dim']]]
      : menuLines(scene.theme, items, index, width - 4, rows - cut.length);
  const blank = Array.from({ length: Math.max(0, rows - found.length - cut.length) }, (): FrameLine => []);
  return {
    title: `COMMAND ${items.length}`,
    lines: [field, ...found, ...blank, ...cut],
    width,
    height: rows + 3,
  };
}
