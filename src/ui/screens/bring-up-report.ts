import { nodeOf } from '../../core/fleet.ts';
import { failureOf } from '../../core/wave.ts';
import { keyIn } from '../keys/keymap.ts';
import type { BringUpView } from '../select/bring-up-view.ts';
import { exportCommand } from '../select/export-command.ts';
import { lookOf, reasonOf } from '../select/node-look.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
import type { Tone } from '../terminal/theme.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';

/** What does not fit into `most` lines ends with a sign that there is more. */
export function paragraph({ theme }: Scene, text: string, width: number, most = 20): string[] {
  const lines = wrapText(showText(text, theme.set, 600), width - 2);
  const kept = lines.slice(0, Math.max(1, most));
  const last = kept.length < lines.length ? kept.length - 1 : -1;
  return kept.map((line, at) =>
    renderSpans(theme, [` ${at === last ? `${line.slice(0, width - 6)} ...` : line}`], width),
  );
}

/** The command that makes the report, and every machine that did not come up. */
export function reportLines(scene: Scene, view: BringUpView, { width, height }: Box): string[] {
  const { model } = scene;
  const copies = keyIn(model.keymap, 'bringUp', 'copy');
  const writes = keyIn(model.keymap, 'bringUp', 'export');
  // On a line of its own, so that it can be taken with the terminal's own selection.
  const command = [
    ...paragraph(
      scene,
      `${writes} writes the report. So does this command, in any shell (${copies} copies it):`,
      width,
    ),
    ...paragraph(scene, exportCommand(model, view) ?? '', width),
  ];
  const rows = troubledRows(scene, view);
  const told = new Set(view.troubled);
  const out = view.leftOut.filter((one) => !told.has(one.node)).map(outRow);
  return [...command, ...rowLines(scene, [...rows, ...out], { width, height: height - command.length })];
}

/** Those that did not come up, while the wave is not over. */
export const troubledLines = (scene: Scene, view: BringUpView, box: Box): string[] =>
  rowLines(scene, troubledRows(scene, view), box);

const troubledRows = ({ model }: Scene, { troubled, wave }: BringUpView): readonly Row[] =>
  troubled.map((name): Row => {
    const { outcome = '', code = '' } = wave?.ended[name] ?? {};
    const node = nodeOf(model.fleet, name);
    // Retried: for its wave it has failed until it is up, and what it does meanwhile is seen here.
    if (node?.job !== undefined && node.job.wave === wave?.id && failureOf(node.health) === undefined) {
      const { word, tone } = lookOf(node);
      return { name, word, tone, why: `tried again${reasonOf(node) === '' ? '' : `: ${reasonOf(node)}`}` };
    }
    const why = (node === undefined ? '' : reasonOf(node)) || code;
    return { name, word: outcome, tone: outcome === 'cancelled' ? 'warn' : 'bad', why };
  });

export const leftOutLines = (scene: Scene, leftOut: BringUpView['leftOut'], box: Box): string[] =>
  rowLines(scene, leftOut.map(outRow), box);

interface Row {
  readonly name: string;
  readonly word: string;
  readonly tone: Tone;
  readonly why: string;
}

const outRow = ({ node, why }: BringUpView['leftOut'][number]): Row => ({
  name: node,
  word: 'stays out',
  tone: 'warn',
  why,
});

/** As many as there is room for, and how many more there are. */
function rowLines({ theme }: Scene, rows: readonly Row[], { width, height }: Box): string[] {
  const most = Math.max(1, height);
  const shown = rows.length > most ? rows.slice(0, most - 1) : rows;
  const nameWidth = Math.min(16, Math.max(8, ...shown.map(({ name }) => name.length)));
  const lines = shown.map(({ name, word, tone, why }) =>
    renderSpans(
      theme,
      [
        ` ${fitText(showText(name, theme.set), nameWidth)}  `,
        [fitText(word, 9), tone],
        `  ${showText(why, theme.set)}`,
      ],
      width,
    ),
  );
  const more = rows.length - shown.length;
  return more === 0 ? lines : [...lines, renderSpans(theme, [[` and ${more} more`, 'dim']], width)];
}
