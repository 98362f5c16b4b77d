import { unreachable } from '../../core/result.ts';
import { actionInfo } from '../keys/action-id.ts';
import { keyIn, type ScreenMode } from '../keys/keymap.ts';
import { listCells } from '../screens/list-cells.ts';
import { columnChoices, shownColumns } from '../select/list-columns.ts';
import type { MenuItem } from '../state/menu-item.ts';
import { menuItems, paletteItems } from '../state/menus.ts';
import { screenMode } from '../state/press-key.ts';
import type { Dialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import { type FrameLine, renderFrame } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { type MenuLine, menuLines } from '../widgets/select-menu.ts';
import { fieldSpans } from '../widgets/text-field.ts';
import { helpLines } from './help-lines.ts';
import { typedLines, typedTitle } from './typed-lines.ts';

/** A dialog as lines and the place where they go, over the screen below. */
export interface PlacedDialog {
  readonly left: number;
  readonly top: number;
  readonly lines: readonly string[];
}

export function renderDialog(scene: Scene, box: Box): PlacedDialog | undefined {
  const { dialog } = scene.model.ui;
  // The filter and search field lives in the bottom line: the list stays in view while one types.
  if (dialog === null || dialog.kind === 'field') return undefined;
  const { title, lines, width, height } = content(scene, dialog, box);
  const drawn = renderFrame(scene.theme, title, lines, width, height);
  return {
    left: Math.max(0, Math.floor((box.width - width) / 2)),
    top: Math.max(0, Math.floor((box.height - drawn.length) / 2)),
    lines: drawn,
  };
}

interface Content {
  readonly title: string;
  readonly lines: readonly FrameLine[];
  readonly width: number;
  readonly height: number;
}

type Open = Exclude<Dialog, null | { readonly kind: 'field' }>;

function content(scene: Scene, dialog: Open, box: Box): Content {
  const narrow = Math.min(box.width, 62);
  switch (dialog.kind) {
    case 'help':
      return helpContent(scene, dialog, box);
    case 'palette':
      return paletteContent(scene, dialog, box);
    case 'menu':
      return menuContent(scene, dialog, box);
    case 'typed': {
      const width = Math.min(box.width, box.width >= 120 ? 96 : 72);
      const most = Math.max(6, box.height - (box.height >= 20 ? 4 : 0));
      const lines = typedLines(scene, dialog, { width: width - 4, height: most - 2 });
      return { title: typedTitle(scene, dialog), lines, width, height: Math.min(most, lines.length + 2) };
    }
    case 'columns':
      return columnsContent(scene, dialog, box);
    case 'panicAsked':
      return plain(narrow, 'PANIC', PANIC_TEXT, [
        `${keyIn(scene.model.keymap, 'panicAsked', 'confirm')}  yes   esc  no`,
      ]);
    case 'quitAsked':
      return plain(narrow, 'QUIT', quitText(scene), ['Q or ctrl-c  quit   esc  stay']);
    default:
      return unreachable(dialog);
  }
}

function plain(width: number, title: string, texts: readonly string[], foot: readonly string[]): Content {
  const lines: FrameLine[] = texts.flatMap((text) => wrapText(text, width - 4)).map((line): FrameLine => [line]);
  const all: readonly FrameLine[] = [...lines, [], ...foot.map((line): FrameLine => [[line, 'bold']])];
  return { title, lines: all, width, height: all.length + 2 };
}

const PANIC_TEXT: readonly string[] = [
  'Every answer becomes local boot, for every machine, until somebody takes it back. Jobs stay armed but nothing is sent for them.',
  'Installations that are writing already are not stopped by this.',
];

function quitText(scene: Scene): readonly string[] {
  const { model } = scene;
  const { jobs } = model.view.armed;
  if (!model.session.holdsStack)
    return [
      `The work goes on in the service; \`${model.session.attach ?? 'crashcart attach'}\` comes back to this screen.`,
    ];
  const busy =
    jobs > 0
      ? `${jobs} ${jobs === 1 ? 'job is' : 'jobs are'} open: machines that boot now will find no server.`
      : 'No job is open.';
  return ['This process holds the stack: DHCP, TFTP and HTTP end with it.', busy, afterwards(scene)];
}

function afterwards({ model: { fleet, session }, theme }: Scene): string {
  if (!fleet.simulated) return 'State is kept; the next start goes on where this ends and arms nothing by itself.';
  if (session.keptIn === undefined)
    return 'This is a demo: its machines and its journal go with it. `crashcart demo --keep DIR` keeps the journal.';
  return `This is a demo: its machines go with it. \`crashcart replay ${showText(session.keptIn, theme.set, 200)}\` shows it again.`;
}

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

function helpContent(scene: Scene, dialog: Extract<Open, { kind: 'help' }>, box: Box): Content {
  const width = Math.min(box.width, 100);
  const height = Math.max(4, box.height);
  const lines = helpLines(scene, dialog, { width: width - 4, height: height - 2 });
  const room = height - 2 - (dialog.typing || dialog.search.text !== '' ? 1 : 0);
  const scroll = Math.min(dialog.scroll, Math.max(0, lines.length - room));
  const shown = lines.slice(scroll, scroll + room);
  const search: readonly FrameLine[] =
    dialog.typing || dialog.search.text !== ''
      ? [['/ ', ...fieldSpans(scene.theme, dialog.search, width - 8, dialog.typing)]]
      : [];
  const more = lines.length > room ? ` ${scroll + 1}-${Math.min(lines.length, scroll + room)} of ${lines.length}` : '';
  return {
    title: `HELP: ${MODE_TITLES[dialog.of]}${more}  ${box.width < 60 ? '' : '/ search, '}esc close`,
    lines: [...search, ...shown],
    width,
    height: Math.min(height, shown.length + search.length + 2),
  };
}

const toLine = (item: MenuItem): MenuLine => ({
  key: item.key,
  text: item.text,
  against: item.against,
  grave: ['destructive', 'locked'].includes(actionInfo(item.action).tier),
});

const MENU_TITLES = { actions: 'ACTIONS', power: 'POWER', drift: 'DIFFERENCES OF' } as const;

function menuContent(scene: Scene, dialog: Extract<Open, { kind: 'menu' }>, box: Box): Content {
  const items = menuItems(scene.model, dialog.of, dialog.nodes).map(toLine);
  const width = Math.min(box.width, 78);
  const rows = Math.min(items.length, box.height - 3);
  const whom =
    dialog.nodes.length === 1 ? showText(dialog.nodes[0] ?? '', scene.theme.set) : `${dialog.nodes.length} nodes`;
  const lines = [
    ...menuLines(scene.theme, items, dialog.index, width - 4, rows),
    [[`enter  do   esc  close${items.length > rows ? `   ${rows} of ${items.length}` : ''}`, 'dim']] as FrameLine,
  ];
  const title = dialog.of === 'export' ? 'EXPORT' : `${MENU_TITLES[dialog.of]} ${whom}`;
  return { title, lines, width, height: lines.length + 2 };
}

function columnsContent(scene: Scene, dialog: Extract<Open, { kind: 'columns' }>, box: Box): Content {
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

function paletteContent(scene: Scene, dialog: Extract<Open, { kind: 'palette' }>, box: Box): Content {
  const width = Math.min(box.width, 72);
  const items = paletteItems(scene.model, screenMode(scene.model.ui), dialog.edit.text).map(toLine);
  const rows = Math.max(1, Math.min(14, box.height - 4));
  const field: FrameLine = [[': ', 'bold'], ...fieldSpans(scene.theme, dialog.edit, width - 8, true)];
  const found =
    items.length === 0
      ? [[['no action has these words', 'dim']] as FrameLine]
      : menuLines(scene.theme, items, Math.min(dialog.index, items.length - 1), width - 4, rows);
  return {
    title: `COMMAND ${items.length}`,
    lines: [field, ...found],
    width,
    height: rows + 3,
  };
}
