import { unreachable } from '../../core/result.ts';
import { keyIn } from '../keys/keymap.ts';
import type { Dialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import { type FrameLine, renderFrame } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import type { Content } from './dialog-content.ts';
import { columnsContent, menuContent, paletteContent } from './menu-contents.ts';
import { pageContent } from './text-pages.ts';
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

type Open = Exclude<Dialog, null | { readonly kind: 'field' }>;

function content(scene: Scene, dialog: Open, box: Box): Content {
  const narrow = Math.min(box.width, 62);
  switch (dialog.kind) {
    case 'help':
    case 'alarms':
      return pageContent(scene, dialog, box);
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
  'Every answer becomes local boot, for every machine, until somebody takes it back. Jobs stay armed but nothing is sent for them. A running wave is paused until it is resumed.',
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
  if (fleet.saving.is === 'failing' && (!fleet.simulated || session.keptIn !== undefined))
    return 'NOT SAVING: what machines did since is lost if it cannot be saved at the end. What you forbade is noted; the next start knows it and arms nothing by itself.';
  if (!fleet.simulated) return 'State is kept; the next start goes on where this ends and arms nothing by itself.';
  if (session.keptIn === undefined)
    return 'This is a demo: its machines and its journal go with it. `crashcart demo --keep DIR` keeps the journal.';
  return `This is a demo: its machines go with it. \`crashcart replay ${showText(session.keptIn, theme.set, 200)}\` shows it again.`;
}
